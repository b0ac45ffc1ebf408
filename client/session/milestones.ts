/** What a program may wait for of one transfer: that it runs, and that all that is wanted is here. */

export class Milestones {
  readonly #started = awaited();
  #completed = awaited();

  /** Resolves when it runs for the first time. Rejects with why it does not. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /** Resolves when all that is wanted is here; a new promise when more is wanted. Rejects with why that cannot be. */
  get completed(): Promise<void> {
    return this.#completed.promise;
  }

  onStarted(): void {
    this.#started.resolve();
  }

  onCompleted(): void {
    this.#completed.resolve();
  }

  /** It has failed, or was removed. */
  onEnded(why: Error): void {
    this.#started.reject(why);
    this.#completed.reject(why);
  }

  /** More is wanted, or it is tried again. */
  reopen(): void {
    this.#completed = awaited();
  }
}

/** A caller that does not wait for it must not be ended by its rejection. */
function awaited(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>();
  resolvers.promise.catch(() => {});
  return resolvers;
}
