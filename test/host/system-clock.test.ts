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

describe('the time', () => {
  it('is an integer of milliseconds that never goes back', () => {
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
  it('rings once, when its time has come and not before', () => {
    const { clock, facts } = newClock();
    clock.wakeAt(clock.nowMs() + 500);
    vi.advanceTimersByTime(499);
    expect(facts).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(facts).toEqual([{ type: 'woke' }]);
    vi.advanceTimersByTime(10_000);
    expect(facts).toHaveLength(1);
  });

  it('is the latest that was set: earlier or later', () => {
    const { clock, facts } = newClock();
    const startMs = clock.nowMs();
    clock.wakeAt(startMs + 1_000);
    clock.wakeAt(startMs + 100);
    vi.advanceTimersByTime(101);
    expect(facts).toHaveLength(1);
    clock.wakeAt(startMs + 500);
    clock.wakeAt(startMs + 2_000);
    vi.advanceTimersByTime(1_500);
    expect(facts).toHaveLength(1);
    vi.advanceTimersByTime(500);
    expect(facts).toHaveLength(2);
  });

  it('for a time that has passed rings at once', () => {
    const { clock, facts } = newClock();
    vi.advanceTimersByTime(1_000);
    clock.wakeAt(5);
    vi.advanceTimersByTime(1);
    expect(facts).toHaveLength(1);
  });

  it('further away than Node can count rings when it should, not at once', () => {
    const { clock, facts } = newClock();
    clock.wakeAt(clock.nowMs() + 2 ** 32);
    vi.advanceTimersByTime(60_000);
    expect(facts).toEqual([]);
    vi.advanceTimersByTime(2 ** 32);
    expect(facts).toHaveLength(1);
  });

  it('that was stopped never rings, whatever is asked of it later', () => {
    const { clock, facts } = newClock();
    clock.wakeAt(clock.nowMs() + 100);
    clock.stop();
    clock.wakeAt(clock.nowMs() + 50);
    vi.advanceTimersByTime(10_000);
    expect(facts).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
