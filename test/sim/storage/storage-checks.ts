/** The rules for the disk that must hold after any failure. */
import { openedPath } from '../../../client/host/disk/part-file.ts';
import type { FileChoice } from '../../../client/host/file-selection.ts';
import type { PreparedDownload } from '../../../client/host/preparing/download-folder.ts';
import type { TorrentFiles } from '../../../client/host/storage/torrent-files.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Drive } from '../world/file-system/drive.ts';
import type { Inode } from '../world/file-system/inode.ts';
import { type Album, bytesOf, pieceOf } from './album.ts';

/** A rule of the storage was broken. */
export class BrokenStorage extends Error {
  readonly checker: string;

  constructor(checker: string, message: string) {
    super(message);
    this.checker = checker;
  }
}

/** The files of other programs. */
export interface Others {
  readonly harmed: string | undefined;
  readonly isOrWasTheirs: (inode: Inode) => boolean;
}

export class DiskLook {
  readonly #drive: Drive;
  readonly #album: Album;
  readonly #folder: string;
  readonly #isExempt: (inode: Inode) => boolean;

  /** `isExempt`: nothing is promised about the bytes of this file. */
  constructor(drive: Drive, album: Album, folder: string, isExempt: (inode: Inode) => boolean) {
    this.#drive = drive;
    this.#isExempt = isExempt;
    this.#album = album;
    this.#folder = folder;
  }

  /** The inode at a path, or undefined. */
  at(path: string): Inode | undefined {
    try {
      return this.#drive.find(path, false).inode;
    } catch {
      return undefined;
    }
  }

  /** Pieces that lie in a file, wholly or in part. */
  piecesIn(index: number): PieceIndex[] {
    const { geometry, files } = this.#album.metainfo;
    const { offset, bytes } = files[index]!;
    return [...geometry.pieces()].filter((i) => {
      const from = geometry.pieceOffset(i);
      return from < offset + bytes && from + geometry.pieceBytes(i) > offset;
    });
  }

  finalPath(index: number): string {
    return [this.#folder, ...this.#album.metainfo.files[index]!.diskPath].join('/');
  }

  partPath(index: number): string {
    return [this.#folder, ...this.#album.metainfo.layout.partPath(index)].join('/');
  }

  /** The part paths and final paths of all files. */
  get paths(): string[] {
    const real = this.#album.metainfo.files.filter(({ isPad }) => !isPad);
    return real.flatMap(({ index }) => [this.partPath(index), this.finalPath(index)]);
  }

  /** Whether a believed piece lies where it should, with the right bytes. */
  holds(files: TorrentFiles, pieceIndex: PieceIndex): boolean {
    const truth = pieceOf(this.#album, pieceIndex);
    return files.placesOf(pieceIndex).every(({ file, at, position, bytes, offset }) => {
      if (file === undefined) return true;
      const inode = this.at(openedPath(at));
      if (inode !== undefined && this.#isExempt(inode)) return true;
      const there = inode?.bytes.subarray(position, position + bytes);
      return there !== undefined && Buffer.compare(there, truth.subarray(offset, offset + bytes)) === 0;
    });
  }

  /** Whether the file has its final name and all its bytes. */
  isWhole(index: number): boolean {
    const inode = this.at(this.finalPath(index));
    return (
      inode !== undefined &&
      (this.#isExempt(inode) ||
        Buffer.compare(inode.bytes, bytesOf(this.#album, this.#album.metainfo.files[index]!)) === 0)
    );
  }

  /** The path of a file with its final name and wrong bytes that no other program has touched. */
  misnamed(isTheirs: (inode: Inode) => boolean): string | undefined {
    for (const { index, isPad } of this.#album.metainfo.files) {
      const inode = isPad ? undefined : this.at(this.finalPath(index));
      if (inode !== undefined && !isTheirs(inode) && !this.isWhole(index)) return this.finalPath(index);
    }
    return undefined;
  }

  /** Checks every wanted file of a complete torrent. */
  checkWhole(choose: FileChoice): void {
    for (const file of this.#album.metainfo.files) {
      if (!file.isPad && choose(file) !== false && !this.isWhole(file.index))
        throw new BrokenStorage(
          'not-whole',
          `${this.finalPath(file.index)} is not whole in a complete torrent`,
        );
    }
  }

  /** Checks that files of other programs are unchanged, and that no final name stands over wrong bytes. */
  checkOthers({ harmed, isOrWasTheirs }: Others): void {
    if (harmed !== undefined) throw new BrokenStorage('others-harmed', harmed);
    const misnamed = this.misnamed(isOrWasTheirs);
    if (misnamed !== undefined)
      throw new BrokenStorage('named-unverified', `${misnamed} has its name and not its bytes`);
  }

  /** Checks that a complete torrent that was removed leaves no parts beside its wanted files. */
  checkNothingLeft(choose: FileChoice): void {
    for (const file of this.#album.metainfo.files) {
      if (file.isPad || choose(file) === false) continue;
      if (this.at(this.partPath(file.index)) !== undefined)
        throw new BrokenStorage('left', `${this.partPath(file.index)} is left beside the whole file`);
    }
  }

  checkBelief({ files, have }: PreparedDownload): void {
    for (const i of this.#album.metainfo.geometry.pieces()) {
      if ((have[i >> 3]! & (0x80 >> (i & 7))) !== 0 && !this.holds(files, i))
        throw new BrokenStorage('belief', `piece ${i} is believed and is not on the disk`);
    }
  }

  checkStored(pieceIndex: PieceIndex, { files }: PreparedDownload): void {
    if (this.holds(files, pieceIndex)) return;
    throw new BrokenStorage('stored', `piece ${pieceIndex} is called stored and is not on the disk`);
  }

  checkRead(pieceIndex: PieceIndex, begin: number, bytes: Uint8Array): void {
    const truth = pieceOf(this.#album, pieceIndex).subarray(begin, begin + bytes.length);
    if (Buffer.compare(truth, bytes) !== 0)
      throw new BrokenStorage('served', `piece ${pieceIndex}: wrong bytes at ${begin}`);
  }
}
