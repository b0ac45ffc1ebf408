/**
 * Decides which transfers may run: as many downloads, and as many seeds, as are allowed at once, in the order
 * of the list. Pure.
 */

export interface QueueLimits {
  /** Downloads that run at once; 0: unlimited. */
  readonly downloadsMax: number;
  /** Complete torrents that are seeded at once; 0: unlimited. */
  readonly sharesMax: number;
}

export interface Queued {
  /** The transfer is paused, failed or being removed, so it takes no slot. */
  readonly rests: boolean;
  readonly run: { readonly isComplete: boolean };
}

/** The transfers that may run. Those that come first in `all` have precedence. */
export function turnsOf<T extends Queued>(
  all: readonly T[],
  { downloadsMax, sharesMax }: QueueLimits,
): Set<T> {
  const turns = new Set<T>();
  let [downloads, shares] = [downloadsMax || all.length, sharesMax || all.length];
  for (const one of all) {
    if (one.rests) continue;
    const left = one.run.isComplete ? shares-- : downloads--;
    if (left > 0) turns.add(one);
  }
  return turns;
}
