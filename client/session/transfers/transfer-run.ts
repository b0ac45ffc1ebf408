/**
 * What runs of a transfer, or ran of it last: its status, who gave what, and what it comes to over all runs. Runs begin and
 * end with every pause.
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
  /** The search for what a magnet link stands for, while it is under way. */
  search: PendingMagnet | undefined;
  readonly #nowMs: () => number;
  readonly #wallMs: () => number;
  /** As far as is known: what was complete in an earlier run is no news. */
  #isComplete: boolean;
  /** Of the run under way. A status takes some 50 us to make: with thousands of torrents it is not asked for at every look. */
  #isRunComplete = false;
  /** Payload bytes when they were asked for last. */
  #traffic = 0;
  dates: Dates;
  readonly #totals: TransferTotals;
  #active: ActiveTorrent | undefined;
  #last: Started | undefined;
  /** Of a run that is over. */
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

  /** Every wanted piece is stored, as far as is known: it may not have been looked at in this run. */
  get isComplete(): boolean {
    return this.#active === undefined ? this.#isComplete : this.#isRunComplete;
  }

  /** Pieces were lost, or others are wanted: what is complete may not be so any more. */
  refresh(): void {
    this.#isRunComplete = this.#active?.status().complete ?? false;
  }

  /** Whether bytes have gone since this was asked last. */
  hasNewTraffic(): boolean {
    const { uploaded, downloaded } = this.totals;
    const before = this.#traffic;
    this.#traffic = uploaded + downloaded;
    return this.#traffic !== before;
  }

  /** All that is wanted is here. Answers whether that is news. */
  onCompleted(): boolean {
    const isNews = !this.#isComplete;
    this.#isComplete = true;
    this.#isRunComplete = true;
    this.#totals.onComplete(this.#nowMs());
    this.dates = { ...this.dates, completedMs: this.dates.completedMs ?? this.#wallMs() };
    return isNews;
  }

  /** More is wanted, or all is looked at anew. */
  reopen(): void {
    this.#isComplete = false;
  }

  /** Undefined while nothing runs. */
  get active(): ActiveTorrent | undefined {
    return this.#active;
  }

  /** What the last start has found. Only once there was one. */
  get last(): Started {
    if (this.#last === undefined) throw new Error('the transfer has not begun');
    return this.#last;
  }

  get hasBegun(): boolean {
    return this.#last !== undefined;
  }

  /** The present one, or the last that was. Only once there was a start. */
  get status(): TorrentStatus {
    return this.#active?.status() ?? this.#lastStatus ?? this.last.active.status();
  }

  /** Over all runs. */
  get totals(): Totals {
    return this.#totals.at(this.#nowMs(), this.#active?.status());
  }

  /** Since this run began; checking what was there does not count. */
  get seconds(): number {
    return this.following.seconds;
  }

  /** Bytes of files that have come in this run. */
  get fetchedBytes(): number {
    return this.following.fetchedBytes(this.status);
  }

  /** The most generous first. */
  sources(): SourceFigures[] {
    return this.following.sources(this.status);
  }

  /** Peers that gave something good. */
  get honestSources(): number {
    return this.sources().filter(({ bytes, lied }) => bytes > 0 && !lied).length;
  }

  /** The rate is an average of the last seconds: it outlives the last peer. */
  get isMoving(): boolean {
    const { downBps, peers } = this.status;
    return this.following.diskTrouble === undefined && downBps > 0 && peers.length > 0;
  }

  /** Files that another torrent is fetching to the same place. */
  get waitsFor(): ClaimWait | undefined {
    return this.#active?.waitsFor;
  }

  /** Whether enough was given since it is complete, over all runs. */
  reachedLimit(limits: SeedLimits): 'ratio' | 'time' | undefined {
    if (!this.#isRunComplete || this.#active === undefined) return undefined;
    const { uploaded, sharedSeconds } = this.totals;
    return reachedLimit(limits, uploaded, this.status.wantedBytes, sharedSeconds);
  }
}
