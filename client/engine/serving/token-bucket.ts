/**
 * A rate limit in bytes per second, as a token bucket. A take beyond the allowance makes a debt, and nothing
 * more is granted until time has paid it. Integers only.
 */

/** A burst of a quarter of a second keeps a link busy between two checks. */
const burstsPerSecond = 4;

export class TokenBucket {
  #bpsMax: number;
  /** At least one byte, so that even a limit of three bytes a second sends something. */
  #burst: number;
  #tokens: number;
  #filledMs = 0;
  /** The remainder of a byte, in thousandths. */
  #thousandths = 0;

  constructor(bpsMax: number) {
    this.#bpsMax = bpsMax;
    this.#burst = burstOf(bpsMax);
    this.#tokens = 0;
  }

  /** Bytes per second; 0: no limit. */
  get bpsMax(): number {
    return this.#bpsMax;
  }

  /** Applies from now on. An existing debt stays and is paid at the new rate. */
  setLimit(bpsMax: number, nowMs: number): void {
    if (this.#bpsMax > 0) this.#earn(nowMs);
    // Without a limit nothing was counted, so there is no debt.
    else [this.#tokens, this.#thousandths, this.#filledMs] = [0, 0, nowMs];
    this.#bpsMax = bpsMax;
    this.#burst = burstOf(bpsMax);
    this.#tokens = Math.min(this.#burst, this.#tokens);
  }

  /** True when `bytes` may go now. False: ask again later. */
  take(bytes: number, nowMs: number): boolean {
    if (this.#bpsMax === 0) return true;
    this.#earn(nowMs);
    // A block may be larger than the burst of a very low limit; the difference is a debt.
    if (this.#tokens <= 0) return false;
    this.#tokens -= bytes;
    return true;
  }

  #earn(nowMs: number): void {
    // The cap avoids overflow. A waiting connection asks far more often.
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
