/**
 * Runs a limited number of tasks at once, in the order in which they came. Checking two folders side by side
 * would only make a disk seek.
 */

export class Turns {
  readonly #max: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /**
   * `giveWay`: lets the next task begin while this one goes on. Rejects with the signal's reason, even before
   * the task's turn.
   */
  async take<T>(signal: AbortSignal, work: (giveWay: () => void) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#taken >= this.#max) await this.#turn(signal);
    else this.#taken += 1;
    let isOver = false;
    const giveWay = () => {
      if (!isOver) this.#next();
      isOver = true;
    };
    try {
      return await work(giveWay);
    } finally {
      giveWay();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal.reason);
      };
      this.#waiting.push(turn);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken -= 1;
    else next();
  }
}
