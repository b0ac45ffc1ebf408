/**
 * How long no piece is requested after a disk has lost stored pieces. Otherwise an fsync that keeps failing
 * would cause the same pieces to be downloaded again every few seconds.
 *
 * The wait doubles with each loss. It starts over when pieces stay stored for `lossRoundMs`.
 */
import type { DiskTrouble } from '../contract.ts';
import type { Limits } from '../limits.ts';

/** Error codes of a failing disk, from an fsync or a rename. A deleted or changed file has other codes. */
const failing = new Set(['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'ENXIO', 'ESTALE']);

export function isFailingDisk({ code }: DiskTrouble): boolean {
  return failing.has(code);
}

export class LossPace {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #settledMs: number;
  #waitMs = 0;
  /** When the first piece since the last loss was stored. */
  #storedMs: number | undefined;

  constructor({ diskRetryMs, lossRetryMaxMs, lossRoundMs }: Limits) {
    this.#firstMs = diskRetryMs;
    this.#maxMs = lossRetryMaxMs;
    // The program calls fsync every few seconds: pieces that are stored for this long have passed it.
    this.#settledMs = lossRoundMs;
  }

  /** Returns for how many milliseconds nothing is to be requested from now on. */
  onLost(nowMs: number): number {
    const isSettled = this.#storedMs !== undefined && nowMs - this.#storedMs >= this.#settledMs;
    this.#waitMs = isSettled || this.#waitMs === 0 ? this.#firstMs : Math.min(this.#maxMs, this.#waitMs * 2);
    this.#storedMs = undefined;
    return this.#waitMs;
  }

  onStored(nowMs: number): void {
    this.#storedMs ??= nowMs;
  }
}
