/**
 * Whether the disk refuses a download's pieces. The engine retries every few seconds, and small pieces may
 * still fit on a full disk. So a refusal is over when pieces have been stored for a while without another
 * refusal.
 *
 * Left to others: when to look, and the time.
 */
import type { DiskTrouble } from '../../engine/contract.ts';

/**
 * A refused piece is refused within milliseconds of its last block. After two seconds, the next pieces were
 * stored.
 */
const settledMs = 2_000;
/** Stored pieces can be lost at the fsync, which comes seconds later. A minute without a loss is enough. */
const settledAfterLossMs = 60_000;

export class DiskRefusal {
  #trouble: DiskTrouble | undefined;
  #bytes = 0;
  #grownMs: number | undefined;
  #settledMs = settledMs;

  /** Undefined while the disk accepts writes. */
  get trouble(): DiskTrouble | undefined {
    return this.#trouble;
  }

  /** The disk accepts writes again, but the refusal may not be over yet. */
  get isSettling(): boolean {
    return this.#grownMs !== undefined;
  }

  /**
   * `haveBytes`: how much of the download is stored. `hasLost`: stored pieces were lost. Returns whether the
   * refusal is new.
   */
  onTrouble(trouble: DiskTrouble, haveBytes: number, hasLost = false): boolean {
    const isNews = this.#trouble?.code !== trouble.code;
    this.#settledMs =
      hasLost || (!isNews && this.#settledMs === settledAfterLossMs) ? settledAfterLossMs : settledMs;
    this.#trouble = trouble;
    this.#bytes = haveBytes;
    this.#grownMs = undefined;
    return isNews;
  }

  /** To be called regularly. Returns whether the refusal has just ended. */
  look(haveBytes: number, isComplete: boolean, nowMs: number): boolean {
    if (this.#trouble === undefined) return false;
    if (haveBytes > this.#bytes) this.#grownMs ??= nowMs;
    const isOver = isComplete || (this.#grownMs !== undefined && nowMs - this.#grownMs >= this.#settledMs);
    if (isOver) this.#trouble = undefined;
    return isOver;
  }
}
