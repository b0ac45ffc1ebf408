/**
 * When a torrent is complete: when every wanted file lies in its place, and not only when its last byte was
 * written. A new promise each time that more is wanted.
 */
export class Completion {
  readonly #isComplete: () => boolean;
  readonly #isInPlace: () => Promise<boolean>;
  readonly #onComplete: () => void;
  #pending = newPromise();

  /** `isComplete`: every wanted piece is stored; `isInPlace` looks where; `onComplete` hears of it before all others. */
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

  /** More is wanted. Answers how to take that back. */
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
  // A caller that does not wait for it must not be ended by its rejection.
  resolvers.promise.catch(() => {});
  return resolvers;
}
