/**
 * Nothing that has ended can be reached from the engine by any path: no closed session, no stopped torrent,
 * no stored piece. Every table of the engine is covered, also tables added later. When all torrents are
 * stopped and all connections closed, the engine is as empty as a new one.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import { Engine } from '../../../client/engine/engine.ts';
import type { FetchingPiece } from '../../../client/engine/pieces/fetching-piece.ts';
import type { MetadataSwarm } from '../../../client/engine/swarm/metadata-swarm.ts';
import type { Swarm } from '../../../client/engine/swarm/swarm.ts';
import type { SimPeer } from '../world/peer.ts';
import { SimMemory } from '../world/piece-memory.ts';
import { type Checker, type Disbelief, firstOf } from './checker.ts';
import { type Reach, reachableFrom } from './reachable.ts';
import { bounds, isOutside, type Life, memories } from './table-bounds.ts';

/** Inspections before the first search. Each later search waits ten times as long. */
const firstLook = 20;
const timesLater = 10;
/**
 * A search costs 30 ms, as much as a tenth of a run, so one seed in eight is searched. The remainder is odd,
 * because even seeds have a storage run, too (run-seed.ts), and not the one that all checkers inspect closely
 * (run-plan.ts).
 */
const seedEvery = 8;
const seedChosen = 3;

export function nothingIsLeaked(): Checker {
  let isChosen = false;
  let looks = 0;
  let next = firstLook;
  return {
    name: 'nothing-is-leaked',
    hears: ['added', 'magnet-added'],
    onTurn({ world }) {
      isChosen = world.options.seed % seedEvery === seedChosen;
      return undefined;
    },
    inspect(peer) {
      looks += 1;
      if (!isChosen || looks < next) return undefined;
      next *= timesLater;
      return judgeReach(peer, reachOf(peer.engine));
    },
    atEnd: (peer) => (isChosen && peer.isAlive ? judgeEnd(peer, reachOf(peer.engine)) : undefined),
  };
}

function reachOf(engine: Engine): Reach {
  return reachableFrom(engine, 'Engine', isOutside);
}

/** Judges the engine in the middle of a run. */
export function judgeReach({ engine }: SimPeer, { tables, objects }: Reach): Disbelief {
  const { limits, sessions, dials } = engine.usage;
  const known = listOf<Swarm>(objects, 'Swarm');
  const swarms = [...known, ...listOf<MetadataSwarm>(objects, 'MetadataSwarm')];
  const stopped = swarms.filter(({ peers }) => peers.stopping).length;
  const pieces = listOf<FetchingPiece>(objects, 'FetchingPiece');
  // A stopped torrent has given up its pieces, and its scheduler is removed with it.
  const fetching = stopped > 0 ? pieces : known.flatMap(({ ledger }) => [...ledger.fetchingPieces]);
  const storing = known.flatMap(({ ledger }) => [...ledger.storingPieces]);
  const life: Life = {
    limits,
    sessions: sessions.size,
    dials: dials.size,
    torrents: swarms.length,
    pieces: known.reduce((sum, { ledger }) => sum + ledger.geometry.pieceCount, 0),
    blocks: fetching.reduce((sum, piece) => sum + piece.blockCount - piece.receivedCount, 0),
    underWay: fetching.length + storing.length,
  };
  const live = new Set<object>(sessions.values());
  const ended = listOf<PeerSession>(objects, 'PeerSession').filter((session) => !live.has(session)).length;
  const running = tables.get('SwarmTable.#byId') ?? 0;
  // A closed session stays until the next tick, and keeps its torrent with all of its tables reachable.
  const mayBeStopped = [...sessions.values()].some(({ gone }) => gone);
  return firstOf(
    ended === 0 ? undefined : `reaches ${ended} sessions that have ended`,
    mayBeStopped || stopped === 0 ? undefined : `reaches ${stopped} torrents that were stopped`,
    swarms.length - stopped <= running
      ? undefined
      : `reaches ${swarms.length - stopped} torrents that run, and has ${running}`,
    pieces.length <= life.underWay
      ? undefined
      : `reaches ${pieces.length} pieces on their way, and ${life.underWay} there are`,
    ...[...tables].map(([table, size]) => judgeTable(table, size, life)),
  );
}

function judgeTable(table: string, size: number, life: Life): Disbelief {
  const bound = bounds[table];
  if (bound === undefined) return `has a table ${table}, and table-bounds.ts has no bound for it`;
  const most = bound(life);
  return size <= most ? undefined : `has ${size} entries in ${table}, and ${most} at most there can be`;
}

/**
 * Judges the engine when all torrents are stopped. Connections that arrive afterwards are left to
 * nothing-left.ts.
 */
export function judgeEnd({ engine }: SimPeer, { tables, objects }: Reach): Disbelief {
  const { limits, sessions } = engine.usage;
  if (sessions.size > 0) return undefined;
  const fresh = freshReach();
  const life: Life = { limits, sessions: 0, dials: 0, torrents: 0, pieces: 0, blocks: 0, underWay: 0 };
  for (const [table, size] of tables) {
    const most = memories[table]?.(life) ?? fresh.tables.get(table) ?? 0;
    if (size > most) return `has ${size} entries in ${table} when all is over, and a new engine has ${most}`;
  }
  for (const [name, { length }] of objects) {
    const most = listOf(fresh.objects, name).length;
    if (length > most) return `reaches ${length} of ${name} when all is over`;
  }
  return undefined;
}

/** Objects of a class, by its name. */
function listOf<T extends object>(objects: Reach['objects'], name: string): readonly T[] {
  return (objects.get(name) ?? []) as T[];
}

/** What a new engine reaches. */
let fresh: Reach | undefined;
function freshReach(): Reach {
  fresh ??= reachOf(new Engine({ peerId: new Uint8Array(20), port: 1, seed: 1, memory: new SimMemory() }));
  return fresh;
}
