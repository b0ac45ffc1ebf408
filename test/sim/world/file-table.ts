/**
 * The files of a torrent on one host, as its file system shows them: which pieces lie in which file, and a
 * stamp for each file. A stamp stands for inode, size and mtime: another inode is another file, another
 * version is other content.
 *
 * Invariant: each write that the file system sees makes a version that no file had before.
 */
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';

/** Enough files that a part of the torrent can be lost. */
const filesMax = 4;
/** The inode of a missing file. */
const noInode = 0;

export interface Stamp {
  /** 0: there is no such file. */
  readonly inode: number;
  readonly version: number;
}

export class FileTable {
  readonly count: number;
  readonly #geometry: Geometry;
  readonly #stamps: Stamp[];
  #numbers = 0;

  constructor(geometry: Geometry) {
    this.#geometry = geometry;
    this.count = Math.min(filesMax, geometry.pieceCount);
    this.#stamps = Array.from({ length: this.count }, () => ({ inode: noInode, version: 0 }));
  }

  fileOf(pieceIndex: PieceIndex): number {
    return Math.floor((pieceIndex * this.count) / this.#geometry.pieceCount);
  }

  pieces(file: number): PieceIndex[] {
    return [...this.#geometry.pieces()].filter((pieceIndex) => this.fileOf(pieceIndex) === file);
  }

  stamp(file: number): Stamp {
    return this.#stamps[file]!;
  }

  /** A copy, by file. */
  get stamps(): readonly Stamp[] {
    return [...this.#stamps];
  }

  get isEmpty(): boolean {
    return this.#stamps.every(({ inode }) => inode === noInode);
  }

  /** Records a write. A missing file is created. */
  onWritten(file: number): void {
    const { inode } = this.#stamps[file]!;
    this.#numbers += 1;
    this.#stamps[file] = { inode: inode === noInode ? this.#numbers : inode, version: this.#numbers };
  }

  remove(file: number): void {
    this.#stamps[file] = { inode: noInode, version: 0 };
  }

  removeAll(): void {
    for (let file = 0; file < this.count; file++) this.remove(file);
  }
}

export function isSameFile(a: Stamp, b: Stamp): boolean {
  return a.inode === b.inode;
}

export function isSameStamp(a: Stamp, b: Stamp): boolean {
  return a.inode === b.inode && a.version === b.version;
}
