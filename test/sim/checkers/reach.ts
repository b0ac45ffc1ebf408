/**
 * Nothing of what has ended can be reached from the engine, by no path at all: neither a session that is closed, nor a
 * torrent that was stopped, nor a piece that is stored. Every table of the engine is looked at, also those that are
 * added to it later. When all torrents are stopped and all connections closed, it is like a new one.
 */
import { Engine } from '../../../client/engine/engine.ts';
import type { SimPeer } from '../world/peer.ts';
import { SimMemory } from '../world/piece-memory.ts';
import { type Checker, type Disbelief, firstOf, inspectionsOf } from './checker.ts';
import { type Reach, reachableFrom } from './reachable.ts';
import { bounds, isOutside, type Life, memories } from './table-bounds.ts';

/** Looking at everything costs as much as ten thousand facts: a run is looked at when it begins, and less and less often. */
const firstLook = 20;
const timesLater = 10;

export function nothingIsLeaked(): Checker {
  let looks = 0;
  let next = firstLook;
  return {
    name: 'nothing-is-leaked',
    inspect(peer) {
      looks += 1;
      if (looks < next) return undefined;
      next *= timesLater;
      return judgeReach(peer, reachOf(peer.engine));
    },
    atEnd: (peer) => (peer.isAlive ? judgeEnd(peer, reachOf(peer.engine)) : undefined),
  };
}

function reachOf(engine: Engine): Reach {
  return reachableFrom(engine, 'Engine', isOutside);
}

/** In the middle of a run. */
export function judgeReach(peer: SimPeer, { tables, objects }: Reach): Disbelief {
  const { limits, sessions, dialCount } = peer.engine.usage;
  const torrents = tables.get('Engine.#swarms') ?? 0;
  const ledgers = inspectionsOf(peer).map(({ ledger }) => ledger);
  const fetching = ledgers.flatMap((ledger) => [...ledger.fetchingPieces]);
  const storing = ledgers.flatMap((ledger) => [...ledger.storingPieces]);
  const life: Life = {
    limits,
    sessions: sessions.size,
    dials: dialCount,
    torrents,
    pieces: ledgers.reduce((sum, { geometry }) => sum + geometry.pieceCount, 0),
    blocks: fetching.reduce((sum, piece) => sum + piece.blockCount - piece.receivedCount, 0),
    underWay: fetching.length + storing.length,
  };
  const live = new Set<object>(sessions.values());
  const ended = (objects.get('PeerSession') ?? []).filter((session) => !live.has(session)).length;
  const swarms = count(objects, 'Swarm') + count(objects, 'MetadataSwarm');
  const pieces = count(objects, 'FetchingPiece');
  // Those of sessions that have ended stay until the next tick.
  const mayBeStopped = [...sessions.values()].some(({ gone }) => gone);
  return firstOf(
    ended === 0 ? undefined : `reaches ${ended} sessions that have ended`,
    mayBeStopped || swarms <= torrents ? undefined : `reaches ${swarms} torrents, and has ${torrents}`,
    pieces <= life.underWay
      ? undefined
      : `reaches ${pieces} pieces on their way, and ${life.underWay} there are`,
    ...[...tables].map(([table, size]) => judgeTable(table, size, life)),
  );
}

function judgeTable(table: string, size: number, life: Life): Disbelief {
  const bound = bounds[table];
  if (bound === undefined) return `has a table ${table}, and table-bounds.ts has no bound for it`;
  const most = bound(life);
  return size <= most ? undefined : `has ${size} entries in ${table}, and ${most} at most there can be`;
}

/** All torrents are stopped. What comes to it from outside all the same is nothing-is-left's affair. */
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
    const most = count(fresh.objects, name);
    if (length > most) return `reaches ${length} of ${name} when all is over`;
  }
  return undefined;
}

function count(objects: Reach['objects'], name: string): number {
  return objects.get(name)?.length ?? 0;
}

/** Of an engine that nothing has happened to. */
let fresh: Reach | undefined;
function freshReach(): Reach {
  fresh ??= reachOf(new Engine({ peerId: new Uint8Array(20), port: 1, seed: 1, memory: new SimMemory() }));
  return fresh;
}
