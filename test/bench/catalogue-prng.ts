/** Pseudo-random numbers that are the same in every run (mulberry32). */
export interface Prng {
  /** An integer from zero to below `bound`. */
  below(bound: number): number;
  /** The same, but low numbers are more frequent: a few words are in every other title, most are rare. */
  uneven(bound: number): number;
}

export function createPrng(seed: number): Prng {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let n = Math.imul(state ^ (state >>> 15), 1 | state);
    n = (n + Math.imul(n ^ (n >>> 7), 61 | n)) ^ n;
    return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (bound) => Math.floor(next() * bound),
    uneven: (bound) => Math.floor(next() ** 3 * bound),
  };
}
