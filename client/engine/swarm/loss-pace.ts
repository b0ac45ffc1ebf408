/**
 * How long nothing new is fetched after a disk has lost what it had taken. An fsync that fails again and again would
 * otherwise have the same pieces fetched again every few seconds, for as long as it fails.
 *
 * The wait doubles from loss to loss. It begins anew when pieces stay where they were stored.
 */
import type { DiskTrouble } from '../contract.ts';
import type { Limits } from '../limits.ts';

/** What a disk says that fails, in answer to an fsync or a rename. A file that was deleted or changed is no such trouble. */
const failing = new Set(['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'ENXIO', 'ESTALE']);

export function isFailingDisk({ code }: DiskTrouble): boolean {
  return failing.has(code);
}

export class LossPace {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #settledMs: number;
  #waitMs = 0;
  /** When a piece was stored first since the last loss. */
  #storedMs: number | undefined;

  constructor({ diskRetryMs, lossRetryMaxMs, lossRoundMs }: Limits) {
    this.#firstMs = diskRetryMs;
    this.#maxMs = lossRetryMaxMs;
    // The program forces to the disk what it has written every few seconds: after this long, that went well.
    this.#settledMs = lossRoundMs;
  }

  /** Answers for how many milliseconds nothing is to be fetched from now on. */
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
