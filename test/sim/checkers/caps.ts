/**
 * Connections, dials, memory, queues and unread bytes stay within their limits. The limits are those that the
 * host was started with, however small they were drawn.
 */
import { metadataBlockCount } from '../../../client/engine/connection/metadata-exchange.ts';
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { EngineUsage, Inspection } from '../../../client/engine/inspection.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { blockBytesMax } from '../../../torrents/geometry.ts';
import type { SimPeer } from '../world/peer.ts';
import { householdOf } from '../world/place.ts';
import type { World } from '../world/world.ts';
import { type Checker, type Disbelief, inspectionOf, sessionOf } from './checker.ts';

export function capsHold(): Checker {
  return {
    name: 'caps-hold',
    onTurn(turn) {
      const { usage } = turn.peer.engine;
      const inspection = inspectionOf(turn.peer);
      const session = sessionOf(turn);
      const disbelief = judgeUsage(usage, inspection, largestPiece(turn.world));
      if (disbelief !== undefined || session === undefined) return disbelief;
      return judgeSession(session, usage) ?? judgeMetadata(session, usage, turn.world);
    },
    inspect(peer) {
      const { usage } = peer.engine;
      const disbelief = judgeHosts(usage) ?? judgeMemory(peer);
      if (disbelief !== undefined) return disbelief;
      for (const session of usage.sessions.values()) {
        const about = judgeSession(session, usage);
        if (about !== undefined) return about;
      }
      return undefined;
    },
  };
}

function atMost(what: string, count: number, max: number): Disbelief {
  return count <= max ? undefined : `${count} ${what}, and at most ${max} are allowed`;
}

function judgeUsage(
  { limits, budget }: EngineUsage,
  inspection: Inspection | undefined,
  pieceLength: number,
): Disbelief {
  // One piece may always be in memory, however small the limit.
  const pieceBytesMax = Math.max(limits.pieceMemoryBytesMax, pieceLength);
  return (
    atMost('connections', budget.connections, limits.connectionsMax) ??
    atMost('dials under way', budget.dials, limits.dialsMax) ??
    atMost('half-open connections', budget.halfOpen, limits.halfOpenMax) ??
    atMost('dials without an answer', budget.unanswered, limits.halfOpenMax) ??
    atMost('bytes of pieces', budget.pieceBytes, pieceBytesMax) ??
    (inspection && judgeTorrent(inspection, limits))
  );
}

function judgeTorrent({ sessions, choker, peers }: Inspection, limits: Limits): Disbelief {
  return (
    atMost('connections in one torrent', sessions.size, limits.connectionsPerTorrentMax) ??
    atMost('peers served', choker.servedCount, limits.uploadSlotsMax) ??
    atMost('addresses known', peers.knownCount, limits.peersKnownMax)
  );
}

/** The longest piece length of all torrents. */
function largestPiece({ torrent, sides }: World): number {
  let largest = torrent.geometry.pieceLength;
  for (const { geometry } of sides) largest = Math.max(largest, geometry.pieceLength);
  return largest;
}

function judgeSession(session: PeerSession, { limits }: EngineUsage): Disbelief {
  if (session.gone) return undefined;
  const { uploads, pipeline } = session;
  // The longest queue that the peer allows, plus the requests of a piece taken over from another peer, plus
  // endgame requests.
  const askedMax =
    Math.max(limits.requestsReqqMax, limits.requestsOutstandingMax) +
    limits.requestsOutstandingMax +
    limits.endgameRequestsMax;
  return (
    atMost('requests that wait', uploads.waitingCount, limits.uploadQueueMax) ??
    atMost('bytes unread', uploads.unflushedBytes, limits.unreadBytesMax) ??
    atMost(
      'bytes read and not unread',
      uploads.pendingBytes - uploads.unflushedBytes,
      limits.uploadWindowBytes + blockBytesMax,
    ) ??
    atMost('blocks asked for', pipeline.asked.length, askedMax) ??
    atMost('refusals in a row', pipeline.rejects, limits.rejectsMax) ??
    atMost('blocks nobody asked for', pipeline.unaskedCount, limits.unaskedBlocksMax)
  );
}

function judgeMetadata(session: PeerSession, { limits }: EngineUsage, { infoBytes }: World): Disbelief {
  const blockCount = metadataBlockCount(infoBytes.length);
  return session.gone
    ? undefined
    : atMost('blocks of metadata', session.metadataBlocksSent, blockCount * limits.metadataCopiesMax);
}

function judgeHosts({ limits, sessions }: EngineUsage): Disbelief {
  const { connectionsPerHostMax, halfOpenPerHostMax } = limits;
  if (sessions.size <= Math.min(connectionsPerHostMax, halfOpenPerHostMax)) return undefined;
  const open = new Map<string, number>();
  const halfOpen = new Map<string, number>();
  for (const { gone, isOpen, incoming, address } of sessions.values()) {
    const perHost = isOpen ? open : halfOpen;
    if (gone || !(isOpen || incoming)) continue;
    const household = householdOf(address.host);
    perHost.set(household, (perHost.get(household) ?? 0) + 1);
  }
  return (
    mostOf(open, 'connections', connectionsPerHostMax) ??
    mostOf(halfOpen, 'half-open connections', halfOpenPerHostMax)
  );
}

function mostOf(perHost: ReadonlyMap<string, number>, what: string, max: number): Disbelief {
  for (const [host, count] of perHost) if (count > max) return atMost(`${what} with ${host}`, count, max);
  return undefined;
}

/**
 * Buffers hold pieces, and copies of blocks that two peers send at once. A stopped torrent counts no pieces
 * any more: the disk releases those that are being stored.
 */
function judgeMemory({ engine, memory, disk }: SimPeer): Disbelief {
  const { budget, sessions } = engine.usage;
  return atMost(
    'bytes of buffers',
    memory.outstandingBytes,
    Math.max(budget.pieceBytes, disk.storingBytes) + sessions.size * blockBytesMax,
  );
}
