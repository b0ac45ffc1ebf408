/**
 * A torrent is complete when every wanted file is found in its place, and not already when its last byte is
 * written. There is a new promise each time that more files are selected.
 */
export class Completion {
  readonly #isComplete: () => boolean;
  readonly #isInPlace: () => Promise<boolean>;
  readonly #onComplete: () => void;
  #pending = newPromise();

  /**
   * `isComplete`: every wanted piece is stored. `isInPlace` inspects the files. `onComplete` is called before
   * the promise resolves.
   */
  constructor(isComplete: () => boolean, isInPlace: () => Promise<boolean>, onComplete: () => void) {
    this.#isComplete = isComplete;
    this.#isInPlace = isInPlace;
    this.#onComplete = onComplete;
  }

  get promise(): Promise<void> {
    return this.#pending.promise;
  }

  readonly confirm = async (): Promise<void> => {
    const { resolve } = this.#pending;
    if (!this.#isComplete() || !(await this.#isInPlace()) || !this.#isComplete()) return;
    this.#onComplete();
    resolve();
  };

  reject(reason: Error): void {
    this.#pending.reject(reason);
  }

  /** More files are selected. Answers how to undo that. */
  reopen(): () => void {
    const before = this.#pending;
    if (this.#isComplete()) this.#pending = newPromise();
    return () => {
      this.#pending = before;
    };
  }
}

function newPromise(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>();
  // A caller that does not wait for the promise must not be ended by its rejection.
  resolvers.promise.catch(() => {});
  return resolvers;
}
