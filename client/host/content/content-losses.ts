/**
 * Arranges that what a download has lost on the disk is fetched again: informs the engine, the resume record
 * and the open files.
 *
 * Invariant: a file under its final name belongs to the user. It is never overwritten; its bytes are hashed
 * first.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { DiskTrouble } from '../../engine/contract.ts';
import { troubleOf } from '../disk/disk-errors.ts';
import type { FileStamp } from '../disk/file-stamp.ts';
import { type DiskFile, openedPath } from '../disk/part-file.ts';
import { type StoredFile, sideKey } from '../storage/stored-file.ts';
import type { StoredTorrent } from '../stored-torrent.ts';
import { isOwned } from './absent-content.ts';
import { causeOf, type Finding, isReached, isStoredFile, stampNow } from './content-look.ts';
import type { ContentWorld } from './content-world.ts';
import type { DoubtfulFiles } from './doubtful-files.ts';

/** The pause before a file that another program is still writing is hashed again. */
const reReadMs = 1_000;

export class ContentLosses {
  readonly #stored: StoredTorrent;
  readonly #world: ContentWorld;
  readonly #doubtful: DoubtfulFiles;

  constructor(stored: StoredTorrent, world: ContentWorld, doubtful: DoubtfulFiles) {
    this.#stored = stored;
    this.#world = world;
    this.#doubtful = doubtful;
  }

  /**
   * The pieces of a part file are fetched again. A file that has its final name is hashed at the next start.
   */
  onUnforced({ state }: DiskFile, pieces: readonly PieceIndex[], trouble: DiskTrouble): void {
    if (state !== 'part') return this.#stored.journal?.onUnsure(pieces);
    this.#stored.files.losePieces(pieces);
    this.#tell(pieces, trouble);
  }

  /** Files that are not in their place are fetched again. */
  makeGood(found: ReadonlyMap<DiskFile, Finding>): void {
    const { files } = this.#stored;
    const misplaced = [...found].filter(([, finding]) => finding === 'misplaced').map(([file]) => file);
    const lost = misplaced.filter((file) => !this.#readInstead(file));
    if (lost.length === 0) return;
    const trouble = causeOf(lost, files);
    const pieces = lost.flatMap((file) => this.#lose(file));
    this.#tell(pieces, trouble);
    // An empty file has no piece that would bring it back.
    for (const file of lost) if (isStoredFile(file) && file.missingBytes === 0) this.finish(file);
  }

  /**
   * Editors, deduplication tools and restored backups replace a file under its final name with a new one.
   * When the new file has the right length, it is hashed before it counts as another file.
   */
  #readInstead(file: DiskFile): boolean {
    const { files, torrent } = this.#stored;
    if (!isStoredFile(file) || !isOwned(file)) return false;
    if (stampNow(file, files)?.bytes !== file.file.bytes || !isReached(file, files)) return false;
    this.#world.forget(torrent, `${file.file.index}`);
    this.#doubtful.doubt(file);
    return true;
  }

  #lose(file: DiskFile): PieceIndex[] {
    const { torrent, files } = this.#stored;
    if (!isStoredFile(file)) {
      this.#world.forget(torrent, sideKey);
      return files.loseSide();
    }
    this.#world.forget(torrent, `${file.file.index}`);
    this.#doubtful.drop(file);
    return files.lose(file);
  }

  /** The file was hashed, and these of its pieces are wrong. */
  refute(file: StoredFile, bad: readonly PieceIndex[], looks: FileStamp): void {
    const { files, torrent } = this.#stored;
    file.seen = looks;
    const lost = bad.filter((pieceIndex) => files.has(pieceIndex));
    files.losePieces(lost);
    const message = `${openedPath(file)} was changed by another program`;
    if (file.state === 'part') return this.#tell(lost, { code: 'ECHANGED', message });
    const trouble = { code: 'EEXIST', message: `${message} and is not what the torrent describes` };
    if (lost.length > 0) this.#tell(lost, trouble);
    else this.#world.report({ type: 'disk-trouble', torrent, trouble });
  }

  /** Gives a whole file its final name. */
  finish(file: StoredFile, isChecked = false): void {
    const { files, torrent } = this.#stored;
    try {
      if (files.finish(file, isChecked) === 'named') return;
      // Another program is still writing into the file.
      this.#world.timers.after(reReadMs, () => this.#doubtful.isOver || this.#doubtful.doubt(file));
    } catch (error) {
      // The last piece is fetched again, and then the naming is tried again.
      const last = files.storedIn(file).slice(-1);
      files.losePieces(last);
      const trouble = troubleOf(error);
      if (last.length > 0) this.#tell(last, trouble);
      else this.#world.report({ type: 'disk-trouble', torrent, trouble });
    }
  }

  #tell(pieces: readonly PieceIndex[], trouble: DiskTrouble): void {
    if (pieces.length === 0) return;
    const { torrent, journal } = this.#stored;
    journal?.onLost(pieces);
    this.#world.sink({ type: 'pieces-lost', torrent, pieces: [...new Set(pieces)], trouble });
  }
}
