/** Makes sure that each trouble of a share is reported once, and again only after it was over. */

/** What happens to a share in trouble. */
export type TroubleOutlook = 'tried-again' | 'not-seeded' | 'looked-at-again';

export class SaidOnce {
  /** What the trouble is about → what was last reported. */
  readonly #said = new Map<string, string>();

  /** Whether to report it; false while it is the same as before. */
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
