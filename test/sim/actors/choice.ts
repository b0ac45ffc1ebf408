/**
 * A variant nobody has named is drawn, so that a seed that says only "a flooder" meets every kind of it in time.
 */
import type { Stage } from './stage.ts';

export function pick<T>(items: readonly T[], random: Stage['random']): T {
  return items[random.below(items.length)]!;
}
