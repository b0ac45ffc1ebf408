/** Bytes that a transfer has uploaded and downloaded over all its runs, and how long it was seeded. */
import type { TorrentStatus } from '../../engine/status.ts';

export interface Totals {
  /** Payload bytes. */
  readonly uploaded: number;
  readonly downloaded: number;
  /** How long it was running and complete. */
  readonly sharedSeconds: number;
}

const nothingYet: Totals = { uploaded: 0, downloaded: 0, sharedSeconds: 0 };

type Traffic = Pick<TorrentStatus, 'uploaded' | 'downloaded'>;

export class TransferTotals {
  #before: Totals;
  /** When this run became complete. */
  #completeMs: number | undefined;

  constructor(before: Totals = nothingYet) {
    this.#before = before;
  }

  /** Includes the current run, if any. */
  at(nowMs: number, now: Traffic | undefined): Totals {
    const { uploaded, downloaded, sharedSeconds } = this.#before;
    const seconds = this.#completeMs === undefined ? 0 : (nowMs - this.#completeMs) / 1000;
    return {
      uploaded: uploaded + (now?.uploaded ?? 0),
      downloaded: downloaded + (now?.downloaded ?? 0),
      sharedSeconds: sharedSeconds + seconds,
    };
  }

  /** The run is complete. May be called repeatedly. */
  onComplete(nowMs: number): void {
    this.#completeMs ??= nowMs;
  }

  onEnd(nowMs: number, run: Traffic): void {
    this.#before = this.at(nowMs, run);
    this.#completeMs = undefined;
  }
}
