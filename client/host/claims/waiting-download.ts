/**
 * A download that has begun without the files that another torrent is fetching to the same place. When that one is done,
 * or has gone, it begins anew with all of its files: what it has fetched so far is remembered, what the other one left is
 * compared. To its user it is one download all the time.
 *
 * Invariant: it is complete only when all that is wanted is there and was checked.
 */
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import type { Report } from '../../engine/contract.ts';
import { unwanted } from '../../engine/pieces/piece-selection.ts';
import type { TorrentStatus } from '../../engine/status.ts';
import type { ActiveTorrent, DownloadOptions } from '../active-torrent.ts';
import { ClientError } from '../client-error.ts';
import { type FileChoice, filePriority } from '../file-selection.ts';
import type { ClaimRegister } from './claim-register.ts';
import { awaitClaim, type ClaimWatch, claimDownload, type DownloadClaim } from './download-claim.ts';

/** What one run of the download does to its claims. */
export type RunClaim = Pick<DownloadClaim, 'rest' | 'release' | 'select' | 'wake'>;

/** Begins the download as far as it is claimed. Every run but the last is ended before the next. */
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
    return await beginWaiting(claim, options, watch, run);
  } catch (error) {
    claim.release();
    throw error;
  }
}

async function beginWaiting(
  claim: DownloadClaim,
  { select = () => true, onReport }: DownloadOptions,
  watch: ClaimWatch,
  run: Run,
): Promise<ActiveTorrent> {
  const stopped = new AbortController();
  const done = Promise.withResolvers<void>();
  // Who does not wait for it must not be ended by it.
  done.promise.catch(() => {});
  let choose: FileChoice = select;
  let phase: 'waiting' | 'restarting' | 'whole' = 'waiting';
  let awaitedBytes = 0;
  let sequential: boolean | undefined;
  let before: Pick<TorrentStatus, 'downloaded' | 'uploaded' | 'wasted'> = {
    downloaded: 0,
    uploaded: 0,
    wasted: 0,
  };
  const isWanted = (file: TorrentFile) => filePriority(choose, file) !== unwanted;
  const isHere: FileChoice = (file) => !claim.isAwaited(file) && choose(file);
  const first: RunClaim = {
    rest: () => {},
    // What it holds goes on to the next run; there is none when it was stopped or failed.
    release: () => {
      if (phase === 'waiting') claim.release();
    },
    select: (wanted) => claim.select((file) => claim.isAwaited(file) || wanted(file)),
    wake: () => {},
  };
  const onFirstReport = (report: Report) => {
    // That the rest of it is there is no news yet.
    if (report.type !== 'completed' && report.type !== 'stopped') onReport?.(report);
  };
  let current = await run({ select: isHere, onReport: onFirstReport }, first, claim.isLeft);
  const { metainfo, path } = current;
  current.completed.catch((error: Error) => {
    if (phase === 'waiting') stopped.abort(error);
  });

  async function goOn(): Promise<void> {
    const { signal, ...rest } = watch;
    const either = signal === undefined ? stopped.signal : AbortSignal.any([signal, stopped.signal]);
    await awaitClaim(claim, isWanted, { ...rest, signal: either });
    phase = 'restarting';
    const { downloaded, uploaded, wasted } = current.status();
    await current.stop();
    before = { downloaded, uploaded, wasted };
    stopped.signal.throwIfAborted();
    current = await run({ select: choose, ...(onReport && { onReport }) }, claim, claim.isLeft);
    stopped.signal.throwIfAborted();
    phase = 'whole';
    if (sequential !== undefined) current.setSequential(sequential);
    await current.completed;
  }

  const going = goOn().then(done.resolve, async (error: Error) => {
    done.reject(error);
    await current.stop();
    claim.release();
  });

  const end = async (how: 'stop' | 'remove') => {
    const reason = new ClientError('stopped', `${metainfo.name} was stopped before it was complete`);
    const { [phase === 'whole' ? how : 'stop']: endIt } = current;
    stopped.abort(reason);
    await endIt();
    await going;
  };
  return {
    metainfo,
    path,
    hasFile: (fileIndex) => current.hasFile(fileIndex),
    get waitsFor() {
      return claim.waitsFor;
    },
    status: () => {
      const status = current.status();
      const sum = (of: keyof typeof before) => status[of] + before[of];
      const figures = { downloaded: sum('downloaded'), uploaded: sum('uploaded'), wasted: sum('wasted') };
      if (phase === 'whole') return { ...status, ...figures };
      if (phase === 'waiting') {
        const awaited = metainfo.files.filter((file) => claim.isAwaited(file) && isWanted(file));
        awaitedBytes = awaited.reduce((total, { bytes }) => total + bytes, 0);
      }
      const wantedBytes = status.wantedBytes + awaitedBytes;
      return { ...status, ...figures, wantedBytes, complete: false };
    },
    get completed() {
      return phase === 'whole' ? current.completed : done.promise;
    },
    stop: () => end('stop'),
    remove: () => end('remove'),
    select: (next) => {
      const previous = choose;
      choose = next;
      try {
        current.select(phase === 'waiting' ? isHere : next);
      } catch (error) {
        choose = previous;
        throw error;
      }
    },
    setSequential: (next) => {
      sequential = next;
      current.setSequential(next);
    },
    setDeadline: (pieceIndex, inMs) => current.setDeadline(pieceIndex, inMs),
    announceNow: () => current.announceNow(),
  };
}
