/**
 * Promises in a simulated run: what they are waited for with is done between two simulated events, all of it, and in the
 * order in which it came. Nothing of the real world gets a turn in between: a microtask is waited for with microtasks.
 *
 * V8 tells of every promise that is made or settled: where none was, nothing can be due.
 */
const { promiseHooks } = process.getBuiltinModule('node:v8');
/** The real one: a run may have another under this name. */
const soon = queueMicrotask;
/** What is due may take a few turns without a promise: a `then` of another make is called in a turn of its own. */
const quietTurns = 4;
/** Nothing of ours takes so many; a loop without end does. */
const turnsMax = 100_000;

export class Microtasks {
  #told = 0;
  #begun = 0;
  readonly #unhook: () => void;

  constructor() {
    const note = () => {
      this.#told += 1;
    };
    this.#unhook = promiseHooks.createHook({ init: note, settled: note }) as unknown as () => void;
  }

  /** From now on what is made or settled is the world's: what came before was the wait for it. */
  begin(): void {
    this.#begun = this.#told;
  }

  /** Something may be due since. */
  get areDue(): boolean {
    return this.#told !== this.#begun;
  }

  /** Resolves when nothing is due any more. Rejects when that never comes. */
  done(): Promise<void> {
    return new Promise((resolve, reject) => {
      let [turns, quiet, told] = [0, 0, this.#told];
      const turn = () => {
        turns += 1;
        quiet = told === this.#told ? quiet + 1 : 0;
        told = this.#told;
        if (turns > turnsMax) return reject(new Error('promises that never come to rest'));
        if (quiet < quietTurns) return soon(turn);
        resolve();
      };
      soon(turn);
    });
  }

  end(): void {
    this.#unhook();
  }
}
