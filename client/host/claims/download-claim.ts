/**
 * The paths of one download: had before its folder is looked at, asked for again when more files are wanted, and given up
 * when nothing is to be written any more. A path that another torrent is fetching is waited for; where the contents are
 * known to differ the download is refused, and nothing has been written.
 *
 * Invariant: a download fetches what it holds while it waits for the rest, so that no two wait for each other for ever.
 */
import path from 'node:path';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Conflict } from './claim-conflicts.ts';
import { refusal, refusalForNow } from './claim-error.ts';
import type { ClaimHolder } from './claim-files.ts';
import type { ClaimRegister, HeldClaims } from './claim-register.ts';
import { type ClaimedDownload, isBegun, requestOf } from './claim-request.ts';

/** A download waits: for what, and who has it. */
export interface ClaimWait {
  /** The first of the files. */
  readonly path: string;
  readonly files: number;
  readonly holder: ClaimHolder;
}

export interface ClaimWatch {
  readonly signal?: AbortSignal | undefined;
  /** Of the whole client. */
  readonly closing: AbortSignal;
  /** It waits; undefined: not any more. */
  readonly onWait?: ((wait: ClaimWait | undefined) => void) | undefined;
  /** Other programs on this machine are not seen, and do not see this one. */
  readonly onUnguarded?: ((error: unknown) => void) | undefined;
}

type IsWanted = (file: TorrentFile) => boolean;
const nothing: ReadonlySet<string> = new Set();

const waitMs = 250;
/** Of two users that ask at the same moment both come again, and not at the same moment. */
const askAgainMs = 20;

export class DownloadClaim {
  /** What it is told to wait for. */
  waitsFor: ClaimWait | undefined;
  readonly #register: ClaimRegister;
  readonly #download: ClaimedDownload;
  readonly #watch: ClaimWatch;
  #held: HeldClaims | undefined;
  #isWanted: IsWanted = () => true;
  #isResting = false;
  /** Where files lie that another torrent is fetching: those that are wanted, and those that are not. */
  #awaited = nothing;
  #left = nothing;

  /** Use claimDownload. */
  constructor(register: ClaimRegister, download: ClaimedDownload, watch: ClaimWatch) {
    this.#register = register;
    this.#download = download;
    this.#watch = watch;
  }

  /**
   * Undefined: it has the paths of all wanted files but the `awaited` ones. Throws a ClaimError when waiting is of no use.
   */
  ask(isWanted: IsWanted, awaited: ReadonlySet<string> = nothing): readonly Conflict[] | undefined {
    const { metainfo, folder } = this.#download;
    const atPath = ({ diskPath }: TorrentFile) => path.resolve(folder, ...diskPath);
    const isAsked = (file: TorrentFile) => isWanted(file) && !awaited.has(atPath(file));
    // One that was begun once is written also when it is not wanted: pieces reach into it.
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

  /** The same without the files that others are fetching; false when that leaves nothing to fetch. */
  askForTheRest(isWanted: IsWanted, conflicts: readonly Conflict[]): boolean {
    const { metainfo, folder, upgradeFrom } = this.#download;
    const awaited = new Set(conflicts.map(({ claim }) => path.join(...claim.finalPlace)));
    const isRest = (file: TorrentFile) =>
      !file.isPad && file.bytes > 0 && isWanted(file) && !awaited.has(path.resolve(folder, ...file.diskPath));
    // Versions are replaced as a whole.
    if (upgradeFrom !== undefined || !metainfo.files.some(isRest)) return false;
    return this.ask(isWanted, awaited) === undefined;
  }

  /** It is wanted, and waited for. */
  readonly isAwaited = ({ diskPath }: TorrentFile): boolean => {
    return this.#awaited.size > 0 && this.#awaited.has(path.resolve(this.#download.folder, ...diskPath));
  };

  /** Another torrent is fetching it: not even its part file is ours. */
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

  /** More files are wanted, or others. Throws a ClaimError when another torrent has one: nothing changes then. */
  select(isWanted: IsWanted): void {
    const [busy] = this.ask(isWanted, this.#awaited) ?? [];
    if (busy !== undefined) throw refusalForNow(busy);
  }

  /**
   * Nothing more is written for now: everything that was wanted has its name, or the download has ended. Until it is let
   * go of, the same torrent is refused a second time; not when it is whole, since then there is nothing to write at all.
   */
  rest(isWhole: boolean): void {
    this.#isResting = true;
    if (isWhole) this.#letGo();
    else this.#held?.change(requestOf(this.#download, () => false, this.#watch.onUnguarded));
  }

  /** What was there is lost and will be written again. `fail`: not so, another torrent writes there by now. */
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
 * Resolves when the paths of the wanted files are had, or at once those of some: then `isWaiting` is true, and the rest is
 * to be waited for (awaitClaim). Rejects with a ClaimError, or the reason of the signal.
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

/** Resolves when all are had; with `orSome`, also when only some are, and then `onWait` has been told of the rest. */
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
      // A torrent of very many files takes a while to ask for: it asks more rarely.
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
