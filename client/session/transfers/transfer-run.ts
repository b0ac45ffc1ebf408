/**
 * The current or last run of a transfer: its status, the bytes per peer, and totals over all runs. Every
 * pause ends a run.
 */
import type { TorrentStatus } from '../../engine/status.ts';
import type { ActiveTorrent } from '../../host/active-torrent.ts';
import type { ClaimWait } from '../../host/claims/download-claim.ts';
import type { PendingMagnet } from '../../host/pending-magnet.ts';
import type { Following } from '../following/following.ts';
import type { SourceFigures } from '../following/source-tally.ts';
import { reachedLimit, type SeedLimits } from './seed-limits.ts';
import type { Started } from './starting.ts';
import { type Totals, TransferTotals } from './transfer-totals.ts';
import type { Dates, Earlier, TransferWorld } from './transfer-world.ts';

type Clocks = Pick<TransferWorld<never>, 'nowMs' | 'wallMs'>;

export class TransferRun {
  following: Following;
  /** The metadata search for a magnet link, while it is under way. */
  search: PendingMagnet | undefined;
  readonly #nowMs: () => number;
  readonly #wallMs: () => number;
  /** Complete when last known, in this run or before. `completed` is emitted when this becomes true. */
  #isComplete: boolean;
  /**
   * Whether the current run is complete. A status takes about 50 µs to make, which is too slow to do it at
   * every look for thousands of torrents.
   */
  #isRunComplete = false;
  /** Total payload bytes at the last call of hasNewTraffic(). */
  #traffic = 0;
  dates: Dates;
  readonly #totals: TransferTotals;
  #active: ActiveTorrent | undefined;
  #last: Started | undefined;
  /** The final status of the last run. */
  #lastStatus: TorrentStatus | undefined;

  constructor(
    following: Following,
    { nowMs, wallMs }: Clocks,
    earlier: Omit<Earlier, 'totals'> & Partial<Earlier>,
  ) {
    this.following = following;
    this.#nowMs = nowMs;
    this.#wallMs = wallMs;
    this.#totals = new TransferTotals(earlier.totals);
    this.#isComplete = earlier.isComplete;
    this.dates = earlier.dates;
  }

  begin(started: Started): void {
    this.#active = started.active;
    this.#last = started;
    this.#lastStatus = undefined;
    this.following.attach(started.active);
    this.refresh();
  }

  end(active: ActiveTorrent): void {
    const status = active.status();
    this.#isComplete = status.complete;
    this.#totals.onEnd(this.#nowMs(), status);
    this.#lastStatus = status;
    this.#active = undefined;
    this.following.detach();
  }

  /** Every wanted piece is stored, as far as is known. The files may not have been checked in this run. */
  get isComplete(): boolean {
    return this.#active === undefined ? this.#isComplete : this.#isRunComplete;
  }

  /**
   * To be called when pieces were lost or the selection has changed: the torrent may no longer be complete.
   */
  refresh(): void {
    this.#isRunComplete = this.#active?.status().complete ?? false;
  }

  /** Whether bytes were sent or received since the last call. */
  hasNewTraffic(): boolean {
    const { uploaded, downloaded } = this.totals;
    const before = this.#traffic;
    this.#traffic = uploaded + downloaded;
    return this.#traffic !== before;
  }

  /** Everything wanted is fetched. Returns whether that is new. */
  onCompleted(): boolean {
    const isNews = !this.#isComplete;
    this.#isComplete = true;
    this.#isRunComplete = true;
    this.#totals.onComplete(this.#nowMs());
    this.dates = { ...this.dates, completedMs: this.dates.completedMs ?? this.#wallMs() };
    return isNews;
  }

  /** More is wanted, or everything is rechecked. */
  reopen(): void {
    this.#isComplete = false;
  }

  /** Undefined while nothing runs. */
  get active(): ActiveTorrent | undefined {
    return this.#active;
  }

  /** The result of the last start. Throws if there was none. */
  get last(): Started {
    if (this.#last === undefined) throw new Error('the transfer has not begun');
    return this.#last;
  }

  get hasBegun(): boolean {
    return this.#last !== undefined;
  }

  /** The current status, or the last one. Throws if there was no start. */
  get status(): TorrentStatus {
    return this.#active?.status() ?? this.#lastStatus ?? this.last.active.status();
  }

  /** Over all runs. */
  get totals(): Totals {
    return this.#totals.at(this.#nowMs(), this.#active?.status());
  }

  /** Duration of this run, without checking files. */
  get seconds(): number {
    return this.following.seconds;
  }

  /** Bytes of wanted files fetched in this run. */
  get fetchedBytes(): number {
    return this.following.fetchedBytes(this.status);
  }

  /** The peers that sent most come first. */
  sources(): SourceFigures[] {
    return this.following.sources(this.status);
  }

  /** Counts peers that sent bytes and no corrupt data. */
  get honestSources(): number {
    return this.sources().filter(({ bytes, lied }) => bytes > 0 && !lied).length;
  }

  /**
   * Requires a connected peer, because the rate is an average of the last seconds and stays above 0 after the
   * last peer has left.
   */
  get isMoving(): boolean {
    const { downBps, peers } = this.status;
    return this.following.diskTrouble === undefined && downBps > 0 && peers.length > 0;
  }

  /** The files that another torrent is fetching to the same path. */
  get waitsFor(): ClaimWait | undefined {
    return this.#active?.waitsFor;
  }

  /** The seed limit that was reached since the transfer is complete, over all runs. */
  reachedLimit(limits: SeedLimits): 'ratio' | 'time' | undefined {
    if (!this.#isRunComplete || this.#active === undefined) return undefined;
    const { uploaded, sharedSeconds } = this.totals;
    return reachedLimit(limits, uploaded, this.status.wantedBytes, sharedSeconds);
  }
}
