/** What a transfer has given and got over all its runs, and for how long it was shared. */
import type { TorrentStatus } from '../../engine/status.ts';

export interface Totals {
  /** Payload bytes. */
  readonly uploaded: number;
  readonly downloaded: number;
  /** For which it was complete and shared. */
  readonly sharedSeconds: number;
}

const nothingYet: Totals = { uploaded: 0, downloaded: 0, sharedSeconds: 0 };

type Traffic = Pick<TorrentStatus, 'uploaded' | 'downloaded'>;

export class TransferTotals {
  #before: Totals;
  /** Since when this run is complete. */
  #completeMs: number | undefined;

  constructor(before: Totals = nothingYet) {
    this.#before = before;
  }

  /** With the run under way, if any. */
  at(nowMs: number, now: Traffic | undefined): Totals {
    const { uploaded, downloaded, sharedSeconds } = this.#before;
    const seconds = this.#completeMs === undefined ? 0 : (nowMs - this.#completeMs) / 1000;
    return {
      uploaded: uploaded + (now?.uploaded ?? 0),
      downloaded: downloaded + (now?.downloaded ?? 0),
      sharedSeconds: sharedSeconds + seconds,
    };
  }

  /** It is complete and runs; told again and again. */
  onComplete(nowMs: number): void {
    this.#completeMs ??= nowMs;
  }

  onEnd(nowMs: number, run: Traffic): void {
    this.#before = this.at(nowMs, run);
    this.#completeMs = undefined;
  }
}
