/**
 * Whether the disk refuses what a download brings. The engine tries again every few seconds, and small pieces may find a
 * place on a disk that is full for all others: a refusal is over when pieces have been stored for a while and none was
 * refused since.
 *
 * Left to others: when to look, and the time.
 */
import type { DiskTrouble } from '../../engine/contract.ts';

/** A piece that was refused is refused within milliseconds of its last block: after this the next ones were stored. */
const settledMs = 2_000;
/** What was stored and is lost again is lost when it is forced to the disk, which takes seconds: a minute is certain. */
const settledAfterLossMs = 60_000;

export class DiskRefusal {
  #trouble: DiskTrouble | undefined;
  #bytes = 0;
  #grownMs: number | undefined;
  #settledMs = settledMs;

  /** Undefined while the disk takes what comes. */
  get trouble(): DiskTrouble | undefined {
    return this.#trouble;
  }

  /** It takes pieces again, and it is not certain yet that it goes on so. */
  get isSettling(): boolean {
    return this.#grownMs !== undefined;
  }

  /** `haveBytes`: what is stored of the download; `hasLost`: it had taken pieces. Answers whether that is news. */
  onTrouble(trouble: DiskTrouble, haveBytes: number, hasLost = false): boolean {
    const isNews = this.#trouble?.code !== trouble.code;
    this.#settledMs =
      hasLost || (!isNews && this.#settledMs === settledAfterLossMs) ? settledAfterLossMs : settledMs;
    this.#trouble = trouble;
    this.#bytes = haveBytes;
    this.#grownMs = undefined;
    return isNews;
  }

  /** To be called now and then. Answers whether the refusal has just ended. */
  look(haveBytes: number, isComplete: boolean, nowMs: number): boolean {
    if (this.#trouble === undefined) return false;
    if (haveBytes > this.#bytes) this.#grownMs ??= nowMs;
    const isOver = isComplete || (this.#grownMs !== undefined && nowMs - this.#grownMs >= this.#settledMs);
    if (isOver) this.#trouble = undefined;
    return isOver;
  }
}
