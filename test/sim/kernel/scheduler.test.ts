import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scheduler } from './scheduler.ts';

const never = () => false;

describe('virtual time', () => {
  it('tasks run in the order of their times, and tasks of one time in the order in which they were scheduled', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20_000 }), { maxLength: 200 }), (delays) => {
        const scheduler = new Scheduler();
        const ran: { atMs: number; number: number }[] = [];
        for (const [number, delayMs] of delays.entries()) {
          scheduler.after(delayMs, () => ran.push({ atMs: scheduler.nowMs, number }));
        }
        scheduler.run(never, 30_000);
        const expected = delays.map((atMs, number) => ({ atMs, number }));
        expect(ran).toEqual(expected.sort((a, b) => a.atMs - b.atMs || a.number - b.number));
      }),
    );
  });

  it('a task scheduled long before runs ahead of one scheduled recently for the same time', () => {
    const scheduler = new Scheduler();
    const ran: string[] = [];
    scheduler.after(10_000, () => ran.push('long before'));
    scheduler.after(9_000, () => scheduler.after(1_000, () => ran.push('a second before')));
    scheduler.after(10_000, () => ran.push('long before, too'));
    scheduler.run(never, 20_000);
    expect(ran).toEqual(['long before', 'long before, too', 'a second before']);
  });

  it('a task that another task schedules for the present time runs after all tasks waiting for that time', () => {
    const scheduler = new Scheduler();
    const ran: number[] = [];
    scheduler.after(5, () => {
      ran.push(1);
      scheduler.after(0, () => ran.push(3));
    });
    scheduler.after(5, () => ran.push(2));
    scheduler.run(never, 5);
    expect(ran).toEqual([1, 2, 3]);
    expect(scheduler.nowMs).toBe(5);
  });

  it('the scheduler stops as soon as the condition holds, and continues from there', () => {
    const scheduler = new Scheduler();
    let count = 0;
    for (let i = 0; i < 10; i++) scheduler.after(7, () => count++);
    expect(scheduler.run(() => count === 4, 1_000)).toBe(true);
    expect([count, scheduler.nowMs]).toEqual([4, 7]);
    expect(scheduler.run(never, 1_000)).toBe(false);
    expect([count, scheduler.nowMs]).toEqual([10, 1_000]);
  });

  it('a cancelled task does not run, near or far in the future', () => {
    const scheduler = new Scheduler();
    let count = 0;
    const takeBack = [3, 30_000].map((ms) => scheduler.after(ms, () => count++));
    for (const cancel of takeBack) cancel();
    scheduler.run(never, 60_000);
    expect(count).toBe(0);
  });

  it('the scheduler jumps over hours without tasks', () => {
    const scheduler = new Scheduler();
    let atMs = 0;
    scheduler.after(86_400_000, () => (atMs = scheduler.nowMs));
    scheduler.run(never, 100_000_000);
    expect(atMs).toBe(86_400_000);
    expect(scheduler.events).toBe(1);
  });

  it('the scheduler refuses times that are not whole milliseconds', () => {
    const scheduler = new Scheduler();
    for (const ms of [0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => scheduler.after(ms, () => {})).toThrow('whole milliseconds');
    }
  });

  it('the scheduler counts waiting tasks', () => {
    const scheduler = new Scheduler();
    for (const ms of [0, 1, 1, 50_000]) scheduler.after(ms, () => {});
    expect(scheduler.pending).toBe(4);
    scheduler.run(never, 1);
    expect(scheduler.pending).toBe(1);
  });
});
