/**
 * Promises in a simulated run: all due microtasks are run between two simulated events, in their order. The
 * wait itself uses microtasks, so the real event loop never gets a turn.
 *
 * V8 reports every promise that is made or settled: without a report nothing can be due.
 */
const { promiseHooks } = process.getBuiltinModule('node:v8');
/** The real function: a run may replace the global. */
const soon = queueMicrotask;
/**
 * Turns without a promise event after which nothing is due: the `then` of a foreign thenable is called in a
 * turn of its own.
 */
const quietTurns = 4;
/** No correct code takes so many turns; an endless loop does. */
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

  /** Promise events before this call belong to the wait, later ones to the simulated world. */
  begin(): void {
    this.#begun = this.#told;
  }

  /** Whether a promise was made or settled since begin(). */
  get areDue(): boolean {
    return this.#told !== this.#begun;
  }

  /** Resolves when no microtask is due any more. Rejects after `turnsMax` turns. */
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
