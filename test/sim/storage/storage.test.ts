/**
 * The production storage code on the simulated disk: what a power cut, a stop and a failing disk may cost.
 */
import { describe, expect, it } from 'vitest';
import { Prng } from '../../../client/engine/prng.ts';
import { albumOf } from './album.ts';
import { drawStoragePlan } from './draw-storage.ts';
import { runStorage } from './run-storage.ts';
import type { LifeEnd, StoragePlan } from './storage-plan.ts';

/** Two files that share a piece, an empty one, and one with a piece of its own. */
const album = albumOf(
  [
    { components: ['a.flac'], bytes: 20_000 },
    { components: ['b.flac'], bytes: 5_000 },
    { components: ['c.txt'], bytes: 0 },
    { components: ['disc', 'd.flac'], bytes: 17_000 },
  ],
  false,
  new Prng(1),
);

function planOf(
  seed: number,
  end: LifeEnd,
  rules: { isJournalled: boolean; isOrdered: boolean },
): StoragePlan {
  const life = {
    end,
    failPpm: {},
    deedsAtMs: [],
    ambushPpm: 0,
    selectAtMs: undefined,
    paceMs: 20,
    moments: [],
    deedsAtRest: 0,
  };
  return {
    seed,
    album,
    drive: { device: 1n, tickMs: 4, ...rules },
    descriptorsArePaths: seed % 2 === 0,
    hasNoLinks: false,
    dropsUnsynced: false,
    syncMsMax: 3,
    jobMsMax: 11,
    journalPace: { flushMs: 100, flushBytes: Number.POSITIVE_INFINITY },
    wantedPerMille: 1_000,
    lives: [{ ...life, capacityBytes: Number.POSITIVE_INFINITY, descriptorsMax: Number.POSITIVE_INFINITY }],
  };
}

describe('a power cut', () => {
  const rules = [true, false].flatMap((isJournalled) =>
    [true, false].map((isOrdered) => ({ isJournalled, isOrdered })),
  );
  it.each(rules)(
    'after a power cut before any call, every believed piece is on the disk, and the download completes: %j',
    (rule) => {
      // 200 calls: until everything is stored and recorded. Which sectors and names survive differs from call
      // to call.
      for (let atStep = 1; atStep <= 200; atStep++) {
        const { failure } = runStorage(planOf(atStep, { how: 'cut', atStep }, rule));
        expect(failure, `before call ${atStep}`).toBeUndefined();
      }
    },
  );
});

it('a download whose program is killed at any moment resumes and completes', () => {
  for (let atMs = 0; atMs < 600; atMs += 20) {
    const { failure } = runStorage(
      planOf(atMs, { how: 'kill', atMs }, { isJournalled: true, isOrdered: true }),
    );
    expect(failure, `at ${atMs} ms`).toBeUndefined();
  }
});

it("after a clean stop, a part torn by a power cut before the first record is recognized as the client's own", () => {
  const rules = { isJournalled: false, isOrdered: false };
  for (let atStep = 1; atStep <= 80; atStep++) {
    const { lives, ...plan } = planOf(atStep, { how: 'cut', atStep }, rules);
    const [life] = lives;
    const stopped = { ...life!, paceMs: 600, end: { how: 'stop' as const, atMs: 300 } };
    const journalPace = { ...plan.journalPace, flushMs: 2_000 };
    const { failure } = runStorage({ ...plan, journalPace, lives: [stopped, life!] });
    expect(failure, `before call ${atStep}`).toBeUndefined();
  }
});

it('one seed gives the same storage run twice', () => {
  for (const seed of [1, 2, 3, 4]) {
    expect(runStorage(drawStoragePlan(seed))).toEqual(runStorage(drawStoragePlan(seed)));
  }
});

it('fifty drawn storage runs keep every rule', () => {
  for (let seed = 0; seed < 50; seed++) {
    expect(runStorage(drawStoragePlan(seed)).failure, `seed ${seed}`).toBeUndefined();
  }
});
