/**
 * Leaks are found where no API shows them: in private fields, in tables without a bound, and in objects that
 * have ended.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { PiecePicker } from '../../../client/engine/pieces/piece-picker.ts';
import type { SimPeer } from '../world/peer.ts';
import { type Midway, midway, parts, woke } from './midway.ts';
import { privateObjects } from './private-state.ts';
import { judgeEnd, judgeReach, nothingIsLeaked } from './reach.ts';
import { reachableFrom } from './reachable.ts';
import { isOutside } from './table-bounds.ts';

class Shelf {
  readonly #books = new Map([['a', { pages: [1, 2] }]]);
  readonly #count = 1;
  get count(): number {
    return this.#count + this.#books.size;
  }
}

class Library extends Shelf {
  readonly #books = new Set([3, 4, 5]);
  readonly shelves = [new Shelf(), new Shelf()];
  get size(): number {
    return this.#books.size;
  }
}

describe('what can be reached', () => {
  it('private fields that hold objects are listed, including those of the base class', () => {
    const library = new Library();
    const fields = privateObjects([library]).get(library)!;
    expect(fields.map(([name]) => name)).toEqual(['#books', '#books']);
    expect(fields.map(([, value]) => (value as Set<unknown>).size).sort()).toEqual([1, 3]);
  });

  it('the entries of every table are counted by class and field', () => {
    const { tables, objects } = reachableFrom(new Library(), 'Library', () => false);
    expect(Object.fromEntries(tables)).toEqual({
      'Library.#books': 4,
      'Library.shelves': 2,
      'Library.#books[].pages': 2,
      'Shelf.#books': 2,
      'Shelf.#books[].pages': 4,
    });
    expect(objects.get('Shelf')).toHaveLength(2);
  });

  it('objects behind an outside field are not visited', () => {
    const isOutsideHere = (field: string) => field === 'Library.shelves[]';
    expect(reachableFrom(new Library(), 'Library', isOutsideHere).objects.has('Shelf')).toBe(false);
  });
});

describe('nothing-is-leaked', () => {
  let world: Midway['world'];
  let leech: SimPeer;
  const reach = () => reachableFrom(leech.engine, 'Engine', isOutside);

  beforeEach(() => {
    ({ leech, world } = midway());
  });

  it('nothing-is-leaked accepts a half-done download', () => {
    expect(judgeReach(leech, reach())).toBeUndefined();
  });

  it('nothing-is-leaked reports a closed session that a torrent still holds', () => {
    const [first] = leech.engine.usage.sessions.keys();
    (leech.engine.usage.sessions as Map<number, unknown>).delete(first!);
    expect(judgeReach(leech, reach())).toBe('reaches 1 sessions that have ended');
  });

  it('nothing-is-leaked accepts pieces that were given up more often than there are pieces', () => {
    const { ledger, picker } = parts(leech) as Inspection & { picker: PiecePicker };
    const candidate = [...ledger.geometry.pieces()].find((pieceIndex) => picker.isCandidate(pieceIndex))!;
    for (let round = 0; round <= ledger.geometry.pieceCount; round++) {
      picker.remove(candidate);
      picker.restore(candidate);
    }
    expect(judgeReach(leech, reach())).toBeUndefined();
  });

  it('nothing-is-leaked accepts a stopped torrent until the next tick removes its sessions', () => {
    leech.stop();
    expect([...leech.engine.usage.sessions.values()].some(({ gone }) => gone)).toBe(true);
    expect(reach().objects.get('Swarm')).toHaveLength(1);
    expect(judgeReach(leech, reach())).toBeUndefined();
  });

  it('nothing-is-leaked reports a stopped torrent that is still held after a tick', () => {
    const [swarm] = reach().objects.get('Swarm')!;
    leech.stop();
    world.runFor(1_000);
    Object.assign(leech.engine, { souvenir: swarm });
    expect(judgeReach(leech, reach())).toBe('reaches 1 torrents that were stopped');
  });

  it('nothing-is-leaked reports a table that is longer than a stopped torrent allows', () => {
    leech.stop();
    const [swarm] = reach().objects.get('Swarm')! as { sessions: Map<number, unknown> }[];
    for (let connection = 900; connection < 905; connection++) swarm!.sessions.set(connection, {});
    expect(judgeReach(leech, reach())).toMatch(/^has 5 entries in Swarm\.sessions, and 1 at most/);
  });

  it.each([
    { seed: 3, looks: true },
    { seed: 11, looks: true },
    { seed: 4, looks: false },
    { seed: 8, looks: false },
  ])('nothing-is-leaked searches only seeds with remainder 3 of 8: seed $seed, $looks', ({ seed, looks }) => {
    const checker = nothingIsLeaked();
    Object.assign(leech.engine, { diary: ['woke'] });
    Object.assign(world, { options: { ...world.options, seed } });
    checker.onTurn!({ world, peer: leech, fact: woke, actions: [], nowMs: world.nowMs });
    const said = Array.from({ length: 30 }, () => checker.inspect!(leech)).filter((one) => one !== undefined);
    expect(said.length > 0).toBe(looks);
  });

  it('nothing-is-leaked reports a table that has no bound in table-bounds.ts', () => {
    Object.assign(leech.engine, { diary: ['woke'] });
    expect(judgeReach(leech, reach())).toMatch(
      /^has a table Engine\.diary, and table-bounds\.ts has no bound/,
    );
  });

  it('nothing-is-leaked reports what remains at the end compared with a new engine', () => {
    const before = reach();
    (leech.engine.usage.sessions as Map<number, unknown>).clear();
    expect(judgeEnd(leech, before)).toMatch(/^has 1 entries in SwarmTable\.#byId when all is over/);
  });
});
