/**
 * Draws a variant that the plan does not name, so that the seeds of "a flooder" cover every kind of flooder.
 */
import type { Stage } from './stage.ts';

export function pick<T>(items: readonly T[], random: Stage['random']): T {
  return items[random.below(items.length)]!;
}
