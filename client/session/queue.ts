/** Which transfers have their turn: as many downloads, and as many seeds, as are allowed at once, in the order of the list. Pure. */

export interface QueueLimits {
  /** Downloads that run at once; 0: all. */
  readonly downloadsMax: number;
  /** Complete torrents that are shared at once; 0: all. */
  readonly sharesMax: number;
}

export interface Queued {
  /** The user has paused it, or it has failed: it takes no turn. */
  readonly rests: boolean;
  readonly run: { readonly isComplete: boolean };
}

/** Those that may run. The order of `all` is the order of turns. */
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
