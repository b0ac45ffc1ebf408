/**
 * A torrent of a simulated world: its metadata and its right content. Its files lie one after the other in
 * the byte space of its pieces; pad files are zeros. BEP 3, 47
 */
import type { TorrentId } from '../../../client/engine/contract.ts';
import { blockBytesMax, Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { dataBytesOfPadded } from '../../../torrents/metainfo/pads.ts';
import type { Randomness } from '../kernel/randomness.ts';
import { type BlockKind, Content } from './content.ts';

/** A little more than three blocks of an info dictionary. */
const infoBytesDefault = 50_000;

export interface FileShape {
  readonly bytes: number;
  readonly pad?: boolean;
}

export interface TorrentShape {
  /** Pad files included. */
  readonly totalBytes: number;
  readonly pieceLength: number;
  /** In order, with `totalBytes` together; one file when missing. */
  readonly files?: readonly FileShape[];
  /** The size of the info dictionary that magnets download. */
  readonly infoBytes?: number;
  /** From a real torrent, for code besides the engine that reads it; made up otherwise. */
  readonly info?: { readonly infoHash: Uint8Array; readonly infoBytes: Uint8Array };
}

export interface WorldFile {
  readonly offset: number;
  readonly bytes: number;
  readonly isPad: boolean;
}

export class SimTorrent {
  readonly id: TorrentId;
  readonly infoHash: Uint8Array;
  /** Stands for the info dictionary. */
  readonly infoBytes: Uint8Array;
  readonly geometry: Geometry;
  readonly files: readonly WorldFile[];
  /** For pieces that end in a pad file: their bytes before it. */
  readonly dataBytes: ReadonlyMap<PieceIndex, number>;
  readonly content: Content;
  /** All bytes without the pads at the ends of pieces: the first `left` of a downloader. */
  readonly leftAtFirst: number;

  constructor(id: TorrentId, shape: TorrentShape, random: Randomness) {
    const { totalBytes, pieceLength, files, infoBytes = infoBytesDefault, info } = shape;
    this.id = id;
    const isFirst = id === 1;
    this.infoHash = info?.infoHash ?? Buffer.alloc(20, isFirst ? 'swarm-in-a-box' : `swarm-in-a-box-${id}`);
    this.infoBytes = info?.infoBytes ?? new Uint8Array(infoBytes).map((_, i) => ((i + id - 1) * 7919) & 255);
    this.geometry = new Geometry(totalBytes, pieceLength);
    this.files = placed(files ?? [{ bytes: totalBytes }]);
    this.dataBytes = dataBytesOfPadded(this.geometry, this.files);
    const salt = random.seedOf(isFirst ? 'content' : `content ${id}`);
    this.content = new Content(this.geometry, salt, this.#kinds());
    let left = 0;
    for (const pieceIndex of this.geometry.pieces()) left += this.dataOf(pieceIndex);
    this.leftAtFirst = left;
  }

  /** Bytes of a piece without the pad at its end. */
  dataOf(pieceIndex: PieceIndex): number {
    return this.dataBytes.get(pieceIndex) ?? this.geometry.pieceBytes(pieceIndex);
  }

  /** Bytes of a piece that are requested from peers: whole blocks, without blocks in the pad at its end. */
  askedBytes(pieceIndex: PieceIndex): number {
    const blocks = Math.ceil(this.dataOf(pieceIndex) / blockBytesMax) * blockBytesMax;
    return Math.min(blocks, this.geometry.pieceBytes(pieceIndex));
  }

  /** Blocks that are zeros only. Those after the data of their piece are never requested. */
  #kinds(): Map<number, BlockKind> {
    const kinds = new Map<number, BlockKind>();
    const { geometry } = this;
    const pads = this.files.filter(({ isPad }) => isPad);
    if (pads.length === 0) return kinds;
    for (const pieceIndex of geometry.pieces()) {
      for (let blockIndex = 0; blockIndex < geometry.blockCount(pieceIndex); blockIndex++) {
        const begin = blockIndex * blockBytesMax;
        const from = geometry.pieceOffset(pieceIndex) + begin;
        const to = from + geometry.blockBytes(pieceIndex, blockIndex);
        if (!pads.some(({ offset, bytes }) => offset <= from && to <= offset + bytes)) continue;
        const isAsked = begin < this.askedBytes(pieceIndex);
        kinds.set(pieceIndex * geometry.blocksPerPiece + blockIndex, isAsked ? 'zeros' : 'pad');
      }
    }
    return kinds;
  }
}

function placed(shapes: readonly FileShape[]): WorldFile[] {
  let offset = 0;
  return shapes.map(({ bytes, pad = false }) => {
    const file = { offset, bytes, isPad: pad };
    offset += bytes;
    return file;
  });
}
