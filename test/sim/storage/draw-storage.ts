/** A seed → a storage run. */
import { Randomness } from '../kernel/randomness.ts';
import { drawThemed } from './draw-themed.ts';
import { drawAnything, type StoragePlan } from './storage-plan.ts';

/** One run in five has a little of everything; the others look for trouble of two kinds. */
export function drawStoragePlan(seed: number): StoragePlan {
  const randomness = new Randomness(seed);
  const themes = randomness.of('storage themes');
  return themes.below(5) === 0 ? drawAnything(seed, randomness) : drawThemed(seed, randomness);
}
