/**
 * How long to wait after the nth failure in a row: doubling up to a cap, plus up to half again by chance, so that many
 * clients that failed together do not come back together. Integers only.
 */
import type { Prng } from '../prng.ts';

/** `failures` is at least 1. */
export function backoffMs(failures: number, firstMs: number, maxMs: number, random: Prng): number {
  let waitMs = firstMs;
  for (let n = 1; n < failures && waitMs < maxMs; n++) waitMs *= 2;
  waitMs = Math.min(waitMs, maxMs);
  return waitMs + random.below(1 + Math.floor(waitMs / 2));
}
