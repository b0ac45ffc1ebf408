/** What a program may wait for of one transfer: that it runs, and that all that is wanted is here. */

export abstract class Milestones {
  readonly #found = awaited();
  readonly #started = awaited();
  #completed = awaited();

  /** Resolves when its torrent is known. Rejects with why it cannot be found. */
  get found(): Promise<void> {
    return this.#found.promise;
  }

  /** Resolves when it runs for the first time. Rejects with why it does not. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Resolves when all that is wanted is here; a new promise when more is wanted. Rejects with why that cannot be. */
  get completed(): Promise<void> {
    return this.#completed.promise;
  }

  protected onFound(): void {
    this.#found.resolve();
  }

  protected onStarted(): void {
    this.#started.resolve();
  }

  protected onCompleted(): void {
    this.#completed.resolve();
  }

  /** It has failed, or was removed. */
  protected onEnd(why: Error): void {
    this.#found.reject(why);
    this.#started.reject(why);
    this.#completed.reject(why);
  }

  /** More is wanted, or it is tried again. */
  protected onMoreWanted(): void {
    this.#completed = awaited();
  }
}

/** A caller that does not wait for it must not be ended by its rejection. */
function awaited(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>();
  resolvers.promise.catch(() => {});
  return resolvers;
}
