/** Reasons to announce early: a tracker that is back, a user who wants peers, a download without peers. */
import { describe, expect, it } from 'vitest';
import type { TrackerAnswer } from '../../../client/engine/contract.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { AnnounceSchedule } from '../../../client/engine/peers/announce-schedule.ts';
import { Prng } from '../../../client/engine/prng.ts';

const answer: TrackerAnswer = { peers: [], intervalSeconds: 1_800 };

function schedule(tiers: string[][], seed = 1): AnnounceSchedule {
  return new AnnounceSchedule(tiers, 0, defaultLimits, new Prng(seed));
}

/** The announces made at this moment, as "event url". */
function said(s: AnnounceSchedule, nowMs: number): string | undefined {
  const due = s.next(nowMs);
  return due && `${due.event ?? 'none'} ${due.tracker.url}`;
}

/** The first moment from `fromMs` with an announce, and the announce. */
function nextSaid(
  s: AnnounceSchedule,
  fromMs: number,
  untilMs: number,
): { atMs: number; what: string } | undefined {
  for (let atMs = fromMs; atMs <= untilMs; atMs += 500) {
    const what = said(s, atMs);
    if (what !== undefined) return { atMs, what };
  }
  return undefined;
}

describe('a tracker that is back after a restart', () => {
  const known = { ...answer, intervalSeconds: 900, minIntervalSeconds: 30, memoryId: 'one' };

  /** Listed since 0. */
  function listed(seed = 1): AnnounceSchedule {
    const s = schedule([['a']], seed);
    s.next(0);
    s.onAnswer('a', known, 0);
    return s;
  }

  it('a restarted tracker that has forgotten us gets `started` within a minute, at a random time per client', () => {
    const times = Array.from({ length: 60 }, (_, seed) => {
      const s = listed(seed);
      s.onReturned('a', 'two', 100_000);
      const { atMs, what } = nextSaid(s, 100_000, 160_000)!;
      expect(what).toBe('started a');
      return atMs - 100_000;
    });
    expect(Math.min(...times)).toBeLessThan(10_000);
    expect(Math.max(...times)).toBeGreaterThan(50_000);
    expect(new Set(times).size).toBeGreaterThan(30);
  });

  it('a restarted tracker that still lists us gets no early announce', () => {
    const s = listed();
    s.onReturned('a', 'one', 100_000);
    expect(nextSaid(s, 100_000, 1_000_000)).toEqual({ atMs: 900_000, what: 'none a' });
  });

  it('a restarted tracker gets no announce before its minimum interval is over', () => {
    for (let seed = 0; seed < 20; seed++) {
      const s = listed(seed);
      s.onReturned('a', 'two', 1_000);
      const { atMs } = nextSaid(s, 1_000, 61_000)!;
      expect(atMs).toBeGreaterThanOrEqual(30_000);
    }
  });

  it('a tracker that was unreachable gets an announce within a minute, even if it still lists us', () => {
    for (const memory of ['one', 'two']) {
      const s = listed();
      for (let atMs = 900_000, n = 0; n < 8; n++) {
        atMs = nextSaid(s, atMs, 9_000_000)!.atMs;
        s.onFailure('a', 'down', undefined, atMs);
      }
      s.onReturned('a', memory, 4_000_000);
      const { atMs, what } = nextSaid(s, 4_000_000, 4_060_000)!;
      expect(atMs).toBeLessThan(4_060_000);
      expect(what).toBe(memory === 'one' ? 'none a' : 'started a');
    }
  });

  it('a restarted tracker gets no announce before the time that it has set itself', () => {
    const s = listed();
    s.next(900_000);
    s.onFailure('a', 'overloaded', 600, 900_000);
    s.onReturned('a', 'one', 901_000);
    expect(nextSaid(s, 901_000, 2_000_000)!.atMs).toBeGreaterThanOrEqual(1_500_000);
  });

  it('an announce in flight that the old table answered is followed by `started` for the new table', () => {
    for (const [answered, what] of [
      ['one', 'started a'],
      ['two', undefined],
    ] as const) {
      const s = listed();
      s.next(900_000);
      s.onReturned('a', 'two', 900_100);
      s.onAnswer('a', { ...known, memoryId: answered }, 900_200);
      expect(nextSaid(s, 900_200, 970_000)?.what).toBe(what);
    }
  });

  it('a stopped torrent sends nothing to a restarted tracker, and no `stopped` when it is no longer listed', () => {
    const s = listed();
    s.onReturned('a', 'two', 100_000);
    expect(s.stop()).toEqual([]);
    s.onReturned('a', 'three', 101_000);
    expect(nextSaid(s, 101_000, 200_000)).toBeUndefined();
  });

  it('a tracker that never sent a memory id gets its announce at the usual time', () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onAnswer('a', answer, 0);
    s.onReturned('a', 'one', 1_000);
    expect(nextSaid(s, 1_000, 1_800_000)).toEqual({ atMs: 1_800_000, what: 'none a' });
  });

  it('a download without peers announces early again at a restarted tracker, however often it asked in vain', () => {
    const s = listed();
    for (let atMs = 0; atMs < 500_000; atMs += 1_000) {
      s.setAlone(true, atMs);
      if (s.next(atMs) !== undefined) s.onAnswer('a', known, atMs);
    }
    s.onReturned('a', 'two', 500_000);
    const asked: number[] = [];
    for (let atMs = 500_000; atMs < 700_000; atMs += 1_000) {
      s.setAlone(true, atMs);
      if (s.next(atMs) === undefined) continue;
      asked.push(atMs);
      s.onAnswer('a', { ...known, memoryId: 'two' }, atMs);
    }
    expect(asked[0]).toBeLessThan(560_000);
    expect(asked[1]! - asked[0]!).toBe(30_000);
  });
});

describe('a user who wants peers now', () => {
  it("a user's wish for peers announces as soon as the minimum interval is over", () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onAnswer('a', { ...answer, minIntervalSeconds: 30 }, 0);
    s.onWished(10_000);
    expect(s.nextAsk).toMatchObject({ atMs: 30_000 });
    expect(nextSaid(s, 10_000, 40_000)).toEqual({ atMs: 30_000, what: 'none a' });
    s.onAnswer('a', { ...answer, minIntervalSeconds: 30 }, 30_000);
    s.onWished(90_000);
    expect(said(s, 90_000)).toBe('none a');
  });

  it("a user's wish for peers retries a failing tracker every ten seconds at most, and not before it allows", () => {
    const s = schedule([['a']]);
    for (let atMs = 0, n = 0; n < 8; n++) {
      atMs = nextSaid(s, atMs, 9_000_000)!.atMs;
      s.onFailure('a', 'down', undefined, atMs);
    }
    const lastMs = 3_000_000;
    s.onWished(lastMs);
    expect(said(s, lastMs)).toBe('started a');
    s.onFailure('a', 'down', undefined, lastMs);
    s.onWished(lastMs + 1_000);
    expect(nextSaid(s, lastMs + 1_000, lastMs + 60_000)).toEqual({
      atMs: lastMs + 10_000,
      what: 'started a',
    });
    s.onFailure('a', 'closed until tomorrow', 3_600, lastMs + 10_000);
    s.onWished(lastMs + 30_000);
    expect(nextSaid(s, lastMs + 30_000, lastMs + 3_000_000)).toBeUndefined();
  });
});

it('a download without peers reports its next announce, which is sooner than the interval', () => {
  const s = schedule([['a']]);
  s.setAlone(true, 0);
  s.next(0);
  s.onAnswer('a', { ...answer, minIntervalSeconds: 30 }, 0);
  s.setAlone(true, 1_000);
  expect(s.nextAsk).toMatchObject({ atMs: 30_000 });
  s.setAlone(false, 2_000);
  expect(s.nextAsk).toMatchObject({ atMs: 1_800_000 });
});
