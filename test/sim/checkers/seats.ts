/**
 * A full table shuts out nobody honest for the sake of a peer that is of no use: a newcomer is refused only while there is
 * nobody whose time is up. And a peer that has given us blocks lately does not make room for a stranger.
 */
import type { Engine } from '../../../client/engine/engine.ts';
import type { EngineUsage } from '../../../client/engine/inspection.ts';
import type { PeerSession } from '../../../client/engine/peer-session.ts';
import { blockBytesMax } from '../../../torrents/geometry.ts';
import { type Checker, type Disbelief, firstOf, inspectionOf, sessionOf, type Turn } from './checker.ts';

/** What one life of a host has seen. */
interface Memory {
  /** Addresses of connections that came to us. */
  readonly hosts: Map<number, string>;
  /** When an address last had to make room. */
  readonly madeRoomMs: Map<string, number>;
  /** What a peer had sent when we last looked, and when a block's worth had last come. */
  readonly given: WeakMap<PeerSession, { bytes: number; atMs: number }>;
}

export function seatsGoToTheUseful(): Checker {
  const memories = new WeakMap<Engine, Memory>();
  return {
    name: 'seats-go-to-the-useful',
    onTurn(turn) {
      const { engine } = turn.peer;
      const memory: Memory = memories.get(engine) ?? {
        hosts: new Map(),
        madeRoomMs: new Map(),
        given: new WeakMap(),
      };
      memories.set(engine, memory);
      return judge(turn, memory);
    },
  };
}

function judge(turn: Turn, memory: Memory): Disbelief {
  const { peer, fact, actions, nowMs } = turn;
  const { usage } = peer.engine;
  if (fact.type === 'connected' && fact.incoming) memory.hosts.set(fact.connection, fact.address.host);
  if (fact.type === 'received') noteBlocks(sessionOf(turn), memory, nowMs);
  let disbelief: Disbelief;
  for (const action of actions) {
    if (action.type !== 'close') continue;
    if (action.reason === 'made-room') {
      const session = usage.sessions.get(action.connection);
      disbelief ??= session && judgeParting(session, memory, usage, nowMs);
      if (session !== undefined) memory.madeRoomMs.set(session.address.host, nowMs);
    }
    if (action.reason === 'too-many-connections' && inspectionOf(peer) !== undefined)
      disbelief ??= judgeRefusal(memory.hosts.get(action.connection), memory, usage, nowMs);
    memory.hosts.delete(action.connection);
  }
  if (fact.type === 'closed') memory.hosts.delete(fact.connection);
  return firstOf(disbelief);
}

function noteBlocks(session: PeerSession | undefined, { given }: Memory, nowMs: number): void {
  if (session === undefined) return;
  const before = given.get(session) ?? { bytes: 0, atMs: -1 };
  const bytes = session.down.total;
  // Two blocks: the first may have ended in what had come before.
  if (bytes - before.bytes >= 2 * blockBytesMax) given.set(session, { bytes, atMs: nowMs });
}

function judgeParting(session: PeerSession, { given }: Memory, { limits }: EngineUsage, nowMs: number) {
  const { atMs = -1 } = given.get(session) ?? {};
  if (atMs < 0 || nowMs - atMs >= limits.tradeFreshMs) return undefined;
  // What nobody asked for is no use.
  if (session.pipeline.unaskedCount > 0) return undefined;
  return `lets ${session.address.host} go for a newcomer, ${nowMs - atMs} ms after it gave us blocks`;
}

function judgeRefusal(
  host: string | undefined,
  { madeRoomMs }: Memory,
  { limits, sessions }: EngineUsage,
  nowMs: number,
) {
  // We had dialed it, or it had to make room itself a moment ago.
  if (host === undefined || nowMs - (madeRoomMs.get(host) ?? -limits.putOffMs) < limits.putOffMs)
    return undefined;
  const open = [...sessions.values()].filter((session) => session.isOpen);
  const ofHost = open.filter(({ address }) => address.host === host);
  // Its own address is full: then one of its own would have to go.
  const rivals = ofHost.length >= limits.connectionsPerHostMax ? ofHost : open;
  const useless = rivals.find(
    (session) => isUseless(session) && nowMs - session.openedMs > limits.seatGraceMs,
  );
  if (useless === undefined) return undefined;
  const sinceMs = nowMs - useless.openedMs;
  return `refuses ${host} and keeps ${useless.address.host}, which has been of no use for ${sinceMs} ms`;
}

/** Neither of us wants anything, and nothing was ever exchanged. */
function isUseless({ down, up, amInterested, peerInterested, amChoking }: PeerSession): boolean {
  return down.total + up.total === 0 && !amInterested && !peerInterested && amChoking;
}
