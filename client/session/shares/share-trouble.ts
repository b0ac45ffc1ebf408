/** Troubles of what is shared: each is told once, however often it is met, and again after it was over. */

/** What becomes of a folder in trouble. */
export type TroubleOutlook = 'tried-again' | 'not-seeded' | 'looked-at-again';

export class SaidOnce {
  /** By what the trouble is about, what was told of it last. */
  readonly #said = new Map<string, string>();

  /** Whether it is to be told; false while it is the same as before. */
  isNews(about: string, what: string): boolean {
    if (this.#said.get(about) === what) return false;
    this.#said.set(about, what);
    return true;
  }

  /** The trouble is over. */
  forget(about: string): void {
    this.#said.delete(about);
  }
}
