import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../client/engine/peers/backoff.ts';
import { Prng } from '../../client/engine/prng.ts';

/** xoshiro128** as its authors define it, in arbitrary precision. */
function* reference(state: bigint[]): Generator<number> {
  const u32 = (x: bigint) => x & 0xffff_ffffn;
  const rotl = (x: bigint, k: bigint) => u32((x << k) | (x >> (32n - k)));
  const s = state as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number(u32(rotl(u32(s[1] * 5n), 7n) * 9n));
    const t = u32(s[1] << 9n);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
  }
}

/** splitmix32 for the seeding, as in prng.ts. */
function seeded(seed: number): bigint[] {
  let state = BigInt.asUintN(32, BigInt(seed));
  return Array.from({ length: 4 }, () => {
    state = BigInt.asUintN(32, state + 0x9e37_79b9n);
    let z = state;
    z = BigInt.asUintN(32, (z ^ (z >> 16n)) * 0x85eb_ca6bn);
    z = BigInt.asUintN(32, (z ^ (z >> 13n)) * 0xc2b2_ae35n);
    return z ^ (z >> 16n);
  });
}

describe('the generator', () => {
  it('the generator is xoshiro128** over splitmix32, for any seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (seed) => {
        const prng = new Prng(seed);
        const expected = reference(seeded(seed));
        for (let i = 0; i < 20; i++) expect(prng.next()).toBe(expected.next().value);
      }),
    );
  });

  it('the same seed gives the same run, and another seed another run', () => {
    const draw = (seed: number) => {
      const prng = new Prng(seed);
      return Array.from({ length: 8 }, () => prng.next());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('numbers below a bound are all drawn, and none beyond it', () => {
    const prng = new Prng(3);
    const seen = new Set(Array.from({ length: 1_000 }, () => prng.below(10)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (let i = 0; i < 1_000; i++) expect(prng.below(2 ** 21)).toBeLessThan(2 ** 21);
    expect(prng.below(1)).toBe(0);
  });
});

describe('backoff', () => {
  it('a backoff doubles up to the cap, plus at most a random half', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.nat(), (failures, seed) => {
        const waitMs = backoffMs(failures, 1_000, 60_000, new Prng(seed));
        const least = Math.min(60_000, 1_000 * 2 ** Math.min(failures - 1, 20));
        expect(waitMs).toBeGreaterThanOrEqual(least);
        expect(waitMs).toBeLessThanOrEqual(least * 1.5);
        expect(Number.isInteger(waitMs)).toBe(true);
      }),
    );
  });

  it('clients that failed together do not return together', () => {
    const waits = new Set(
      Array.from({ length: 50 }, (_, seed) => backoffMs(3, 1_000, 60_000, new Prng(seed))),
    );
    expect(waits.size).toBeGreaterThan(40);
  });
});
