/**
 * Finds what other programs did to a torrent's files, as the real watch does: a missing file is found when it
 * is read or written, and all changes by an inspection every few seconds and before a download is complete.
 * The findings become facts: `pieces-lost`, `content-offline`, `content-online`.
 *
 * Invariant: a known stamp is the one after the life's own last write, or after an inspection that hashed the
 * changes. So a write of another program is never taken for its own.
 */
import type { TorrentId } from '../../../client/engine/contract.ts';
import type { FactSink } from '../../../client/host/ports.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { isSameFile, isSameStamp, type Stamp } from './file-table.ts';
import type { ResumeJournal } from './journal.ts';
import { eachMarked, isMarked, mark, type Platter, unmark } from './platter.ts';

/** The interval of inspections. */
export const lookEveryMs = 3_000;

export interface WatchedContent {
  readonly torrent: TorrentId;
  readonly platter: Platter;
  readonly journal: ResumeJournal | undefined;
  /** The pieces that this life believes at its start, and the stamps of then. */
  readonly have: Uint8Array;
  readonly stamps: readonly Stamp[];
  /**
   * Whether lost pieces of a complete torrent are downloaded again. Otherwise the torrent is left to its
   * owner, as on the real disk: it is not written again, and is offline while it is changed.
   */
  readonly mends: boolean;
}

export class ContentWatch {
  readonly #content: WatchedContent;
  readonly #sink: FactSink;
  /** Pieces that the engine believes stored. */
  readonly #believed: Uint8Array;
  #believedCount = 0;
  readonly #known: Stamp[];
  #isOffline = false;

  constructor(content: WatchedContent, sink: FactSink) {
    this.#content = content;
    this.#sink = sink;
    this.#known = [...content.stamps];
    this.#believed = content.have.slice();
    eachMarked(content.have, () => {
      this.#believedCount += 1;
    });
  }

  /** Stamps for comparison at the next start. */
  get stamps(): readonly Stamp[] {
    return [...this.#known];
  }

  /** Whether the engine believes every piece stored. */
  get isWhole(): boolean {
    return this.#believedCount === this.#content.platter.content.geometry.pieceCount;
  }

  lookAtAll(): void {
    this.#lookAtFolder();
    if (this.#isOffline) return;
    this.#lookAtFiles();
  }

  /**
   * Whether the piece can be read. An open file shows that it was replaced, but not that another program
   * wrote to it.
   */
  beforeRead(pieceIndex: PieceIndex): boolean {
    this.#lookAtFolder();
    const { platter } = this.#content;
    if (this.#isOffline || platter.isAway) return false;
    const file = platter.files.fileOf(pieceIndex);
    if (!isSameFile(platter.files.stamp(file), this.#known[file]!)) this.#lookAtFile(file);
    return !this.#isOffline && isMarked(this.#believed, pieceIndex);
  }

  /** Before the last piece, all files are inspected, so that no torrent is complete with lost pieces. */
  beforeWrite(pieceIndex: PieceIndex): void {
    const { platter } = this.#content;
    const isLast = this.#believedCount + 1 === platter.content.geometry.pieceCount;
    if (isLast) return this.lookAtAll();
    this.#lookAtFolder();
    if (!this.#isOffline) this.#lookAtFile(platter.files.fileOf(pieceIndex));
  }

  onWritten(pieceIndex: PieceIndex): void {
    const { files } = this.#content.platter;
    const file = files.fileOf(pieceIndex);
    this.#known[file] = files.stamp(file);
    if (isMarked(this.#believed, pieceIndex)) return;
    mark(this.#believed, pieceIndex);
    this.#believedCount += 1;
  }

  /**
   * After a failed fsync the state of the written bytes on the disk is unknown, so they are downloaded again.
   * Files with their final names are left alone, as on the real disk. Returns whether the engine was told.
   */
  onUnforced(pieces: readonly PieceIndex[]): boolean {
    if (this.#isOffline || this.isWhole) return false;
    this.#content.platter.drop(pieces.filter((pieceIndex) => isMarked(this.#believed, pieceIndex)));
    this.#lose(pieces, 'EIO', 'the simulated fsync has failed');
    return true;
  }

  #lookAtFolder(): void {
    const { torrent, platter, mends } = this.#content;
    if (platter.isAway) {
      if (this.#isOffline) return;
      if (this.isWhole) return this.#goOffline('the simulated folder is not there');
      // A download continues in a new folder at the same place.
      platter.forsake();
      for (const [file, stamp] of platter.files.stamps.entries()) this.#known[file] = stamp;
      return this.#lose(
        [...platter.content.geometry.pieces()],
        'content-lost',
        'the simulated folder is not there',
      );
    }
    if (!this.#isOffline || (!mends && !this.#isAsKnown)) return;
    this.#isOffline = false;
    this.#lookAtFiles();
    this.#sink({ type: 'content-online', torrent });
  }

  #lookAtFiles(): void {
    for (let file = 0; file < this.#known.length && !this.#isOffline; file++) this.#lookAtFile(file);
  }

  get #isAsKnown(): boolean {
    const { files } = this.#content.platter;
    return this.#known.every((known, file) => isSameStamp(files.stamp(file), known));
  }

  #goOffline(message: string): void {
    this.#isOffline = true;
    const trouble = { code: 'content-away', message };
    this.#sink({ type: 'content-offline', torrent: this.#content.torrent, trouble });
  }

  #lookAtFile(file: number): void {
    const { platter } = this.#content;
    const stamp = platter.files.stamp(file);
    const known = this.#known[file]!;
    if (isSameStamp(stamp, known)) return;
    if (this.isWhole && !this.#content.mends) return this.#goOffline('a simulated file is not what it was');
    this.#known[file] = stamp;
    const pieces = platter.files.pieces(file);
    // All pieces of a replaced file are lost. A file that another program wrote to is hashed.
    if (!isSameFile(stamp, known)) return this.#lose(pieces, 'content-lost', 'a simulated file is gone');
    const wrong = pieces.filter((pieceIndex) => !platter.isRight(pieceIndex));
    this.#lose(wrong, 'content-lost', 'a simulated file was changed');
  }

  #lose(pieces: readonly PieceIndex[], code: string, message: string): void {
    const { torrent, journal } = this.#content;
    const believed = pieces.filter((pieceIndex) => isMarked(this.#believed, pieceIndex));
    if (believed.length === 0) return;
    for (const pieceIndex of believed) unmark(this.#believed, pieceIndex);
    this.#believedCount -= believed.length;
    journal?.onLost(pieces);
    this.#sink({ type: 'pieces-lost', torrent, pieces, trouble: { code, message } });
  }
}
