/**
 * Keeps the resume record of one download up to date while it runs. Every two seconds, or after 64 MiB, what
 * was stored since the last record is forced to the disk (fsync), and only then recorded. A file whose fsync
 * fails is tried again the next time.
 *
 * Invariant: a piece is in the record only after an fsync that began after the piece was written, and only if
 * its file was not lost since. A file's size and times in the record are those right after our own last
 * write: a later change by another program makes the file look different.
 */
import path from 'node:path';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { addPiece, removePiece } from '../../../torrents/piece-set.ts';
import { amountsOf } from '../amounts.ts';
import type { FileStamp } from '../disk/file-stamp.ts';
import type { DiskFile } from '../disk/part-file.ts';
import { asPromise, launch, Outcome, type Steps, waitFor } from '../disk/steps.ts';
import { realTimers, type Timers } from '../disk/timers.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';
import { ForcedFolders, forceFile } from './force-files.ts';
import type { ResumeStore } from './resume-store.ts';

export interface JournalPace {
  /** What a power cut may cost at most: milliseconds of work, and bytes. */
  readonly flushMs: number;
  readonly flushBytes: number;
}

/** Seconds, because an fsync delays other writes. Bytes, because a fast line brings gigabytes in seconds. */
const usualPace: JournalPace = { flushMs: 2_000, flushBytes: 64 * 1024 * 1024 };

/** The recorded torrent, as its files were found at the start. */
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
  readonly #folders: ForcedFolders;
  /** Something was stored or lost since the last record. */
  #isStale = false;
  #cancelTimer: (() => void) | undefined;
  #flushing: Outcome<void> | undefined;
  #stopped = false;
  /** The record could not be written: the next start has more to hash. */
  #isUnsaved = false;
  /** The next start has to read the pieces that the record does not claim. */
  #isUnsure = false;
  #onMissing: (file: StoredFile) => void = () => {};

  /**
   * `have`: the verified pieces. `unforced`: files whose verified bytes may be only in the kernel's memory,
   * as after the kill of an earlier run.
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
    this.#folders = new ForcedFolders(files);
    this.#have = have.slice();
    this.#dirty = new Set(unforced);
    files.onPlaced = (file) => this.#onPlaced(file);
    if (this.#dirty.size > 0) this.#flushSoon();
  }

  /** `tell` is called for a file that is missing from its place when it should be forced to the disk. */
  onMissing(tell: (file: StoredFile) => void): void {
    this.#onMissing = tell;
  }

  /** These pieces are no longer on the disk. The next record does not claim them either. */
  onLost(pieces: readonly PieceIndex[]): void {
    for (const pieceIndex of pieces) removePiece(this.#have, pieceIndex);
    this.#isStale = true;
    if (!this.#stopped && this.#flushing === undefined) this.#flushSoon();
  }

  /**
   * An fsync has failed for these pieces, so the kernel may have dropped them, and the engine does not fetch
   * them again: their file has its final name, or the torrent is being stopped. The record does not claim
   * them, and the next start hashes them, however this program ends.
   */
  onUnsure(pieces: readonly PieceIndex[]): void {
    this.#isUnsure = true;
    this.onLost(pieces);
  }

  /** A piece was written into these files. */
  onStored(pieceIndex: PieceIndex, touched: readonly StoredFile[], bytes: number): void {
    addPiece(this.#have, pieceIndex);
    for (const file of touched) this.#dirty.add(file);
    this.#dirtyBytes += bytes;
    this.#isStale = true;
    if (this.#stopped || this.#flushing !== undefined) return;
    if (this.#dirtyBytes >= this.#pace.flushBytes) this.#begin();
    else this.#flushSoon();
  }

  /** The file's new name is forced to the disk soon. */
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

  /** Forces to the disk and records everything, for the last time. */
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

  *#flush(isLast: boolean): Steps<void> {
    const written = this.#takeWritten();
    const have = this.#have.slice();
    const opened = this.#files.files.map((file) => file && this.#files.opened(file));
    this.#dirtyBytes = 0;
    this.#isStale = false;
    const { folders, isAllForced } = yield* this.#forceAll(written, have);
    yield* this.#folders.force(folders);
    // Pieces that were lost during the fsyncs are not claimed.
    for (const [i, bits] of this.#have.entries()) have[i]! &= bits;
    this.#removeUnforced(have, opened);
    yield* this.#save(have, isLast && isAllForced && !this.#isUnsure);
  }

  /** The files with unforced bytes, also those whose bytes are in the side file. */
  #takeWritten(): Set<StoredFile> {
    const written = this.#dirty;
    this.#dirty = new Set();
    for (const file of this.#files.files) {
      if (file === undefined) continue;
      if (this.#files.unforced.in(this.#files.opened(file)).length > 0) written.add(file);
    }
    return written;
  }

  /** Removes from `have` what could not be forced. Answers the folders in which files were forced. */
  *#forceAll(
    files: Iterable<StoredFile>,
    have: Uint8Array,
  ): Steps<{ readonly folders: ReadonlySet<string>; readonly isAllForced: boolean }> {
    const { unforced } = this.#files;
    const folders = new Set<string>();
    let isAllForced = true;
    for (const file of files) {
      const at = this.#files.opened(file);
      const written = unforced.in(at);
      // A file that has just got its final name was forced to the disk before that.
      const outcome = written.length === 0 ? 'forced' : yield* forceFile(this.#files, at);
      if (outcome === 'forced') {
        // Another fsync of the file is under way, or it was written since: it is forced again soon.
        if (written.length > 0 && unforced.in(at).length > 0) {
          this.#forceAgain(file);
          isAllForced = false;
        }
        // The bytes of an unwanted file are in the side file, which may lie in another folder.
        if (at.seen !== undefined) folders.add(path.dirname(at.finalPath));
        continue;
      }
      for (const pieceIndex of outcome === 'missing' ? this.#files.storedIn(file) : written) {
        removePiece(have, pieceIndex);
      }
      // A missing file may be back at the next start, which then has to hash it.
      isAllForced = false;
      if (outcome === 'missing') this.#onMissing(file);
      else this.#forceAgain(file);
    }
    return { folders, isAllForced };
  }

  #forceAgain(file: StoredFile): void {
    this.#dirty.add(file);
    this.#isStale = true;
  }

  /**
   * Removes from `have` the pieces that were lost and stored again since, and those that moved from the side
   * file into their own file: their bytes, or the name of their file, may not be on the disk yet.
   */
  #removeUnforced(have: Uint8Array, opened: readonly (DiskFile | undefined)[]): void {
    for (const [i, file] of this.#files.files.entries()) {
      if (file === undefined) continue;
      const at = this.#files.opened(file);
      const isSame = at === opened[i];
      for (const pieceIndex of isSame ? this.#files.unforced.in(at) : this.#files.storedIn(file))
        removePiece(have, pieceIndex);
    }
  }

  *#save(have: Uint8Array, clean: boolean): Steps<void> {
    const stamps = this.#files.files.map((file) => file && this.#looks(file));
    const strange = this.#files.files.map((file) => file?.strange);
    // Bytes that are written and not yet forced to the disk count: other programs can read them.
    const amounts = amountsOf(this.#files);
    const record = { have, stamps, strange, amounts, clean };
    try {
      yield* this.#store.saving(this.#infoHash, this.#files.rootPath, record);
      this.#isUnsaved = false;
    } catch {
      // The pieces are on the disk all the same. The record is tried again later, when its own disk may have
      // space.
      this.#isUnsaved = true;
    }
  }

  /** A doubted file gets an mtime of 0 in the record, so that it is hashed after a crash. */
  #looks(file: StoredFile): FileStamp | undefined {
    const seen = this.#files.seen(file);
    const isUnderWay = file.state === 'part' || file.state === 'side';
    const isDoubted = isUnderWay && (file.doubts ?? 0) > 0;
    return seen && isDoubted ? { ...seen, mtimeNs: '0' } : seen;
  }
}
