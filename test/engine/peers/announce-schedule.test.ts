import { describe, expect, it } from 'vitest';
import type { TrackerAnswer } from '../../../client/engine/contract.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { AnnounceSchedule } from '../../../client/engine/peers/announce-schedule.ts';
import { Prng } from '../../../client/engine/prng.ts';

const answer: TrackerAnswer = { peers: [], intervalSeconds: 1_800 };
const minuteMs = 60_000;

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

describe('the next announce', () => {
  it('without an announce in flight the next one goes to the working tracker or to the first whose wait is over', () => {
    const s = schedule([['a'], ['b']]);
    expect(s.nextAsk).toMatchObject({ tracker: { url: 'a' }, atMs: 0 });
    s.next(0);
    expect(s.nextAsk).toBeUndefined();
    s.onFailure('a', 'down', 600, 0);
    expect(s.nextAsk).toMatchObject({ tracker: { url: 'b' }, atMs: 0 });
    s.next(0);
    s.onAnswer('b', answer, 1_000);
    expect(s.nextAsk).toMatchObject({ tracker: { url: 'a' }, atMs: 1_801_000 });
    expect(nextSaid(s, 1_000, 2_000_000)).toEqual({ atMs: 1_801_000, what: 'started a' });
  });

  it('no next announce is reported when no tracker can be asked, or after stop', () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onFailure('a', 'no', 'never', 0);
    expect(s.nextAsk).toBeUndefined();
    const other = schedule([['a']]);
    other.stop();
    expect(other.nextAsk).toBeUndefined();
  });
});

describe('tiers', () => {
  it('trackers are shuffled within a tier, which shares the load, and never between tiers', () => {
    const firsts = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const s = schedule([['a', 'b', 'c'], ['d']], seed);
      expect(
        s.trackers
          .map((t) => t.url)
          .slice(0, 3)
          .sort(),
      ).toEqual(['a', 'b', 'c']);
      firsts.add(s.trackers[0]!.url);
    }
    expect(firsts.size).toBe(3);
  });

  it('trackers are tried one after the other, and the next tier only after the whole tier has failed', () => {
    const s = schedule([['a', 'b'], ['c']]);
    const asked: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { tracker } = s.next(i)!;
      asked.push(tracker.url);
      s.onFailure(tracker.url, 'down', undefined, i);
    }
    expect(asked.slice(0, 2).sort()).toEqual(['a', 'b']);
    expect(asked[2]).toBe('c');
    // All have failed: no announce until the first has backed off.
    expect(said(s, 3)).toBeUndefined();
  });

  it('a tracker that answers moves to the front of its tier and is asked next', () => {
    const s = schedule([['a', 'b', 'c']]);
    const first = s.next(0)!.tracker.url;
    s.onFailure(first, 'down', undefined, 0);
    const second = s.next(0)!.tracker.url;
    s.onAnswer(second, answer, 0);
    expect(s.trackers[0]!.url).toBe(second);
    expect(said(s, 1_800_000)).toBe(`none ${second}`);
  });

  it('the next announce returns to the first tier', () => {
    const s = schedule([['a'], ['b']]);
    s.onFailure(s.next(0)!.tracker.url, 'down', undefined, 0);
    s.onAnswer(s.next(0)!.tracker.url, answer, 0);
    expect(said(s, 1_800_000)).toBe('started a');
  });

  it('every tracker is tried in turn, even if one takes longer to fail than another waits', () => {
    for (const tiers of [
      [['a'], ['b'], ['c'], ['d']],
      [['a', 'b', 'c', 'd']],
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ]) {
      const s = schedule(tiers);
      const asked: string[] = [];
      // The first wait is over before the last tracker has failed.
      const failsAfterMs = 2 * defaultLimits.announceRetryMaxMs;
      for (let nowMs = 0; asked.length < 12; nowMs += failsAfterMs) {
        const { url } = s.next(nowMs)!.tracker;
        asked.push(url);
        s.onFailure(url, 'no answer in time', undefined, nowMs + failsAfterMs);
        s.onWished(nowMs + failsAfterMs);
        s.onReturned('a', 'another memory', nowMs + failsAfterMs);
      }
      for (let turn = 0; turn < 12; turn += 4)
        expect(asked.slice(turn, turn + 4).sort()).toEqual(['a', 'b', 'c', 'd']);
    }
  });

  it('a torrent without a tracker never announces', () => {
    const s = schedule([]);
    s.setAlone(true, 0);
    expect(nextSaid(s, 0, 60 * minuteMs)).toBeUndefined();
    expect(s.stop()).toEqual([]);
  });
});

describe('at most one announce in flight', () => {
  it('no announce is made until the one in flight is answered', () => {
    const s = schedule([['a'], ['b']]);
    expect(said(s, 0)).toBe('started a');
    s.onCompleted(true, 0);
    s.setAlone(true, minuteMs);
    expect(nextSaid(s, 0, 60 * minuteMs)).toBeUndefined();
  });

  it('an answer to no announce changes nothing', () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onAnswer('a', answer, 0);
    s.onFailure('a', 'late', 'never', 10);
    s.onAnswer('b', { ...answer, intervalSeconds: 10 }, 10);
    expect(nextSaid(s, 0, 1_900_000)).toEqual({ atMs: 1_800_000, what: 'none a' });
  });
});

describe('events', () => {
  it('`started` is sent once, then announces have no event', () => {
    const s = schedule([['a']]);
    expect(said(s, 0)).toBe('started a');
    s.onAnswer('a', answer, 0);
    expect(said(s, 1_800_000)).toBe('none a');
  });

  it('`started` is repeated until a tracker answers it', () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onFailure('a', 'down', undefined, 0);
    expect(nextSaid(s, 0, 20_000)?.what).toBe('started a');
  });

  it('`completed` is sent as soon as the last piece is stored, and once', () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onAnswer('a', answer, 0);
    s.onCompleted(true, 60_000);
    expect(said(s, 60_000)).toBe('completed a');
    s.onAnswer('a', answer, 60_000);
    expect(nextSaid(s, 60_500, 3_600_000)?.what).toBe('none a');
  });

  it('`completed` is repeated when it failed', () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onAnswer('a', answer, 0);
    s.onCompleted(true, 60_000);
    s.next(60_000);
    s.onFailure('a', 'down', undefined, 60_000);
    expect(nextSaid(s, 60_000, 80_000)?.what).toBe('completed a');
  });

  it('`completed` follows `started` directly when the last piece came in between', () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onCompleted(true, 100);
    s.onAnswer('a', answer, 200);
    expect(said(s, 200)).toBe('completed a');
  });

  it('`completed` is never sent to a tracker that does not list us', () => {
    const s = schedule([['a'], ['b']]);
    s.next(0);
    s.onAnswer('a', answer, 0);
    s.onCompleted(true, 10);
    said(s, 10);
    s.onFailure('a', 'down', undefined, 10);
    expect(said(s, 10)).toBe('started b');
  });

  it('`stopped` is sent to the trackers that list us or may soon, and to no other', () => {
    const s = schedule([['a'], ['b'], ['c']]);
    s.onFailure(s.next(0)!.tracker.url, 'down', undefined, 0);
    s.onAnswer(s.next(0)!.tracker.url, answer, 0);
    expect(s.stop().map((t) => t.url)).toEqual(['b']);
    expect(nextSaid(s, 0, 60 * minuteMs)).toBeUndefined();

    const underWay = schedule([['a']]);
    underWay.next(0);
    expect(underWay.stop().map((t) => t.url)).toEqual(['a']);
  });
});

describe('the interval', () => {
  it.each([
    [0, 10],
    [-5, 10],
    [900, 900],
    [1e9, 3_600],
  ])('a tracker names (%i s) is kept within bounds (%i s)', (intervalSeconds, expectedSeconds) => {
    const s = schedule([['a']]);
    s.next(0);
    s.onAnswer('a', { peers: [], intervalSeconds }, 0);
    expect(nextSaid(s, 500, 4_000_000)?.atMs).toBe(expectedSeconds * 1000);
  });
});

describe('a tracker that fails', () => {
  it('a failing tracker is retried with backoff, up to ten minutes and a random half more', () => {
    const s = schedule([['a']]);
    let atMs = 0;
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      const next = nextSaid(s, atMs, atMs + 20 * minuteMs)!;
      waits.push(next.atMs - atMs);
      atMs = next.atMs;
      s.onFailure('a', 'down', undefined, atMs);
    }
    expect(waits[0]).toBe(0);
    expect(waits[1]).toBeLessThanOrEqual(8_000);
    expect(waits.at(-1)).toBeGreaterThanOrEqual(10 * minuteMs);
    expect(waits.at(-1)).toBeLessThanOrEqual(15 * minuteMs + 500);
    s.next(atMs + 20 * minuteMs);
    s.onAnswer('a', answer, atMs + 20 * minuteMs);
    expect(s.trackers[0]).toMatchObject({ failures: 0, lastFailure: undefined });
  });

  it('a failing tracker is not retried before the time it sets, and never after `never`', () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onFailure('a', 'busy', 1_200, 0);
    expect(nextSaid(s, 0, 60 * minuteMs)?.atMs).toBe(1_200_000);
    s.onFailure('a', 'go away', 'never', 1_200_000);
    expect(nextSaid(s, 1_200_000, 24 * 60 * minuteMs)).toBeUndefined();
  });
});

describe('a client without peers', () => {
  it('a client without peers announces at the minimum interval, then at doubled waits up to the interval', () => {
    const s = schedule([['a']]);
    const lonely: TrackerAnswer = { peers: [], intervalSeconds: 1_800, minIntervalSeconds: 30 };
    const at: number[] = [];
    for (let nowMs = 0; nowMs < 4 * 60 * minuteMs; nowMs += 500) {
      s.setAlone(true, nowMs);
      const due = s.next(nowMs);
      if (due === undefined) continue;
      at.push(nowMs);
      s.onAnswer('a', lonely, nowMs);
    }
    const waits = at.slice(1).map((ms, i) => ms - at[i]!);
    expect(waits[0]).toBe(30_000);
    for (let i = 1; i < waits.length; i++) expect(waits[i]).toBeGreaterThanOrEqual(waits[i - 1]!);
    expect(waits.at(-1)).toBe(1_800_000);
  });

  it('a client that has found a peer returns to the regular interval', () => {
    const s = schedule([['a']]);
    s.next(0);
    s.onAnswer('a', { ...answer, minIntervalSeconds: 30 }, 0);
    s.setAlone(false, 40_000);
    expect(said(s, 40_000)).toBeUndefined();
  });
});
