/**
 * The requests that wait at a peer are those that the engine waits for: a request that the engine drops is
 * cancelled, or its block arrives. Counted on the wire. Requests may stay with a stalled peer, to see whether
 * it recovers; the room left in the peer's queue is what the peer allows less all of these.        BEP 3 6 10
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { blockBytesMax, type Geometry } from '../../../torrents/geometry.ts';
import type { Checker, Disbelief } from './checker.ts';
import type { Conversation } from './wire/conversation.ts';
import { overheardOf } from './wire/overheard.ts';

export function nothingDangles(): Checker {
  return {
    name: 'nothing-dangles',
    inspect({ engine }) {
      const { sessions, limits } = engine.usage;
      for (const [connection, conversation] of overheardOf(engine)?.conversations ?? []) {
        const geometry = conversation.torrent?.geometry;
        const session = sessions.get(connection);
        if (geometry === undefined || session === undefined || !session.isOpen) continue;
        const disbelief = judge(conversation, session, geometry, limits);
        if (disbelief !== undefined) return `connection ${connection}: ${disbelief}`;
      }
      return undefined;
    },
  };
}

function judge(
  { asked, unclear, extension }: Conversation,
  { pipeline, extensionHandshakes }: PeerSession,
  geometry: Geometry,
  limits: Limits,
): Disbelief {
  // A later extension handshake without `reqq` leaves the first value in force, so a peer that sent two is
  // not judged.
  const isSure = extension.reqq !== undefined || extensionHandshakes <= 1;
  if (!isSure) return undefined;
  const max = askedMax(extension.reqq, limits);
  const left = max - pipeline.asked.length - pipeline.queueRoom;
  if (left < 0)
    return `has room for ${pipeline.queueRoom} requests, and ${pipeline.asked.length} of ${max} wait`;
  let dangling = 0;
  for (const [place, count] of asked) {
    if (unclear.has(place)) continue;
    const [index, begin] = place.split('/') as [string, string];
    const key = Number(index) * geometry.blocksPerPiece + Number(begin) / blockBytesMax;
    dangling += count - (pipeline.asked.includes(key) ? 1 : 0);
  }
  if (asked.size + unclear.size === 0 && pipeline.asked.length === 0 && left > 0)
    return `nothing waits at the peer, and ${left} requests count as left with it`;
  return dangling <= left
    ? undefined
    : `${asked.size} requests wait at the peer; ${pipeline.asked.length} are waited for, and ${left} were left with it`;
}

/** A little below the peer's `reqq`, since requests and blocks cross on the way (request-pipeline.ts). */
function askedMax(reqq: number | undefined, limits: Limits): number {
  if (reqq === undefined) return limits.requestsOutstandingMax;
  return Math.max(1, Math.min(limits.requestsReqqMax, reqq - Math.floor(reqq / 8)));
}
