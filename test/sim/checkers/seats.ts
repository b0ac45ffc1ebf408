/**
 * A full table shuts out nobody honest for the sake of a peer that is of no use: a newcomer is refused only while there is
 * nobody whose time is up. And a peer that has given us blocks lately does not make room for a stranger, unless its network
 * holds more than half of a table.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import { blockBytesMax } from '../../../torrents/geometry.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import { householdOf, networkOf } from '../world/place.ts';
import { type Checker, type Disbelief, firstOf, inspectionOf, sessionOf, type Turn } from './checker.ts';

/** What one life of a host has seen. */
interface Memory {
  /** Addresses of connections that came to us. */
  readonly hosts: Map<number, string>;
  /** And of those that we dialed. */
  readonly dialed: Map<number, string>;
  /** When a household last had to make room. */
  readonly madeRoomMs: Map<string, number>;
  /** What each peer has given us. */
  readonly given: WeakMap<PeerSession, Given>;
}

interface Given {
  /** Payload the peer had sent when we last looked. */
  readonly bytes: number;
  /** Payload that was wasted by then, of all peers together. */
  readonly wasted: number;
  readonly lookedMs: number;
  /** A block of use was completed at this time or later; -1: none yet. */
  readonly usefulMs: number;
}

export function seatsGoToTheUseful(): Checker {
  const memories = new WeakMap<Engine, Memory>();
  return {
    name: 'seats-go-to-the-useful',
    hears: ['connected', 'received', 'closed', 'close'],
    onTurn(turn) {
      const { engine } = turn.peer;
      const memory: Memory = memories.get(engine) ?? {
        hosts: new Map(),
        dialed: new Map(),
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
  if (fact.type === 'connected')
    (fact.incoming ? memory.hosts : memory.dialed).set(fact.connection, fact.address.host);
  if (fact.type === 'received') noteBlocks(turn, memory);
  let disbelief: Disbelief;
  for (const action of actions) {
    if (action.type !== 'close') continue;
    if (action.reason === 'made-room') {
      const session = usage.sessions.get(action.connection);
      disbelief ??= session && judgeParting(session, memory, turn);
      // A connection on which nothing waits to be sent is gone at once, and its session with it.
      const host = memory.hosts.get(action.connection) ?? memory.dialed.get(action.connection);
      if (host !== undefined) memory.madeRoomMs.set(householdOf(host), nowMs);
    }
    if (action.reason === 'too-many-connections' && inspectionOf(peer) !== undefined)
      disbelief ??= judgeRefusal(memory.hosts.get(action.connection), memory, peer, nowMs);
    forget(action.connection, memory);
  }
  if (fact.type === 'closed') forget(fact.connection, memory);
  return firstOf(disbelief);
}

function forget(connection: number, { hosts, dialed }: Memory): void {
  hosts.delete(connection);
  dialed.delete(connection);
}

function noteBlocks(turn: Turn, { given }: Memory): void {
  const session = sessionOf(turn);
  if (session === undefined) return;
  const before = given.get(session) ?? { bytes: 0, wasted: 0, lookedMs: session.openedMs, usefulMs: -1 };
  const bytes = session.down.total;
  const cameBytes = bytes - before.bytes;
  if (cameBytes < 2 * blockBytesMax) return;
  const wasted = turn.peer.engine.status(torrent)?.wasted ?? 0;
  const wastedBytes = wasted - before.wasted;
  // Late copies of blocks are waste, also while other pieces are missing. Up to a block may have come in part only.
  const hasGiven = wastedBytes >= 0 && cameBytes - wastedBytes >= blockBytesMax;
  // On a slow link the block may have been complete long before now, but not before we last looked.
  const usefulMs = hasGiven ? before.lookedMs : before.usefulMs;
  given.set(session, { bytes, wasted, lookedMs: turn.nowMs, usefulMs });
}

function judgeParting(session: PeerSession, { given }: Memory, { peer, actions, nowMs }: Turn) {
  const { limits } = peer.engine.usage;
  const { usefulMs = -1 } = given.get(session) ?? {};
  if (usefulMs < 0 || nowMs - usefulMs >= limits.tradeFreshMs) return undefined;
  // What nobody asked for is no use.
  if (session.pipeline.unaskedCount > 0) return undefined;
  const leaving = actions.filter((action) => action.type === 'close' && action.reason === 'made-room').length;
  if (isOfCrowd(session, peer.engine, leaving)) return undefined;
  return `lets ${session.address.host} go for a newcomer, at most ${nowMs - usefulMs} ms after it gave us blocks`;
}

/**
 * Its network held more than half of the seats that there are, in all or for one torrent: for which it came is forgotten.
 * `leaving`: so many make room in this turn, perhaps all of them of its network.
 */
function isOfCrowd({ address, connection }: PeerSession, engine: Engine, leaving: number): boolean {
  const { limits, sessions } = engine.usage;
  const network = networkOf(address.host);
  const perTorrent = new Map<number | undefined, number>();
  let inAll = leaving;
  for (const other of sessions.values()) {
    if (other.connection === connection || !other.isOpen || networkOf(other.address.host) !== network)
      continue;
    const id = engine.torrentOf(other.connection);
    perTorrent.set(id, (perTorrent.get(id) ?? 0) + 1);
    inAll += 1;
  }
  const inTorrent = leaving + Math.max(0, ...perTorrent.values());
  return (
    inAll > Math.ceil(limits.connectionsMax / 2) || inTorrent > Math.ceil(limits.connectionsPerTorrentMax / 2)
  );
}

function judgeRefusal(
  host: string | undefined,
  { madeRoomMs }: Memory,
  { engine, sides }: SimPeer,
  nowMs: number,
): Disbelief {
  if (host === undefined) return undefined;
  const { limits, sessions } = engine.usage;
  const household = householdOf(host);
  // It had to make room itself a moment ago.
  if (nowMs - (madeRoomMs.get(household) ?? -limits.putOffMs) < limits.putOffMs) return undefined;
  const isOverdue = (session: PeerSession) =>
    isUseless(session) && nowMs - session.openedMs > limits.seatGraceMs;
  const open = [...sessions.values()].filter((session) => session.isOpen);
  const neighbours = open.filter(({ address }) => householdOf(address.host) === household);
  // A refused connection is in no torrent: it may have come for any of them, and each has its own table.
  let useless: PeerSession | undefined;
  for (const id of [torrent, ...sides.map((side) => side.id)]) {
    if (id === undefined) continue;
    const ofTorrent = open.filter(({ connection }) => engine.torrentOf(connection) === id);
    const full = [
      ...(neighbours.length >= limits.connectionsPerHostMax ? [neighbours] : []),
      ...(ofTorrent.length >= limits.connectionsPerTorrentMax ? [ofTorrent] : []),
    ];
    // In every full table one has to go.
    for (const table of full.length > 0 ? full : [open]) {
      useless = table.find(isOverdue);
      if (useless === undefined) return undefined;
    }
  }
  if (useless === undefined) return undefined;
  const sinceMs = nowMs - useless.openedMs;
  return `refuses ${host} and keeps ${useless.address.host}, which has been of no use for ${sinceMs} ms`;
}

/** Neither of us wants anything, and nothing was ever exchanged. */
function isUseless({ down, up, amInterested, peerInterested, amChoking }: PeerSession): boolean {
  return down.total + up.total === 0 && !amInterested && !peerInterested && amChoking;
}
