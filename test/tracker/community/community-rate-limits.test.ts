import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addressKey, openRateGate, rateLimits } from '../../../tracker/community/sign-in/rate-limits.ts';

it('a rate limit accepts a burst, then one use per interval, and says how long to wait', () => {
  const gate = openRateGate({ burst: 3, everyMs: 100 });
  expect([0, 0, 0, 0].map(() => gate.take('a', 1_000))).toEqual([0, 0, 0, 100]);
  expect(gate.take('a', 1_060)).toBe(40);
  expect(gate.take('a', 1_100)).toBe(0);
  expect(gate.take('a', 1_100)).toBe(100);
  expect(gate.take('b', 1_100)).toBe(0);
});

it('a rate limit accepts a use after the wait that it gave', () => {
  const gate = openRateGate({ burst: 2, everyMs: 70 });
  let nowMs = 0;
  for (let i = 0; i < 20; i++) {
    const waitMs = gate.take('a', nowMs);
    if (waitMs === 0) continue;
    expect(gate.take('a', nowMs + waitMs - 1)).toBeGreaterThan(0);
    nowMs += waitMs;
    expect(gate.take('a', nowMs)).toBe(0);
  }
});

it('a rate limit never accepts more than the burst and the time allow', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.nat(40)),
      (burst, everyMs, steps) => {
        const gate = openRateGate({ burst, everyMs });
        let nowMs = 0;
        let through = 0;
        for (const step of steps) {
          nowMs += step;
          if (gate.take('a', nowMs) === 0) through += 1;
          expect(through).toBeLessThanOrEqual(burst + Math.floor(nowMs / everyMs));
        }
      },
    ),
  );
});

it('a use that is given back is not counted', () => {
  const gate = openRateGate({ burst: 1, everyMs: 1_000 });
  for (let i = 0; i < 5; i++) {
    expect(gate.take('a', 0)).toBe(0);
    gate.giveBack('a');
  }
  expect(gate.take('a', 0)).toBe(0);
  expect(gate.take('a', 0)).toBe(1_000);
  gate.giveBack('never seen');
});

it('a rate limit remembers a limited number of keys, and a flood of others does not evict an active one', () => {
  const gate = openRateGate({ burst: 2, everyMs: 1_000 }, 10);
  for (let i = 0; i < 1_000; i++) {
    gate.take(`flood ${i}`, i);
    if (i % 5 === 0) gate.take('active', i);
  }
  expect(gate.take('active', 999)).toBeGreaterThan(0);
  expect(gate.take('flood 1', 999)).toBe(0);
});

it('IPv6 addresses of one customer count as one, two IPv4 addresses as two', () => {
  const v6 = (last: number) => Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, ...Array(7).fill(0), last]);
  expect(addressKey(v6(1))).toBe(addressKey(v6(2)));
  expect(addressKey(Uint8Array.of(1, 2, 3, 4))).not.toBe(addressKey(Uint8Array.of(1, 2, 3, 5)));
});

it('one address needs years to try a thousand passwords a day for a name', () => {
  const { burst, everyMs } = rateLimits.signInPerNameAndAddress;
  const perDay = 86_400_000 / everyMs;
  expect(burst + perDay).toBeLessThan(150);
});
