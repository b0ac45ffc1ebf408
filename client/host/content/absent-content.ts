/**
 * A complete torrent whose files are missing or changed. It is looked for less and less often, since a disk
 * may be unplugged for weeks.
 *
 * Invariant: the torrent comes back only when every file looks as before, or was hashed again and is correct.
 * A file that was hashed and is wrong is not hashed again until its stamp changes, or that of a file it
 * shares a piece with, which may have been the wrong one.
 */
import type { Report } from '../../engine/contract.ts';
import { type FileStamp, sameStamp } from '../disk/file-stamp.ts';
import type { DiskFile } from '../disk/part-file.ts';
import type { Steps } from '../disk/steps.ts';
import type { Timers } from '../disk/timers.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { StoredTorrent } from '../stored-torrent.ts';
import type { ReadAgain } from './content-check.ts';
import { isStoredFile, lookLater, stampNow, unitsOf } from './content-look.ts';

const firstWaitMs = 2_000;
const waitMsMax = 60_000;

export class AbsentContent {
  readonly #stored: StoredTorrent;
  readonly #report: (report: Report) => void;
  readonly #timers: Timers;
  readonly #refuted = new Map<StoredFile, ReadAgain>();
  #told: string;
  #waitMs = firstWaitMs;
  #nextMs: number;

  /** `told`: the message that the user already knows. */
  constructor(
    stored: StoredTorrent,
    told: string,
    { report, timers }: { readonly report: (report: Report) => void; readonly timers: Timers },
  ) {
    this.#stored = stored;
    this.#told = told;
    this.#report = report;
    this.#timers = timers;
    this.#nextMs = timers.nowMs() + firstWaitMs;
  }

  lookSoon(): void {
    this.#nextMs = 0;
  }

  /** The file was hashed and is wrong. */
  refute(file: StoredFile, read: ReadAgain): void {
    this.#refuted.set(file, read);
  }

  /**
   * `found`: all files exist, and these have to be hashed before they are trusted. Undefined: not all exist
   * as expected.
   */
  *lookAgain(): Steps<{ readonly looks: number; readonly found?: readonly StoredFile[] }> {
    const nowMs = this.#timers.nowMs();
    if (nowMs < this.#nextMs) return { looks: 1 };
    this.#waitMs = Math.min(waitMsMax, this.#waitMs * 2);
    this.#nextMs = nowMs + this.#waitMs;
    const { files } = this.#stored;
    const doubtful: StoredFile[] = [];
    let looks = 0;
    for (const unit of unitsOf(files)) {
      if ('file' in unit && !isOwned(unit.file)) continue;
      looks += 1;
      if ((yield* lookLater(unit, files)) === undefined) continue;
      const file = 'file' in unit && isStoredFile(unit.file) ? unit.file : undefined;
      const looksNow = file && stampNow(file, files);
      if (file === undefined || looksNow === undefined) return { looks };
      // Its disk may have been plugged in elsewhere, with another device number.
      if (sameStamp(looksNow, file.seen)) file.seen = looksNow;
      else if (looksNow.bytes === file.file.bytes && !this.#isRefuted(file, looksNow)) doubtful.push(file);
      else {
        this.#tellOnce(notAsDescribed(file));
        return { looks };
      }
    }
    return { looks, found: doubtful };
  }

  /** Nothing has changed since this file was hashed, so hashing it again is useless. */
  #isRefuted(file: StoredFile, looksNow: FileStamp): boolean {
    const read = this.#refuted.get(file);
    if (read === undefined || !sameStamp(looksNow, read.looks)) return false;
    const isAsThen = ([at, then]: readonly [DiskFile, FileStamp | undefined]) => {
      const now = stampNow(at, this.#stored.files);
      return now === undefined ? then === undefined : sameStamp(now, then);
    };
    return [...read.beside].every(isAsThen);
  }

  #tellOnce(message: string): void {
    if (message === this.#told) return;
    this.#told = message;
    const trouble = { code: 'ECHANGED', message };
    this.#report({ type: 'content-offline', torrent: this.#stored.torrent, trouble });
  }
}

/** The file has its final name and is wanted: it belongs to the user, and is never written again. */
export function isOwned(file: DiskFile): boolean {
  return isStoredFile(file) && file.isWanted && file.state !== 'part';
}

export function notAsDescribed(file: StoredFile): string {
  return `${file.finalPath} is not what the torrent describes any more`;
}
