/** Draws the storage run of a seed. */
import { Randomness } from '../kernel/randomness.ts';
import { drawThemed } from './draw-themed.ts';
import { drawAnything, type StoragePlan } from './storage-plan.ts';

/** One run in five draws from everything. The others combine up to two themes. */
export function drawStoragePlan(seed: number): StoragePlan {
  const randomness = new Randomness(seed);
  const themes = randomness.of('storage themes');
  return themes.below(5) === 0 ? drawAnything(seed, randomness) : drawThemed(seed, randomness);
}
