/** Pieces of one torrent that are being written. Until that is done, their files must not be moved. */

/** Where a run of a piece lies; a pad file has no place. `at`: the part file or the side file; both count. */
interface PlaceInFile {
  readonly file: object | undefined;
  readonly at: object;
}

export class WritesUnderWay {
  readonly #byFile = new Map<object, number>();
  #count = 0;
  readonly #whenSettled: (() => void)[] = [];

  /** A piece goes to the disk. Every call is followed by one of `onWritten`. */
  onWriting(places: readonly PlaceInFile[]): void {
    this.#count += 1;
    for (const file of filesIn(places)) this.#byFile.set(file, this.#of(file) + 1);
  }

  onWritten(places: readonly PlaceInFile[]): void {
    for (const file of filesIn(places)) {
      const left = this.#of(file) - 1;
      if (left > 0) this.#byFile.set(file, left);
      else this.#byFile.delete(file);
    }
    this.#end();
  }

  /** A piece is written, and its file is not yet forced to the disk and named. Call the answer when it is. */
  onNaming(): () => void {
    this.#count += 1;
    return () => this.#end();
  }

  /** Resolves when no piece is being written. */
  settled(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenSettled.push(resolve));
  }

  /** Whether a piece of this file is being written. */
  isWriting(file: object): boolean {
    return this.#of(file) > 0;
  }

  #of(file: object): number {
    return this.#byFile.get(file) ?? 0;
  }

  #end(): void {
    this.#count -= 1;
    if (this.#count === 0) for (const resolve of this.#whenSettled.splice(0)) resolve();
  }
}

function* filesIn(places: readonly PlaceInFile[]): Generator<object> {
  for (const { file, at } of places) {
    if (file === undefined) continue;
    yield file;
    if (at !== file) yield at;
  }
}
