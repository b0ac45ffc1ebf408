/**
 * Rules beyond the state of the disk: a download's own accounts, and rules that hold only in runs without
 * faults.
 */
import type { PreparedDownload } from '../../../client/host/preparing/download-folder.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Inode } from '../world/file-system/inode.ts';
import { type Album, bytesOf } from './album.ts';
import type { FetchedTorrent } from './fetched-torrent.ts';
import { isIn, looksLike, type Recorded } from './record-checks.ts';
import { BrokenStorage, type DiskLook } from './storage-checks.ts';

export class StrictChecks {
  readonly #album: Album;
  readonly #look: DiskLook;

  constructor(album: Album, look: DiskLook) {
    this.#album = album;
    this.#look = look;
  }

  /**
   * Checks that the bytes of a file are on the disk when it gets its final name: a power cut may keep the
   * name alone.
   */
  checkNamed(index: number, inode: Inode): void {
    if (Buffer.compare(inode.forcedBytes, bytesOf(this.#album, this.#album.metainfo.files[index]!)) !== 0)
      throw new BrokenStorage(
        'named-unforced',
        `file ${index} has its name before its bytes are on the disk`,
      );
  }

  /**
   * Checks that a clean record names every piece on the disk: the next start downloads other pieces again
   * without reading them. Preexisting files are read, so their pieces may be missing.
   */
  checkClean(record: Recorded, download: FetchedTorrent | undefined): void {
    if (!record.clean || download === undefined) return;
    const { files } = download.prepared;
    for (const i of this.#pieces) {
      if (files.placesOf(i).some(({ file }) => file?.state === 'foreign')) continue;
      if (!isIn(record.have, i) && download.has(i) && this.#look.holds(files, i))
        throw new BrokenStorage('record-behind', `piece ${i} is there, and a clean record does not name it`);
    }
  }

  /** Checks that every piece that the next start would believe without reading it is on the disk. */
  checkBelieved({ have, stamps }: Recorded, { files }: PreparedDownload): void {
    for (const i of this.#pieces) {
      if (!isIn(have, i)) continue;
      const isBelieved = files.placesOf(i).every(({ file }) => {
        const stamp = file && stamps[file.file.index];
        const inode = file && this.#look.at(files.pathOf(file));
        return file === undefined || (inode !== undefined && stamp && looksLike(inode, stamp));
      });
      if (isBelieved && !this.#look.holds(files, i))
        throw new BrokenStorage('record-ahead', `the record names piece ${i}, which is not on the disk`);
    }
  }

  /** Checks that each file's missing bytes match its pieces. */
  checkAccounts({ files }: PreparedDownload): void {
    const { geometry } = this.#album.metainfo;
    for (const stored of files.files) {
      if (stored === undefined) continue;
      const { offset, bytes, index } = stored.file;
      const had = [...this.#pieces].filter((i) => files.has(i));
      const sum = had.reduce((sum, i) => {
        const from = geometry.pieceOffset(i);
        const to = Math.min(from + geometry.pieceBytes(i), offset + bytes);
        return sum + Math.max(0, to - Math.max(from, offset));
      }, 0);
      if (stored.missingBytes !== bytes - sum)
        throw new BrokenStorage(
          'accounts',
          `file ${index} misses ${bytes - sum} bytes, and ${stored.missingBytes} it says`,
        );
    }
  }

  /** Checks in a running program that a file with all its bytes has its final name. */
  checkNames(download: FetchedTorrent): void {
    for (const stored of download.prepared.files.files) {
      if (stored === undefined || stored.missingBytes > 0 || !download.isWanted(stored.file.index)) continue;
      // A file that got its final name while the part file of unwanted data was being written is read first.
      if ((stored.doubts ?? 0) > 0) continue;
      if (this.#look.at(stored.finalPath) === undefined)
        throw new BrokenStorage('unnamed', `${stored.finalPath} has all its bytes, and not its name`);
    }
  }

  /** Checks a clean stop in a run without failed calls and without other programs. */
  checkStopped(download: FetchedTorrent, record: Recorded | undefined, isChosenAnew: boolean): void {
    const { files } = download.prepared;
    for (const i of this.#pieces) {
      if (files.has(i) !== download.has(i))
        throw new BrokenStorage('accounts', `piece ${i}: the disk and the engine do not agree on it`);
    }
    for (const stored of files.files) {
      // A file that got its final name while the part file of unwanted data was being written waits to be
      // read.
      if (stored === undefined || (isChosenAnew && (stored.doubts ?? 0) > 0)) continue;
      const { index } = stored.file;
      const inode = this.#look.at(files.pathOf(stored));
      const stamp = record?.stamps[index];
      const isAsRecorded = inode === undefined ? !stamp : stamp && looksLike(inode, stamp);
      if (!isAsRecorded && stored.state !== 'side')
        throw new BrokenStorage('hashed-again', `file ${index} looks otherwise than a clean record says`);
    }
  }

  get #pieces(): Iterable<PieceIndex> {
    return this.#album.metainfo.geometry.pieces();
  }
}
