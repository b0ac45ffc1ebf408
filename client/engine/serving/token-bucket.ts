/**
 * A rate limit in bytes per second: what is taken beyond the allowance is owed, and nothing more is given until the
 * debt is paid by time. Integers only.
 */

/** A burst of a quarter of a second keeps a link busy between two looks at the clock. */
const burstsPerSecond = 4;

export class TokenBucket {
  /** Bytes per second; 0 is no limit. */
  readonly bpsMax: number;
  /** A byte at least: at three bytes a second, too, something is sent. */
  readonly #burst: number;
  #tokens: number;
  #filledMs = 0;
  /** What is left of a byte, in thousandths. */
  #thousandths = 0;

  constructor(bpsMax: number) {
    this.bpsMax = bpsMax;
    this.#burst = Math.max(1, Math.floor(bpsMax / burstsPerSecond));
    this.#tokens = 0;
  }

  /** True when `bytes` may go now; false: ask again later. */
  take(bytes: number, nowMs: number): boolean {
    if (this.bpsMax === 0) return true;
    // More would only overflow the numbers: a waiting connection asks again many times a minute.
    const elapsedMs = Math.min(nowMs - this.#filledMs, 60_000);
    const earned = elapsedMs * this.bpsMax + this.#thousandths;
    this.#thousandths = earned % 1000;
    this.#filledMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.floor(earned / 1000));
    // A block may be larger than the burst of a very low limit: then it is a debt.
    if (this.#tokens <= 0) return false;
    this.#tokens -= bytes;
    return true;
  }
}
