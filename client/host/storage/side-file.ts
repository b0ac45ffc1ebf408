/**
 * The hidden file for bytes of unwanted files (elsewhere called a part file). A piece that a wanted and an
 * unwanted file share is fetched whole, and the unwanted file's bytes go here, so that no unwanted file
 * appears. They are served from here, and move into their own file when the user selects it later.
 *
 * The layout follows from the torrent alone: every piece that several files share has a slot, in order. The
 * content is trusted only after a hash check, like everything that was on the disk before.
 */
import path from 'node:path';
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import type { FileLayout, TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { DiskFile } from '../disk/part-file.ts';

/**
 * The name holds the torrent's hash: two torrents may share a folder, and no torrent can contain its own hash
 * in a file name.
 */
export function sideFileName(infoHash: Uint8Array): string {
  return `.${Buffer.from(infoHash.subarray(0, 8)).toString('hex')}.cicada-parts`;
}

export class SideFile {
  readonly path: string;
  /** The side file as a part file that never gets a final name. */
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

  /** The bytes of a file that lie in a piece, as the range [from, to) of the torrent. */
  rangeIn(pieceIndex: PieceIndex, { offset, bytes }: TorrentFile): readonly [number, number] {
    const start = this.#geometry.pieceOffset(pieceIndex);
    const end = start + this.#geometry.pieceBytes(pieceIndex);
    return [Math.max(start, offset), Math.min(end, offset + bytes)];
  }

  /**
   * The position in this file of the byte at `offset` of the torrent; undefined when its piece is not shared.
   */
  positionOf(offset: number): number | undefined {
    const pieceIndex = this.pieceAt(offset);
    const slot = this.#slots.get(pieceIndex);
    if (slot === undefined) return undefined;
    return slot * this.#geometry.pieceLength + offset - this.#geometry.pieceOffset(pieceIndex);
  }
}
