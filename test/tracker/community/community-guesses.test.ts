import { describe, expect, it } from 'vitest';
import { type Attempt, openGuesses } from '../../../tracker/community/sign-in/guesses.ts';
import { openRateGate } from '../../../tracker/community/sign-in/rate-limits.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Addresses as addressKey makes them. */
const ipv4 = (n: number) => n.toString(16).padStart(8, '0');
const ipv6 = (network: number, n: number) =>
  network.toString(16).padStart(12, '0') + n.toString(16).padStart(4, '0');

function bench() {
  const guesses = openGuesses();
  const begin = (name: string, address: string, nowMs: number) => guesses.attempt(name, address, nowMs);
  const tried =
    (outcome: Parameters<Attempt['settle']>[0]) => (name: string, address: string, nowMs: number) => {
      const attempt = begin(name, address, nowMs);
      return 'waitMs' in attempt ? attempt : attempt.settle(outcome);
    };
  const isRefused = (name: string, address: string, nowMs: number) => 'waitMs' in begin(name, address, nowMs);
  /** How many tries are accepted before one is refused. */
  const triesOf = (name: string, address: string, nowMs: number) => {
    let tries = 0;
    for (; tries < 1_000 && !isRefused(name, address, nowMs); tries++);
    return tries;
  };
  return {
    begin,
    wrong: tried('wrong'),
    right: tried('right'),
    untried: tried('untried'),
    isRefused,
    triesOf,
  };
}

describe('wrong passwords', () => {
  it('wrong passwords for one name from one address are slowed down, and the wait is given', () => {
    const { wrong } = bench();
    for (let n = 0; n < 10; n++) expect(wrong('paul', ipv4(1), 0)).toBeUndefined();
    expect(wrong('paul', ipv4(1), 0)).toEqual({ waitMs: 15 * minuteMs, of: 'name' });
    expect(wrong('mia', ipv4(1), 0)).toBeUndefined();
    expect(wrong('paul', ipv4(1), 15 * minuteMs)).toBeUndefined();
  });

  it('wrong passwords from many addresses never refuse the first try of a new address', () => {
    const { wrong, isRefused, right } = bench();
    for (let address = 0; address < 3_000; address++) {
      for (let n = 0; n < 12; n++) wrong('paul', ipv4(address), 0);
    }
    expect(isRefused('paul', ipv4(9_999), 0)).toBe(false);
    expect(right('paul', ipv4(8_888), 0)).toBeUndefined();
  });

  it('wrong passwords from many addresses leave each new address fewer tries, and ten again once they stop', () => {
    const { wrong, triesOf } = bench();
    const attack = (from: number, to: number) => {
      for (let address = from; address < to; address++) wrong('paul', ipv4(address), 0);
    };
    expect(triesOf('mia', ipv4(5_000), 0)).toBe(10);
    attack(0, 100);
    expect(triesOf('paul', ipv4(5_000), 0)).toBe(3);
    attack(100, 1_000);
    expect(triesOf('paul', ipv4(5_001), 0)).toBe(2);
    expect(triesOf('paul', ipv4(5_002), 1_100 * minuteMs)).toBe(10);
  });

  it('wrong passwords from many addresses take no tries from an address where the name has signed in before', () => {
    const { wrong, right, triesOf } = bench();
    right('paul', ipv4(7), 0);
    for (let address = 100; address < 2_000; address++) wrong('paul', ipv4(address), 0);
    expect(triesOf('paul', ipv4(7), 0)).toBe(10);
  });

  it('wrong passwords for many names slow down their address for all names', () => {
    const { wrong } = bench();
    for (let n = 0; n < 60; n++) expect(wrong(`name ${n}`, ipv4(1), 0)).toBeUndefined();
    expect(wrong('another', ipv4(1), 0)).toEqual({ waitMs: 10_000, of: 'address' });
    expect(wrong('another', ipv4(2), 0)).toBeUndefined();
  });

  it('wrong passwords for many names do not lock out a user who has signed in from the same address before', () => {
    const { wrong, right, isRefused } = bench();
    right('mia', ipv4(1), 0);
    for (let n = 0; n < 100; n++) wrong(`name ${n}`, ipv4(1), 0);
    expect([isRefused('mia', ipv4(1), 0), isRefused('pia', ipv4(1), 0)]).toEqual([false, true]);
  });

  it('wrong passwords from one IPv6 /48 are slowed down together, from any number of /64s', () => {
    const { wrong } = bench();
    let through = 0;
    for (let n = 0; n < 5_000; n++) through += wrong(`name ${n}`, ipv6(1, n), 0) === undefined ? 1 : 0;
    expect(through).toBe(600);
    expect(wrong('name', ipv6(2, 0), 0)).toBeUndefined();
  });

  it('wrong passwords tried in parallel count before the first is answered', () => {
    const { begin } = bench();
    const attempts = Array.from({ length: 50 }, () => begin('paul', ipv4(1), 0));
    expect(attempts.filter((attempt) => 'settle' in attempt)).toHaveLength(10);
  });
});

describe('a right password', () => {
  it('a right password is not counted as a guess', () => {
    const { right, triesOf } = bench();
    for (let n = 0; n < 15; n++) expect(right('paul', ipv4(1), n * minuteMs)).toBeUndefined();
    expect(triesOf('paul', ipv4(1), 15 * minuteMs)).toBe(10);
  });

  it('an address cannot sign in without limit, because each right password costs a hash too', () => {
    const { right } = bench();
    let through = 0;
    for (let n = 0; n < 1_000; n++) through += right('paul', ipv4(1), 0) === undefined ? 1 : 0;
    expect(through).toBeLessThanOrEqual(21);
  });
});

describe('the queue for password hashes', () => {
  const rankOf = (attempt: ReturnType<ReturnType<typeof bench>['begin']>) =>
    'rank' in attempt ? attempt.rank : Number.NaN;

  it('the queue puts a new address before one that keeps asking, answered or not', () => {
    const { begin, untried } = bench();
    for (let n = 0; n < 20; n++) untried(`name ${n}`, ipv4(1), 0);
    expect(rankOf(begin('paul', ipv4(2), 0))).toBeLessThan(rankOf(begin('paul', ipv4(1), 0)));
  });

  it('the queue puts a name first at an address where it has signed in before', () => {
    const { begin, right } = bench();
    right('paul', ipv4(1), 0);
    expect(rankOf(begin('paul', ipv4(1), 0))).toBe(0);
    expect(rankOf(begin('mia', ipv4(2), 0))).toBeGreaterThan(0);
  });
});

describe('the owner of a name', () => {
  it('a user is warned of 20, 100 and 1,000 wrong passwords within a day', () => {
    const { wrong } = bench();
    const warnings: unknown[] = [];
    for (let n = 0; n < 1_000; n++) {
      const warning = wrong('paul', ipv4(n % 400), 0);
      if (warning !== undefined && 'wrong' in warning) warnings.push([n + 1, warning]);
    }
    expect(warnings).toEqual([
      [20, { wrong: 20, addresses: 20 }],
      [100, { wrong: 100, addresses: 100 }],
      [1_000, { wrong: 1_000, addresses: 400 }],
    ]);
  });

  it('a user is not warned of a few mistakes a day', () => {
    const { wrong } = bench();
    for (let day = 0; day < 10; day++) {
      for (let n = 0; n < 9; n++) expect(wrong('paul', ipv4(1), day * dayMs)).toBeUndefined();
    }
  });
});

it('a flood of other keys does not evict an emptier bucket', () => {
  const gate = openRateGate({ burst: 10, everyMs: hourMs }, 100);
  for (let n = 0; n < 10; n++) gate.take('guesser', 0);
  for (let n = 0; n < 10_000; n++) {
    expect(gate.take(`other ${n >> 3}`, 1)).toBe(0);
    if (n % 1_000 === 0) expect(gate.take('guesser', 1)).toBeGreaterThan(0);
  }
});
