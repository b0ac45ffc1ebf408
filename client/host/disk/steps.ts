/**
 * Asynchronous work as a generator: `yield* waitFor(x)` stands where an async function has `await x`. Node's
 * file system answers with promises, and the simulated one in virtual time without promises, so that the
 * simulator decides what happens between two steps, and when the power fails.
 */

/** Started work may wait for anything that has a `then`. */
export type Steps<T> = Generator<PromiseLike<unknown>, T, unknown>;

export function* waitFor<T>(pending: PromiseLike<T>): Steps<T> {
  return (yield pending) as T;
}

/** The value of `pending`, or undefined if it rejects. */
export function* orUndefined<T>(pending: PromiseLike<T>): Steps<T | undefined> {
  try {
    return yield* waitFor(pending);
  } catch {
    return undefined;
  }
}

/** The result of work. Like a promise, but its listeners are called synchronously. */
export class Outcome<T> implements PromiseLike<T> {
  #state: { readonly value: T } | { readonly error: unknown } | undefined;
  readonly #waiting: (() => void)[] = [];

  resolve(value: T): void {
    this.#settle({ value });
  }

  reject(error: unknown): void {
    this.#settle({ error });
  }

  // biome-ignore lint/suspicious/noThenProperty: to be waited for like a promise
  then<A = T, B = never>(
    onValue?: ((value: T) => A | PromiseLike<A>) | null,
    onError?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Outcome<A | B> {
    const next = new Outcome<A | B>();
    const tell = () => {
      const state = this.#state!;
      const isRight = 'value' in state;
      const handler = (isRight ? onValue : onError) as ((result: unknown) => unknown) | null | undefined;
      const result = isRight ? state.value : state.error;
      if (handler !== undefined && handler !== null) next.resolve(handler(result) as A | B);
      else if (isRight) next.resolve(result as A);
      else next.reject(result);
    };
    if (this.#state === undefined) this.#waiting.push(tell);
    else tell();
    return next;
  }

  #settle(state: { readonly value: T } | { readonly error: unknown }): void {
    if (this.#state !== undefined) return;
    this.#state = state;
    for (const tell of this.#waiting.splice(0)) tell();
  }
}

/** Starts the work, which then continues without its caller. */
export function start<T>(steps: Steps<T>): Outcome<T> {
  const outcome = new Outcome<T>();
  const advance = (move: () => IteratorResult<PromiseLike<unknown>, T>): void => {
    let result: IteratorResult<PromiseLike<unknown>, T>;
    try {
      result = move();
    } catch (error) {
      return outcome.reject(error);
    }
    if (result.done) return outcome.resolve(result.value);
    result.value.then(
      (value) => advance(() => steps.next(value)),
      (error) => advance(() => steps.throw(error)),
    );
  };
  advance(() => steps.next());
  return outcome;
}

/** Starts work whose result is not awaited. A failure is a bug of ours, and is thrown. */
export function launch(steps: Steps<unknown>): void {
  start(steps).then(undefined, (error) => {
    throw error;
  });
}

/** Starts all work at once and waits until all is done. The first failure rejects the whole. */
export function* together(works: readonly Steps<void>[]): Steps<void> {
  const all = new Outcome<void>();
  let left = works.length;
  if (left === 0) return;
  for (const steps of works) {
    start(steps).then(
      () => {
        left -= 1;
        if (left === 0) all.resolve();
      },
      (error) => all.reject(error),
    );
  }
  yield* waitFor(all);
}

/** The work as a promise, for async functions. */
export function asPromise<T>(steps: Steps<T>): Promise<T> {
  return new Promise((resolve, reject) => start(steps).then(resolve, reject));
}
