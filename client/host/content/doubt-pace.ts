/**
 * How often a file under way is read again because its times say that another program wrote into it. On some network
 * disks a time changes by itself: after a reading that found nothing, the next one waits longer.
 */
const firstWaitMs = 1_000;
/** Ten minutes: a file under way that is hashed this rarely costs little. */
const waitMsMax = 600_000;

export class DoubtPace {
  #waitMs = 0;
  #nextMs = 0;

  isDue(nowMs: number): boolean {
    return nowMs >= this.#nextMs;
  }

  /** `wasNeedless`: bytes were read, and all were right. */
  onRead(wasNeedless: boolean, nowMs: number): void {
    this.#waitMs = wasNeedless ? Math.min(waitMsMax, this.#waitMs * 2 + firstWaitMs) : 0;
    this.#nextMs = nowMs + this.#waitMs;
  }
}
