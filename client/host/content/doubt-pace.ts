/**
 * How often a part file is hashed again because its times suggest that another program wrote into it. On some
 * network disks times change by themselves: after each reading that finds nothing wrong, the wait gets
 * longer.
 */
const firstWaitMs = 1_000;
/** Ten minutes: hashing a part file this rarely costs little. */
const waitMsMax = 600_000;

export class DoubtPace {
  #waitMs = 0;
  #nextMs = 0;

  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextMs;
  }

  /** `wasNeedless`: bytes were read, and all were correct. */
  onRead(wasNeedless: boolean, nowMs: number): void {
    this.#waitMs = wasNeedless ? Math.min(waitMsMax, this.#waitMs * 2 + firstWaitMs) : 0;
    this.#nextMs = nowMs + this.#waitMs;
  }
}
