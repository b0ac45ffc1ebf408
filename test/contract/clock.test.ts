/**
 * What every Clock must do (client/host/ports.ts), tested with the real one on fake timers and with the
 * virtual one.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fact } from '../../client/engine/contract.ts';
import type { Clock, FactSink } from '../../client/host/ports.ts';
import { systemClock } from '../../client/host/system-clock.ts';
import { Gate } from '../sim/kernel/gate.ts';
import { Scheduler } from '../sim/kernel/scheduler.ts';
import { VirtualClock } from '../sim/kernel/virtual-clock.ts';

interface ClockBench {
  open(sink: FactSink): Clock;
  pass(ms: number): void;
}

function machine(): ClockBench {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  return { open: systemClock, pass: (ms) => void vi.advanceTimersByTime(ms) };
}

function virtual(): ClockBench {
  const scheduler = new Scheduler();
  return {
    open: (sink) => new VirtualClock(scheduler, new Gate(), sink),
    pass: (ms) => void scheduler.run(() => false, scheduler.nowMs + ms),
  };
}

describe.each([
  ['The clock of a machine', machine],
  ['The virtual clock', virtual],
] as const)('%s', (_, openBench) => {
  let bench: ClockBench;
  let facts: Fact[];
  let clock: Clock;
  /** Called at each `woke`, after it is recorded. */
  let onWoke: () => void;

  beforeEach(() => {
    bench = openBench();
    facts = [];
    onWoke = () => {};
    clock = bench.open((fact) => {
      facts.push(fact);
      onWoke();
    });
    bench.pass(3);
  });
  afterEach(() => void vi.useRealTimers());

  it('a clock shows elapsed time in whole milliseconds', () => {
    const before = clock.nowMs();
    bench.pass(1_234);
    expect(clock.nowMs() - before).toBe(1_234);
    expect(Number.isInteger(clock.nowMs())).toBe(true);
  });

  it('an alarm fires once, at its time and not before', () => {
    clock.wakeAt(clock.nowMs() + 500);
    bench.pass(499);
    expect(facts).toEqual([]);
    bench.pass(1);
    expect(facts).toEqual([{ type: 'woke' }]);
    bench.pass(10_000);
    expect(facts).toHaveLength(1);
  });

  it('only the latest alarm is kept, whether it is earlier or later than the previous one', () => {
    const startMs = clock.nowMs();
    clock.wakeAt(startMs + 1_000);
    clock.wakeAt(startMs + 100);
    bench.pass(100);
    expect(facts).toHaveLength(1);
    clock.wakeAt(startMs + 500);
    clock.wakeAt(startMs + 2_000);
    bench.pass(1_899);
    expect(facts).toHaveLength(1);
    bench.pass(1);
    expect(facts).toHaveLength(2);
  });

  it('an alarm that is set repeatedly for one time is not late', () => {
    const atMs = clock.nowMs() + 1_000;
    for (let i = 0; i < 10; i++) {
      clock.wakeAt(atMs);
      bench.pass(50);
    }
    bench.pass(500);
    expect(facts).toHaveLength(1);
  });

  it('an alarm for a past time fires soon', () => {
    bench.pass(1_000);
    clock.wakeAt(clock.nowMs() - 10);
    bench.pass(1);
    expect(facts).toHaveLength(1);
  });

  it('an alarm may be set while another fires', () => {
    onWoke = () => clock.wakeAt(facts.length < 5 ? clock.nowMs() + 100 : Number.MAX_SAFE_INTEGER);
    clock.wakeAt(clock.nowMs() + 100);
    bench.pass(10_000);
    expect(facts).toHaveLength(5);
  });

  it('an alarm at the largest safe number never fires', () => {
    clock.wakeAt(Number.MAX_SAFE_INTEGER);
    bench.pass(100_000);
    expect(facts).toEqual([]);
  });
});
