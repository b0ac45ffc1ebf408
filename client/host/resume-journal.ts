/**
 * Keeps the record of one download true while it runs: every two seconds, or after 64 MiB, what was stored since is
 * forced to the disk (fsync), and only then recorded.
 *
 * Invariant: a piece is in the record only after an fsync that began after it was written.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import type { PieceIndex } from '../../torrents/geometry.ts';
import { type FileStamp, type ResumeStore, stampOf } from './resume-store.ts';
import type { StoredFile, TorrentFiles } from './torrent-files.ts';

/** What a power cut may cost at most: two seconds of work, or this much of it. */
const flushMs = 2_000;
const flushBytes = 64 * 1024 * 1024;

export class ResumeJournal {
  readonly #store: ResumeStore;
  readonly #infoHash: Uint8Array;
  readonly #files: TorrentFiles;
  readonly #have: Uint8Array;
  #dirty = new Set<StoredFile>();
  #dirtyBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #stopped = false;
  /** An fsync has failed: what the disk holds is not known any more, and the next start has to hash. */
  #broken = false;
  /** The record could not be written: until it can, the next start has more to hash. */
  #isUnsaved = false;
  readonly #stamps: (FileStamp | undefined)[];

  /**
   * `have`: what is verified; `stamps`: what the files look like, by index; `unforced`: files of which nobody knows
   * whether what is verified of them is on the disk already. A program that is killed leaves such.
   */
  constructor(
    store: ResumeStore,
    infoHash: Uint8Array,
    files: TorrentFiles,
    have: Uint8Array,
    stamps: readonly (FileStamp | undefined)[],
    unforced: Iterable<StoredFile> = [],
  ) {
    this.#store = store;
    this.#infoHash = infoHash;
    this.#files = files;
    this.#have = have.slice();
    this.#stamps = [...stamps];
    this.#dirty = new Set(unforced);
    if (this.#dirty.size > 0) this.#timer = setTimeout(() => this.#begin(), flushMs).unref();
  }

  /** A piece has been written into these files. */
  onStored(pieceIndex: PieceIndex, touched: readonly StoredFile[], bytes: number): void {
    this.#have[pieceIndex >> 3]! |= 0x80 >> (pieceIndex & 7);
    for (const file of touched) this.#dirty.add(file);
    this.#dirtyBytes += bytes;
    if (this.#stopped || this.#flushing !== undefined) return;
    if (this.#dirtyBytes >= flushBytes) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), flushMs).unref();
  }

  /** The last word: everything that was stored is forced to the disk and recorded. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#flushing;
    await this.#flush(true).catch(() => {});
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushing = this.#flush(false)
      .catch(() => {
        this.#broken = true;
      })
      .then(() => {
        this.#flushing = undefined;
        if ((this.#dirtyBytes > 0 || this.#isUnsaved) && !this.#stopped)
          this.#timer ??= setTimeout(() => this.#begin(), flushMs).unref();
      });
  }

  async #flush(clean: boolean): Promise<void> {
    if (this.#broken) return;
    const dirty = this.#dirty;
    const have = this.#have.slice();
    this.#dirty = new Set();
    this.#dirtyBytes = 0;
    const folders = new Set<string>();
    for (const file of dirty) {
      folders.add(path.dirname(file.finalPath));
      await syncFile(() => this.#files.pathOf(file));
      this.#stamps[file.file.index] = await stampOf(this.#files.pathOf(file));
    }
    // Names too: a file whose folder was not forced to the disk may come back without its name.
    for (const folder of folders) await syncFolder(folder);
    const record = { have, stamps: this.#stamps, clean };
    try {
      await this.#store.save(this.#infoHash, this.#files.rootPath, record);
      this.#isUnsaved = false;
    } catch {
      // What was forced to the disk is there. The record may be written when its own disk has room again.
      this.#isUnsaved = true;
    }
  }
}

/** Throws when it cannot be forced to the disk: then it must not be recorded. */
async function syncFile(pathOf: () => string): Promise<void> {
  // It may get its name between our look and our open: the file is the same.
  const handle = await fs.open(pathOf(), 'r').catch(() => fs.open(pathOf(), 'r'));
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Some systems cannot; they keep names in order by themselves. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
