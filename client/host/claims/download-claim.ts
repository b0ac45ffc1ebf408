/**
 * The path claims of one download: taken before its folder is inspected, extended when more files are
 * selected, and released when nothing more is to be written. For a path that another torrent is fetching it
 * waits. If the contents are known to differ, the download is refused before anything is written.
 *
 * Invariant: a download fetches the files it holds while it waits for the rest, so that no two downloads
 * deadlock.
 */
import path from 'node:path';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Conflict } from './claim-conflicts.ts';
import { refusal, refusalForNow } from './claim-error.ts';
import type { ClaimHolder } from './claim-files.ts';
import type { ClaimRegister, HeldClaims } from './claim-register.ts';
import { type ClaimedDownload, isBegun, requestOf } from './claim-request.ts';

/** What a download waits for, and which torrent holds it. */
export interface ClaimWait {
  /** The first of the files. */
  readonly path: string;
  readonly files: number;
  readonly holder: ClaimHolder;
}

export interface ClaimWatch {
  readonly signal?: AbortSignal | undefined;
  /** Aborted when the whole client closes. */
  readonly closing: AbortSignal;
  /** The download waits; undefined: no longer. */
  readonly onWait?: ((wait: ClaimWait | undefined) => void) | undefined;
  /** Claims cannot be exchanged with the other programs on this machine. */
  readonly onUnguarded?: ((error: unknown) => void) | undefined;
}

type IsWanted = (file: TorrentFile) => boolean;
const nothing: ReadonlySet<string> = new Set();

const waitMs = 250;
/** Two users that ask at the same moment both try again, after random delays. */
const askAgainMs = 20;

export class DownloadClaim {
  /** What was last passed to `onWait`. */
  waitsFor: ClaimWait | undefined;
  readonly #register: ClaimRegister;
  readonly #download: ClaimedDownload;
  readonly #watch: ClaimWatch;
  #held: HeldClaims | undefined;
  #isWanted: IsWanted = () => true;
  #isResting = false;
  /** Paths of files that another torrent is fetching: the wanted ones, and the unwanted ones. */
  #awaited = nothing;
  #left = nothing;

  /** Use claimDownload. */
  constructor(register: ClaimRegister, download: ClaimedDownload, watch: ClaimWatch) {
    this.#register = register;
    this.#download = download;
    this.#watch = watch;
  }

  /**
   * Undefined: the download holds the paths of all wanted files but the `awaited` ones. Throws a ClaimError
   * when waiting is useless.
   */
  ask(isWanted: IsWanted, awaited: ReadonlySet<string> = nothing): readonly Conflict[] | undefined {
    const { metainfo, folder } = this.#download;
    const atPath = ({ diskPath }: TorrentFile) => path.resolve(folder, ...diskPath);
    const isAsked = (file: TorrentFile) => isWanted(file) && !awaited.has(atPath(file));
    // A file that was begun earlier is written even if it is unwanted, because shared pieces reach into it.
    const begun = metainfo.files.filter((file) => !isAsked(file) && isBegun(metainfo, folder, file));
    const optional = new Set(begun.map(atPath).filter((at) => !awaited.has(at)));
    let left: ReadonlySet<string> = nothing;
    const isTaken = (file: TorrentFile) =>
      isAsked(file) || (optional.has(atPath(file)) && !left.has(atPath(file)));
    let conflicts = this.#take(isTaken);
    const avoidable = conflicts
      .map(({ claim }) => path.join(...claim.finalPlace))
      .filter((at) => optional.has(at));
    if (avoidable.length > 0) {
      left = new Set(avoidable);
      conflicts = this.#take(isTaken);
    }
    const certain = conflicts.find(({ meeting, isAsking }) => meeting !== 'busy' && !isAsking);
    if (certain !== undefined) throw refusal(metainfo, certain);
    if (conflicts.length > 0) return conflicts;
    this.#isWanted = isWanted;
    this.#isResting = false;
    this.#awaited = awaited;
    this.#left = left;
    return undefined;
  }

  /** Asks for all but the files that others are fetching. False when that leaves nothing to fetch. */
  askForTheRest(isWanted: IsWanted, conflicts: readonly Conflict[]): boolean {
    const { metainfo, folder, upgradeFrom } = this.#download;
    const awaited = new Set(conflicts.map(({ claim }) => path.join(...claim.finalPlace)));
    const isRest = (file: TorrentFile) =>
      !file.isPad && file.bytes > 0 && isWanted(file) && !awaited.has(path.resolve(folder, ...file.diskPath));
    // An earlier version is replaced only as a whole.
    if (upgradeFrom !== undefined || !metainfo.files.some(isRest)) return false;
    return this.ask(isWanted, awaited) === undefined;
  }

  /** The file is wanted, and the download waits for it. */
  readonly isAwaited = ({ diskPath }: TorrentFile): boolean => {
    return this.#awaited.size > 0 && this.#awaited.has(path.resolve(this.#download.folder, ...diskPath));
  };

  /** Another torrent is fetching the file: not even its part file is ours. */
  readonly isLeft = (file: TorrentFile): boolean => {
    const at = path.resolve(this.#download.folder, ...file.diskPath);
    return this.#left.has(at) || this.#awaited.has(at);
  };

  get isWaiting(): boolean {
    return this.#awaited.size > 0;
  }

  #take(isClaimed: IsWanted): readonly Conflict[] {
    const request = requestOf(this.#download, isClaimed, this.#watch.onUnguarded);
    const answer = this.#held === undefined ? this.#register.take(request) : this.#held.change(request);
    if ('length' in answer) return answer;
    this.#held = answer;
    return [];
  }

  /**
   * The user selects other files. Throws a ClaimError when another torrent has one, and then nothing changes.
   */
  select(isWanted: IsWanted): void {
    const [busy] = this.ask(isWanted, this.#awaited) ?? [];
    if (busy !== undefined) throw refusalForNow(busy);
  }

  /**
   * Nothing is written for now: every wanted file has its final name, or the download has ended. Until the
   * release, the same torrent is refused a second time. A whole torrent releases at once, since nothing is
   * left to write.
   */
  rest(isWhole: boolean): void {
    this.#isResting = true;
    if (isWhole) this.#letGo();
    else this.#held?.change(requestOf(this.#download, () => false, this.#watch.onUnguarded));
  }

  /** Lost files are written again. `fail`: another torrent writes there by now. */
  wake(fail: (reason: Error) => void): void {
    try {
      if (this.#isResting) this.select(this.#isWanted);
    } catch (error) {
      fail(error as Error);
    }
  }

  release(): void {
    this.#isResting = false;
    this.#letGo();
  }

  #letGo(): void {
    this.#held?.release();
    this.#held = undefined;
  }
}

/**
 * Resolves when the paths of all wanted files are held, or at once when some are: then `isWaiting` is true,
 * and the caller waits for the rest with awaitClaim. Rejects with a ClaimError, or with the reason of the
 * signal.
 */
export async function claimDownload(
  register: ClaimRegister,
  download: ClaimedDownload,
  isWanted: IsWanted,
  watch: ClaimWatch,
): Promise<DownloadClaim> {
  const claim = new DownloadClaim(register, download, watch);
  try {
    await awaitClaim(claim, isWanted, watch, true);
    return claim;
  } catch (error) {
    claim.release();
    throw error;
  }
}

/**
 * Resolves when all paths are held; with `orSome`, also when only some are, after `onWait` has reported the
 * rest.
 */
export async function awaitClaim(
  claim: DownloadClaim,
  isWanted: IsWanted,
  watch: ClaimWatch,
  orSome = false,
): Promise<void> {
  const { signal, closing, onWait } = watch;
  const stop = signal === undefined ? closing : AbortSignal.any([signal, closing]);
  const tell = (wait: ClaimWait | undefined) => {
    const told = claim.waitsFor;
    claim.waitsFor = wait;
    if (wait?.path !== told?.path || wait?.holder.infoHash !== told?.holder.infoHash) onWait?.(wait);
  };
  try {
    for (;;) {
      stop.throwIfAborted();
      const startedMs = performance.now();
      const conflicts = claim.ask(isWanted);
      if (conflicts === undefined) break;
      const areAsking = conflicts.every(({ isAsking }) => isAsking);
      if (!areAsking) tell(waitFor(conflicts));
      if (orSome && !areAsking && claim.askForTheRest(isWanted, conflicts)) return;
      // A request of a torrent with very many files takes long, so it is repeated less often.
      const tookMs = performance.now() - startedMs;
      await pause(areAsking ? askAgainMs * (1 + Math.random()) : Math.max(waitMs, 20 * tookMs), stop);
    }
  } catch (error) {
    tell(undefined);
    throw error;
  }
  tell(undefined);
}

function waitFor(conflicts: readonly Conflict[]): ClaimWait {
  const { claim, holder } = conflicts[0]!;
  const files = new Set(conflicts.map((conflict) => path.join(...conflict.claim.finalPlace)));
  return { path: path.join(...claim.finalPlace), files: files.size, holder };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
