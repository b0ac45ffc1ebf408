/**
 * Exponential backoff: the wait after the nth failure in a row doubles up to a cap. Up to half of it is added
 * at random, so that many clients that failed together do not return together. Integers only.
 */
import type { Prng } from '../prng.ts';

/** `failures` is at least 1. */
export function backoffMs(failures: number, firstMs: number, maxMs: number, random: Prng): number {
  let waitMs = firstMs;
  for (let n = 1; n < failures && waitMs < maxMs; n++) waitMs *= 2;
  waitMs = Math.min(waitMs, maxMs);
  return waitMs + random.below(1 + Math.floor(waitMs / 2));
}
