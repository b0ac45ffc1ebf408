/**
 * A full table refuses a newcomer only while it holds no useless peer past its grace period. A peer that has
 * sent useful blocks lately is not disconnected for a newcomer, unless its network holds more than half of a
 * table.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import { blockBytesMax } from '../../../torrents/geometry.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import { householdOf, networkOf } from '../world/place.ts';
import { type Checker, type Disbelief, firstOf, inspectionOf, sessionOf, type Turn } from './checker.ts';

/** What one run of a host has seen. */
interface Memory {
  /** Hosts of incoming connections. */
  readonly hosts: Map<number, string>;
  /** Hosts of outgoing connections. */
  readonly dialed: Map<number, string>;
  /** When a peer of each household was last disconnected to make room. */
  readonly madeRoomMs: Map<string, number>;
  /** What each peer has sent. */
  readonly given: WeakMap<PeerSession, Given>;
}

interface Given {
  /** Payload the peer had sent at the last look. */
  readonly bytes: number;
  /** Wasted payload of all peers at the last look. */
  readonly wasted: number;
  readonly lookedMs: number;
  /** A useful block was completed at this time or later. -1: none yet. */
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
      // A connection with nothing left to send ends at once, and its session with it.
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
  // Late copies of blocks are waste, also while other pieces are missing. Up to one block may be incomplete.
  const hasGiven = wastedBytes >= 0 && cameBytes - wastedBytes >= blockBytesMax;
  // On a slow link the block may have been complete long before now, but not before the last look.
  const usefulMs = hasGiven ? before.lookedMs : before.usefulMs;
  given.set(session, { bytes, wasted, lookedMs: turn.nowMs, usefulMs });
}

function judgeParting(session: PeerSession, { given }: Memory, { peer, actions, nowMs }: Turn) {
  const { limits } = peer.engine.usage;
  const { usefulMs = -1 } = given.get(session) ?? {};
  if (usefulMs < 0 || nowMs - usefulMs >= limits.tradeFreshMs) return undefined;
  // Blocks that were not requested are no use.
  if (session.pipeline.unaskedCount > 0) return undefined;
  const leaving = actions.filter((action) => action.type === 'close' && action.reason === 'made-room').length;
  if (isOfCrowd(session, peer.engine, leaving)) return undefined;
  return `lets ${session.address.host} go for a newcomer, at most ${nowMs - usefulMs} ms after it gave us blocks`;
}

/**
 * Whether its network held more than half of all slots, or of one torrent's. The torrent of a closed
 * connection is unknown here. `leaving`: connections closed to make room in this turn, perhaps all of the
 * same network.
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
  // A peer of this household was itself disconnected a moment ago.
  if (nowMs - (madeRoomMs.get(household) ?? -limits.putOffMs) < limits.putOffMs) return undefined;
  const isOverdue = (session: PeerSession) =>
    isUseless(session) && nowMs - session.openedMs > limits.seatGraceMs;
  const open = [...sessions.values()].filter((session) => session.isOpen);
  const neighbours = open.filter(({ address }) => householdOf(address.host) === household);
  // A refused connection belongs to no torrent: it may have come for any of them, and each has its own table.
  let useless: PeerSession | undefined;
  for (const id of [torrent, ...sides.map((side) => side.id)]) {
    if (id === undefined) continue;
    const ofTorrent = open.filter(({ connection }) => engine.torrentOf(connection) === id);
    const full = [
      ...(neighbours.length >= limits.connectionsPerHostMax ? [neighbours] : []),
      ...(ofTorrent.length >= limits.connectionsPerTorrentMax ? [ofTorrent] : []),
    ];
    // One peer has to leave every full table.
    for (const table of full.length > 0 ? full : [open]) {
      useless = table.find(isOverdue);
      if (useless === undefined) return undefined;
    }
  }
  if (useless === undefined) return undefined;
  const sinceMs = nowMs - useless.openedMs;
  return `refuses ${host} and keeps ${useless.address.host}, which has been of no use for ${sinceMs} ms`;
}

/** Neither side is interested, and no payload was ever exchanged. */
function isUseless({ down, up, amInterested, peerInterested, amChoking }: PeerSession): boolean {
  return down.total + up.total === 0 && !amInterested && !peerInterested && amChoking;
}
