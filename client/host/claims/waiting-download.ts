/**
 * A download that starts without the files that another torrent is fetching to the same place. When the other
 * torrent is complete or gone, a second run starts with all files: the pieces of the first run are
 * remembered, and the files of the other torrent are compared. The user sees one download all the time.
 *
 * Invariant: the download is complete only when all wanted files exist and were checked.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { Report } from '../../engine/contract.ts';
import { unwanted } from '../../engine/pieces/piece-selection.ts';
import type { TorrentStatus } from '../../engine/status.ts';
import type { ActiveTorrent, DownloadOptions } from '../active-torrent.ts';
import { ClientError } from '../client-error.ts';
import { type FileChoice, filePriority } from '../file-selection.ts';
import type { ClaimRegister } from './claim-register.ts';
import {
  awaitClaim,
  type ClaimWait,
  type ClaimWatch,
  claimDownload,
  type DownloadClaim,
} from './download-claim.ts';

/** The claims of the download, as one run uses them. */
export type RunClaim = Pick<DownloadClaim, 'rest' | 'release' | 'select' | 'wake'>;

/** Starts the download with the claimed files. A run is stopped before the next one starts. */
export type Run = (
  how: Pick<DownloadOptions, 'select' | 'onReport'>,
  claim: RunClaim,
  isLeft: (file: TorrentFile) => boolean,
) => Promise<ActiveTorrent>;

/** Rejects with a ClaimError when another torrent writes its paths, and nothing was written. */
export async function downloadClaimed(
  register: ClaimRegister,
  metainfo: Metainfo,
  options: DownloadOptions,
  closing: AbortSignal,
  run: Run,
): Promise<ActiveTorrent> {
  const { folder, upgradeFrom, select: choose = () => true } = options;
  const watch = { ...options, closing };
  const isWanted = (file: TorrentFile) => filePriority(choose, file) !== unwanted;
  const claim = await claimDownload(register, { metainfo, folder, upgradeFrom }, isWanted, watch);
  try {
    if (!claim.isWaiting) return await run(options, claim, claim.isLeft);
    return await WaitingDownload.begin(claim, options, watch, run);
  } catch (error) {
    claim.release();
    throw error;
  }
}

type Transferred = Pick<TorrentStatus, 'downloaded' | 'uploaded' | 'wasted'>;

class WaitingDownload implements ActiveTorrent {
  readonly #claim: DownloadClaim;
  readonly #watch: ClaimWatch;
  readonly #run: Run;
  readonly #onReport: DownloadOptions['onReport'];
  #choose: FileChoice;
  /** `whole`: the second run, with all wanted files, has started. */
  #phase: 'waiting' | 'restarting' | 'whole' = 'waiting';
  #current!: ActiveTorrent;
  /** Bytes of the wanted files that the other torrent fetches, as last counted. */
  #awaitedBytes = 0;
  /** What the first run has transferred. */
  #before: Transferred = { downloaded: 0, uploaded: 0, wasted: 0 };
  #sequential: boolean | undefined;
  readonly #stopped = new AbortController();
  readonly #done = Promise.withResolvers<void>();
  #going: Promise<void> = Promise.resolve();

  /** Use begin(). */
  private constructor(claim: DownloadClaim, options: DownloadOptions, watch: ClaimWatch, run: Run) {
    this.#claim = claim;
    this.#watch = watch;
    this.#run = run;
    this.#onReport = options.onReport;
    this.#choose = options.select ?? (() => true);
    // A failure must not be an unhandled rejection when no caller waits for `completed`.
    this.#done.promise.catch(() => {});
  }

  static async begin(
    claim: DownloadClaim,
    options: DownloadOptions,
    watch: ClaimWatch,
    run: Run,
  ): Promise<ActiveTorrent> {
    const download = new WaitingDownload(claim, options, watch, run);
    download.#current = await download.#runFirst();
    download.#current.completed.catch((error: Error) => {
      if (download.#phase === 'waiting') download.#stopped.abort(error);
    });
    download.#going = download.#goOn().then(download.#done.resolve, (error: Error) => download.#fail(error));
    return download;
  }

  get metainfo(): Metainfo {
    return this.#current.metainfo;
  }

  get path(): string {
    return this.#current.path;
  }

  get waitsFor(): ClaimWait | undefined {
    return this.#claim.waitsFor;
  }

  get completed(): Promise<void> {
    return this.#phase === 'whole' ? this.#current.completed : this.#done.promise;
  }

  hasFile(fileIndex: number): boolean {
    return this.#current.hasFile(fileIndex);
  }

  status(): TorrentStatus {
    const status = this.#current.status();
    const sum = (of: keyof Transferred) => status[of] + this.#before[of];
    const figures = { downloaded: sum('downloaded'), uploaded: sum('uploaded'), wasted: sum('wasted') };
    if (this.#phase === 'whole') return { ...status, ...figures };
    if (this.#phase === 'waiting') {
      const awaited = this.metainfo.files.filter(
        (file) => this.#claim.isAwaited(file) && this.#isWanted(file),
      );
      this.#awaitedBytes = awaited.reduce((total, { bytes }) => total + bytes, 0);
    }
    const wantedBytes = status.wantedBytes + this.#awaitedBytes;
    return { ...status, ...figures, wantedBytes, complete: false };
  }

  stop(): Promise<void> {
    return this.#end('stop');
  }

  remove(): Promise<void> {
    return this.#end('remove');
  }

  select(next: FileChoice): void {
    const previous = this.#choose;
    this.#choose = next;
    try {
      this.#current.select(this.#phase === 'waiting' ? this.#isHere : next);
    } catch (error) {
      this.#choose = previous;
      throw error;
    }
  }

  setSequential(next: boolean): void {
    this.#sequential = next;
    this.#current.setSequential(next);
  }

  setDeadline(pieceIndex: PieceIndex, inMs: number | undefined): void {
    this.#current.setDeadline(pieceIndex, inMs);
  }

  announceNow(): void {
    this.#current.announceNow();
  }

  readonly #isWanted = (file: TorrentFile): boolean => filePriority(this.#choose, file) !== unwanted;
  /** The user's selection without the files that the other torrent fetches. */
  readonly #isHere: FileChoice = (file) => !this.#claim.isAwaited(file) && this.#choose(file);

  #runFirst(): Promise<ActiveTorrent> {
    const claim = this.#claim;
    const firstClaim: RunClaim = {
      rest: () => {},
      // The claims pass to the second run. If the first run was stopped or failed, there is no second.
      release: () => {
        if (this.#phase === 'waiting') claim.release();
      },
      select: (wanted) => claim.select((file) => claim.isAwaited(file) || wanted(file)),
      wake: () => {},
    };
    const onReport = (report: Report) => {
      // The first run ends without the awaited files, and the download goes on.
      if (report.type !== 'completed' && report.type !== 'stopped') this.#onReport?.(report);
    };
    return this.#run({ select: this.#isHere, onReport }, firstClaim, claim.isLeft);
  }

  /** Waits for the other torrent, and then starts the second run. */
  async #goOn(): Promise<void> {
    const { signal, ...rest } = this.#watch;
    const stopped = this.#stopped.signal;
    const either = signal === undefined ? stopped : AbortSignal.any([signal, stopped]);
    await awaitClaim(this.#claim, this.#isWanted, { ...rest, signal: either });
    this.#phase = 'restarting';
    const { downloaded, uploaded, wasted } = this.#current.status();
    await this.#current.stop();
    this.#before = { downloaded, uploaded, wasted };
    stopped.throwIfAborted();
    const onReport = this.#onReport;
    const how = { select: this.#choose, ...(onReport && { onReport }) };
    this.#current = await this.#run(how, this.#claim, this.#claim.isLeft);
    stopped.throwIfAborted();
    this.#phase = 'whole';
    if (this.#sequential !== undefined) this.#current.setSequential(this.#sequential);
    await this.#current.completed;
  }

  async #fail(error: Error): Promise<void> {
    this.#done.reject(error);
    await this.#current.stop();
    this.#claim.release();
  }

  async #end(how: 'stop' | 'remove'): Promise<void> {
    const { name } = this.metainfo;
    const ending = this.#phase === 'whole' ? how : 'stop';
    const current = this.#current;
    this.#stopped.abort(new ClientError('stopped', `${name} was stopped before it was complete`));
    await current[ending]();
    await this.#going;
  }
}
