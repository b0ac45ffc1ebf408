/**
 * Where bytes go that had to be fetched although nobody wants their file: a piece that a wanted file shares with one that
 * is not comes whole. Those parts lie in one hidden file in the torrent's folder, so that no unwanted file appears; they
 * are served from there, and go home when their file is wanted later.
 *
 * Its layout follows from the torrent alone: every piece that several files share has a slot, in order. What is in it is
 * believed only after a check, like anything that was on the disk before.
 */
import path from 'node:path';
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import type { FileLayout, TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { DiskFile } from '../disk/part-file.ts';

/** The name is made of the torrent's hash: two torrents may share a folder, and none can hold a file of this name. */
export function sideFileName(infoHash: Uint8Array): string {
  return `.${Buffer.from(infoHash.subarray(0, 8)).toString('hex')}.cicada-parts`;
}

export class SideFile {
  readonly path: string;
  /** As a file under way that never gets another name. */
  readonly place: DiskFile;
  readonly #geometry: Geometry;
  readonly #slots = new Map<PieceIndex, number>();

  constructor(rootPath: string, infoHash: Uint8Array, layout: FileLayout, geometry: Geometry) {
    this.path = path.join(rootPath, sideFileName(infoHash));
    this.place = {
      state: 'part',
      finalPath: this.path,
      partPath: this.path,
      seen: undefined,
      lost: undefined,
    };
    this.#geometry = geometry;
    let lastOfPrevious: PieceIndex | undefined;
    for (const { isPad, bytes, offset } of layout.files) {
      if (isPad || bytes === 0) continue;
      const first = this.pieceAt(offset);
      if (first === lastOfPrevious && !this.#slots.has(first)) this.#slots.set(first, this.#slots.size);
      lastOfPrevious = this.pieceAt(offset + bytes - 1);
    }
  }

  /** Pieces that several files share, in order. */
  get sharedPieces(): IterableIterator<PieceIndex> {
    return this.#slots.keys();
  }

  pieceAt(offset: number): PieceIndex {
    return this.#geometry.pieceIndex(Math.floor(offset / this.#geometry.pieceLength))!;
  }

  /** The bytes of a file that lie in a piece, as [from, to) in the torrent. */
  rangeIn(pieceIndex: PieceIndex, { offset, bytes }: TorrentFile): readonly [number, number] {
    const start = this.#geometry.pieceOffset(pieceIndex);
    const end = start + this.#geometry.pieceBytes(pieceIndex);
    return [Math.max(start, offset), Math.min(end, offset + bytes)];
  }

  /** Where the byte at `offset` of the torrent lies in this file; undefined when one file alone has its piece. */
  positionOf(offset: number): number | undefined {
    const pieceIndex = this.pieceAt(offset);
    const slot = this.#slots.get(pieceIndex);
    if (slot === undefined) return undefined;
    return slot * this.#geometry.pieceLength + offset - this.#geometry.pieceOffset(pieceIndex);
  }
}
