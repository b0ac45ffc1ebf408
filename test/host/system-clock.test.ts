/** The system's clock only; the contract of all clocks is in test/contract/clock.test.ts. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fact } from '../../client/engine/contract.ts';
import { systemClock } from '../../client/host/system-clock.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function newClock() {
  const facts: Fact[] = [];
  return { facts, clock: systemClock((fact) => facts.push(fact)) };
}

describe('the system time', () => {
  it('the time is an integer of milliseconds that never goes back', () => {
    const { clock } = newClock();
    let last = clock.nowMs();
    for (let i = 0; i < 20; i++) {
      vi.advanceTimersByTime(7.3);
      const nowMs = clock.nowMs();
      expect(Number.isInteger(nowMs)).toBe(true);
      expect(nowMs).toBeGreaterThanOrEqual(last);
      last = nowMs;
    }
  });
});

describe('the alarm', () => {
  it('an alarm further away than Node can count rings at its time, not at once', () => {
    const { clock, facts } = newClock();
    clock.wakeAt(clock.nowMs() + 2 ** 32);
    vi.advanceTimersByTime(60_000);
    expect(facts).toEqual([]);
    vi.advanceTimersByTime(2 ** 32);
    expect(facts).toHaveLength(1);
  });

  it('a stopped alarm never rings, also after later requests', () => {
    const { clock, facts } = newClock();
    clock.wakeAt(clock.nowMs() + 100);
    clock.stop();
    clock.wakeAt(clock.nowMs() + 50);
    vi.advanceTimersByTime(10_000);
    expect(facts).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
