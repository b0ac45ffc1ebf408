/** The promises of a transfer that a program can wait for: found, started and completed. */

export abstract class Milestones {
  readonly #found = awaited();
  readonly #started = awaited();
  #completed = awaited();

  /** Resolves when the torrent is known. Rejects with the reason why it cannot be found. */
  get found(): Promise<void> {
    return this.#found.promise;
  }

  /** Resolves when the transfer runs for the first time. Rejects with the reason why it does not. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  /**
   * Resolves when everything wanted is fetched. Replaced by a new promise when more is wanted. Rejects with
   * the reason why it cannot be fetched.
   */
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

  /** The transfer has failed or was removed. */
  protected onEnd(why: Error): void {
    this.#found.reject(why);
    this.#started.reject(why);
    this.#completed.reject(why);
  }

  /** More is wanted, or a failed transfer is tried again. */
  protected onMoreWanted(): void {
    this.#completed = awaited();
  }
}

/** A caller that does not wait for it must not crash from an unhandled rejection. */
function awaited(): PromiseWithResolvers<void> {
  const resolvers = Promise.withResolvers<void>();
  resolvers.promise.catch(() => {});
  return resolvers;
}
