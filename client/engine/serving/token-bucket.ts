/**
 * A rate limit in bytes per second: what is taken beyond the allowance is owed, and nothing more is given until the
 * debt is paid by time. Integers only.
 */

/** A burst of a quarter of a second keeps a link busy between two looks at the clock. */
const burstsPerSecond = 4;

export class TokenBucket {
  #bpsMax: number;
  /** A byte at least: at three bytes a second, too, something is sent. */
  #burst: number;
  #tokens: number;
  #filledMs = 0;
  /** What is left of a byte, in thousandths. */
  #thousandths = 0;

  constructor(bpsMax: number) {
    this.#bpsMax = bpsMax;
    this.#burst = burstOf(bpsMax);
    this.#tokens = 0;
  }

  /** Bytes per second; 0 is no limit. */
  get bpsMax(): number {
    return this.#bpsMax;
  }

  /** From now on. What is owed by then stays owed, and is paid at the new rate. */
  setLimit(bpsMax: number, nowMs: number): void {
    if (this.#bpsMax > 0) this.#earn(nowMs);
    // Without a limit nothing was counted, and nothing is owed.
    else [this.#tokens, this.#thousandths, this.#filledMs] = [0, 0, nowMs];
    this.#bpsMax = bpsMax;
    this.#burst = burstOf(bpsMax);
    this.#tokens = Math.min(this.#burst, this.#tokens);
  }

  /** True when `bytes` may go now; false: ask again later. */
  take(bytes: number, nowMs: number): boolean {
    if (this.#bpsMax === 0) return true;
    this.#earn(nowMs);
    // A block may be larger than the burst of a very low limit: then it is a debt.
    if (this.#tokens <= 0) return false;
    this.#tokens -= bytes;
    return true;
  }

  #earn(nowMs: number): void {
    // More would only overflow the numbers: a waiting connection asks again many times a minute.
    const elapsedMs = Math.min(nowMs - this.#filledMs, 60_000);
    const earned = elapsedMs * this.#bpsMax + this.#thousandths;
    this.#thousandths = earned % 1000;
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.floor(earned / 1000));
  }
}

function burstOf(bpsMax: number): number {
  return Math.max(1, Math.floor(bpsMax / burstsPerSecond));
}
