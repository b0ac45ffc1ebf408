/** Numbers the releases of notices, as a search numbers its results. */
import type { Notice } from '../../account/live-news.ts';
import { type RememberedResult, resultsMax, saveResults } from './last-results.ts';

export class ListedNotices {
  readonly #rows: RememberedResult[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #stateFolder: string;
  readonly #tracker: string;
  #isSaved = true;

  constructor(stateFolder: string, tracker: string) {
    this.#stateFolder = stateFolder;
    this.#tracker = tracker;
  }

  /** A notice without a release gets no number, nor does one beyond `resultsMax`. */
  add({ id, releaseId }: Notice): void {
    if (releaseId === undefined || this.#numbers.has(id) || this.#rows.length >= resultsMax) return;
    this.#rows.push({ releaseId, song: undefined });
    this.#numbers.set(id, this.#rows.length);
    this.#isSaved = false;
  }

  of({ id }: Notice): number | undefined {
    return this.#numbers.get(id);
  }

  readonly numbered = (notice: Notice) => ({ number: this.of(notice) ?? null, ...notice });

  /** An inbox without releases keeps the list of the last search. */
  async save(): Promise<void> {
    if (this.#isSaved) return;
    await saveResults(this.#stateFolder, { tracker: this.#tracker, rows: this.#rows });
    this.#isSaved = true;
  }
}
