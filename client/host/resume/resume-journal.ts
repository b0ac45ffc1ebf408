/**
 * Keeps the record of one download true while it runs: every two seconds, or after 64 MiB, what was stored since is
 * forced to the disk (fsync), and only then recorded. A file that cannot be opened or forced is tried again the next time.
 *
 * Invariant: a piece is in the record only after an fsync that began after it was written, and not when its
 * file was lost since. A file's looks in the record are those of our own last write, taken right after it: a
 * later change by another program makes it look otherwise.
 */
import path from 'node:path';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { addPiece, removePiece } from '../../../torrents/piece-set.ts';
import { amountsOf } from '../amounts.ts';
import { codeOf, troubleOf } from '../disk/disk-errors.ts';
import { type FileStamp, sameFile, stampFrom } from '../disk/file-stamp.ts';
import type { OpenedFile } from '../disk/file-system.ts';
import { type DiskFile, openedPath } from '../disk/part-file.ts';
import { asPromise, launch, Outcome, orUndefined, type Steps, waitFor } from '../disk/steps.ts';
import { syncFolder } from '../disk/sync-folder.ts';
import { realTimers, type Timers } from '../disk/timers.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';
import type { ResumeStore } from './resume-store.ts';

export interface JournalPace {
  /** What a power cut may cost at most, in milliseconds of work, and in bytes. */
  readonly flushMs: number;
  readonly flushBytes: number;
}

/** Seconds, because an fsync holds up other writes; bytes, because a fast line brings gigabytes in seconds. */
const usualPace: JournalPace = { flushMs: 2_000, flushBytes: 64 * 1024 * 1024 };

/** Whose pieces are recorded, as they are found. */
interface Journaled {
  readonly infoHash: Uint8Array;
  readonly files: TorrentFiles;
  readonly have: Uint8Array;
  readonly unforced?: Iterable<StoredFile> | undefined;
}

export class ResumeJournal {
  readonly #store: ResumeStore;
  readonly #infoHash: Uint8Array;
  readonly #files: TorrentFiles;
  readonly #have: Uint8Array;
  readonly #timers: Timers;
  readonly #pace: JournalPace;
  #dirty = new Set<StoredFile>();
  #dirtyBytes = 0;
  /** Folders whose own folders were forced to the disk since this began. */
  readonly #syncedAbove = new Set<string>();
  /** Something was stored or lost since the last record. */
  #isStale = false;
  #cancelTimer: (() => void) | undefined;
  #flushing: Outcome<void> | undefined;
  #stopped = false;
  /** The record could not be written: until it can, the next start has more to hash. */
  #isUnsaved = false;
  /** The next start has to read what the record does not claim. */
  #isUnsure = false;
  #onMissing: (file: StoredFile) => void = () => {};

  /**
   * `have`: what is verified; `unforced`: files whose verified bytes may still be in the system's memory
   * only. A program that is killed leaves such.
   */
  constructor(
    store: ResumeStore,
    { infoHash, files, have, unforced = [] }: Journaled,
    {
      timers = realTimers,
      pace = usualPace,
    }: { readonly timers?: Timers; readonly pace?: JournalPace | undefined } = {},
  ) {
    this.#pace = pace;
    this.#timers = timers;
    this.#store = store;
    this.#infoHash = infoHash;
    this.#files = files;
    this.#have = have.slice();
    this.#dirty = new Set(unforced);
    files.onPlaced = (file) => this.#onPlaced(file);
    if (this.#dirty.size > 0) this.#flushSoon();
  }

  /** Told of a file that is not where it was when it is to be forced to the disk. */
  onMissing(tell: (file: StoredFile) => void): void {
    this.#onMissing = tell;
  }

  /** These pieces are not on the disk any more: soon the record does not claim them either. */
  onLost(pieces: readonly PieceIndex[]): void {
    for (const pieceIndex of pieces) removePiece(this.#have, pieceIndex);
    this.#isStale = true;
    if (!this.#stopped && this.#flushing === undefined) this.#flushSoon();
  }

  /**
   * An fsync has failed for these pieces, and the disk may have thrown away what it could not write; and the engine fetches
   * them no more: their file has its name, or the torrent is being stopped. They are not claimed, and the next start reads
   * them, whatever end this program has.
   */
  onUnsure(pieces: readonly PieceIndex[]): void {
    this.#isUnsure = true;
    this.onLost(pieces);
  }

  /** A piece has been written into these files. */
  onStored(pieceIndex: PieceIndex, touched: readonly StoredFile[], bytes: number): void {
    addPiece(this.#have, pieceIndex);
    for (const file of touched) this.#dirty.add(file);
    this.#dirtyBytes += bytes;
    this.#isStale = true;
    if (this.#stopped || this.#flushing !== undefined) return;
    if (this.#dirtyBytes >= this.#pace.flushBytes) this.#begin();
    else this.#flushSoon();
  }

  /** Its name, too, is forced to the disk soon. */
  #onPlaced(file: StoredFile): void {
    this.#dirty.add(file);
    this.#isStale = true;
    if (!this.#stopped && this.#flushing === undefined) this.#flushSoon();
  }

  /** Forces to the disk and records what was stored until now. */
  flush(): Promise<void> {
    return asPromise(this.flushing());
  }

  *flushing(): Steps<void> {
    this.#clearTimer();
    if (this.#flushing !== undefined) yield* waitFor(this.#flushing);
    yield* this.#flush(false);
  }

  /** The last word: everything that was stored is forced to the disk and recorded. */
  stop(): Promise<void> {
    return asPromise(this.stopping());
  }

  *stopping(): Steps<void> {
    this.#stopped = true;
    this.#clearTimer();
    if (this.#flushing !== undefined) yield* waitFor(this.#flushing);
    yield* this.#flush(true);
  }

  #flushSoon(): void {
    this.#cancelTimer ??= this.#timers.after(this.#pace.flushMs, () => this.#begin());
  }

  #clearTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #begin(): void {
    this.#clearTimer();
    const flushing = new Outcome<void>();
    this.#flushing = flushing;
    launch(this.#flushNow(flushing));
  }

  *#flushNow(flushing: Outcome<void>): Steps<void> {
    yield* this.#flush(false);
    this.#flushing = undefined;
    if ((this.#isStale || this.#isUnsaved) && !this.#stopped) this.#flushSoon();
    flushing.resolve();
  }

  *#flush(clean: boolean): Steps<void> {
    const { unforced } = this.#files;
    const dirty = this.#dirty;
    // Also what went home from the side file.
    for (const file of this.#files.files) {
      if (file !== undefined && unforced.in(this.#files.opened(file)).length > 0) dirty.add(file);
    }
    const have = this.#have.slice();
    const opened = this.#files.files.map((file) => file && this.#files.opened(file));
    this.#dirty = new Set();
    this.#dirtyBytes = 0;
    this.#isStale = false;
    const folders = new Set<string>();
    let isAllForced = true;
    for (const file of dirty) {
      const at = this.#files.opened(file);
      const written = unforced.in(at);
      // A file that has just got its name was forced to the disk before.
      const outcome = written.length === 0 ? 'forced' : yield* this.#sync(at);
      if (outcome === 'forced') {
        if (written.length > 0 && unforced.in(at).length > 0) {
          // Another fsync of it is under way, or it was written since: once more, soon.
          this.#dirty.add(file);
          this.#isStale = true;
          isAllForced = false;
        }
        // A file that is not wanted has its bytes in the side file, which may lie in another folder.
        if (at.seen !== undefined) folders.add(path.dirname(at.finalPath));
        continue;
      }
      for (const pieceIndex of outcome === 'missing' ? this.#files.storedIn(file) : written) {
        removePiece(have, pieceIndex);
      }
      // Also one that is not there now may be back at the next start, which has to read it then.
      isAllForced = false;
      if (outcome === 'missing') this.#onMissing(file);
      else {
        this.#dirty.add(file);
        this.#isStale = true;
      }
    }
    // Names too: a file whose folder was not forced to the disk may come back without its name.
    for (const folder of folders) yield* syncFolder(this.#files.fs, folder);
    yield* this.#syncAbove(folders);
    // What was lost since is not claimed.
    for (const [i, bits] of this.#have.entries()) have[i]! &= bits;
    // Nor what was lost and stored again since, nor what went home from the side file: its bytes, or the name of their file,
    // may not be on the disk yet.
    for (const [i, file] of this.#files.files.entries()) {
      if (file === undefined) continue;
      const at = this.#files.opened(file);
      for (const pieceIndex of at === opened[i] ? unforced.in(at) : this.#files.storedIn(file))
        removePiece(have, pieceIndex);
    }
    const stamps = this.#files.files.map((file) => file && this.#looks(file));
    // What is written and not forced to the disk is there all the same, for who reads it.
    const strange = this.#files.files.map((file) => file?.strange);
    const amounts = amountsOf(this.#files);
    const record = { have, stamps, strange, amounts, clean: clean && isAllForced && !this.#isUnsure };
    try {
      yield* this.#store.saving(this.#infoHash, this.#files.rootPath, record);
      this.#isUnsaved = false;
    } catch {
      // What was forced to the disk is there. The record may be written when its own disk has room again.
      this.#isUnsaved = true;
    }
  }

  /** A file that is doubted has a time in the record that no file has: after a crash it is read. */
  #looks(file: StoredFile): FileStamp | undefined {
    const seen = this.#files.seen(file);
    const isUnderWay = file.state === 'part' || file.state === 'side';
    const isDoubted = isUnderWay && (file.doubts ?? 0) > 0;
    return seen && isDoubted ? { ...seen, mtimeNs: '0' } : seen;
  }

  /** The way to these folders, too, once: a new folder that is lost takes all with it that lies in it. */
  *#syncAbove(folders: Iterable<string>): Steps<void> {
    const { beneath, fs } = this.#files;
    const top = beneath && path.dirname(beneath.root);
    if (top === undefined) return;
    const above = new Set<string>();
    for (const folder of folders) {
      for (let at = path.resolve(folder); at !== top && path.dirname(at) !== at; at = path.dirname(at)) {
        if (this.#syncedAbove.has(at)) break;
        this.#syncedAbove.add(at);
        above.add(path.dirname(at));
      }
    }
    for (const folder of above) yield* syncFolder(fs, folder);
  }

  /** `missing`: it is not where it was. `failed`: it may be, and is not forced to the disk. */
  *#sync(at: DiskFile): Steps<'forced' | 'missing' | 'failed'> {
    let handle: OpenedFile | undefined;
    try {
      // It may get its name between our look and our open: the file is the same.
      handle = (yield* this.#open(at)) ?? (yield* this.#open(at));
    } catch {
      return 'failed';
    }
    if (handle === undefined) return 'missing';
    const { unforced } = this.#files;
    const mark = unforced.begin(at);
    try {
      yield* waitFor(handle.sync());
      unforced.end(at);
      unforced.onForced(at, mark);
      return 'forced';
    } catch (error) {
      unforced.end(at);
      this.#files.onSyncFailed(at, troubleOf(error));
      return 'failed';
    } finally {
      yield* orUndefined(handle.close());
    }
  }

  *#open(at: DiskFile): Steps<OpenedFile | undefined> {
    let handle: OpenedFile;
    try {
      handle = yield* waitFor(this.#files.fs.later.open(openedPath(at), 'read'));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) return undefined;
      throw error;
    }
    let isOurs = false;
    try {
      // A disk that does not let us look has not lost the file.
      isOurs = sameFile(stampFrom(yield* waitFor(handle.stat())), at.seen);
    } finally {
      if (!isOurs) yield* orUndefined(handle.close());
    }
    return isOurs ? handle : undefined;
  }
}
