/**
 * All size arithmetic of one torrent. Only this class makes a PieceIndex or a Block: it converts or refuses
 * each number from a peer or a file, so no other code checks a range again.
 *
 * Invariant: 0 < pieceLength, and pieceCount pieces cover [0, totalBytes) without overlap. Only a v2 torrent
 * has gaps: between the end of a file and the piece where the next file starts.
 * Left to others: which file a byte lies in (file-layout.ts).                                       BEP 3, 52
 */

/**
 * BEP 3: a request is for 2^14 bytes. Clients ignore or disconnect on larger ones; some accept up to 128 KiB.
 */
export const blockBytesMax = 16 * 1024;

/** The bitfield then has 512 KiB, and the tables of a torrent take about 60 MB. libtorrent: 2,097,152. */
export const pieceCountMax = 2 ** 22;

declare const pieceIndexBrand: unique symbol;
/** An index that lies in [0, pieceCount) of the geometry that made it. */
export type PieceIndex = number & { readonly [pieceIndexBrand]: true };

/**
 * A run of bytes that begins inside a piece, and ends inside that piece or in the gap after it. `begin` is
 * counted from the start of the piece.
 */
export interface Block {
  readonly pieceIndex: PieceIndex;
  readonly begin: number;
  readonly bytes: number;
}

export class Geometry {
  readonly totalBytes: number;
  /**
   * Nominal bytes of a piece. The last piece, and in v2 (BEP 52) the last piece of each file, may be shorter.
   */
  readonly pieceLength: number;
  readonly pieceCount: number;
  /** Bytes of a block that the end of its piece does not cut short. */
  readonly wholeBlockBytes: number;
  /** Blocks in a full piece. */
  readonly blocksPerPiece: number;

  /** BEP 52 without pads: bytes of each piece that ends with its file, before the next file begins. */
  readonly #shortPieces: ReadonlyMap<number, number> | undefined;

  /**
   * Both sizes are in bytes. `shortPieces`: piece index to bytes, for each piece that is shorter than the
   * others, the last one too. The caller (metainfo.ts) has already refused sizes that are out of range.
   */
  constructor(totalBytes: number, pieceLength: number, shortPieces?: ReadonlyMap<number, number>) {
    if (!Number.isSafeInteger(totalBytes) || totalBytes < 0)
      throw new RangeError(`totalBytes: ${totalBytes}`);
    if (!Number.isSafeInteger(pieceLength) || pieceLength <= 0)
      throw new RangeError(`pieceLength: ${pieceLength}`);
    this.#shortPieces = shortPieces;
    this.totalBytes = totalBytes;
    this.pieceLength = pieceLength;
    this.pieceCount = Math.ceil(totalBytes / pieceLength);
    this.wholeBlockBytes = Math.min(blockBytesMax, pieceLength);
    this.blocksPerPiece = Math.ceil(pieceLength / blockBytesMax);
  }

  /** Whether pieces before the last one may be shorter than the others. BEP 52 */
  get hasShortPieces(): boolean {
    return this.#shortPieces !== undefined;
  }

  /** An untrusted number → a PieceIndex, or undefined if the torrent has no such piece. */
  pieceIndex(untrusted: number): PieceIndex | undefined {
    const valid = Number.isInteger(untrusted) && untrusted >= 0 && untrusted < this.pieceCount;
    return valid ? (untrusted as PieceIndex) : undefined;
  }

  /**
   * Three untrusted numbers (of a `request`, `piece` or `cancel`) → a Block. Undefined if it is not inside
   * one piece. libtorrent requests the last block of a file with the gap after it (torrent::to_req). A gap
   * counts as zeros. BEP 52
   */
  block(untrustedIndex: number, untrustedBegin: number, untrustedBytes: number): Block | undefined {
    const pieceIndex = this.pieceIndex(untrustedIndex);
    if (pieceIndex === undefined) return undefined;
    if (!Number.isInteger(untrustedBegin) || !Number.isInteger(untrustedBytes)) return undefined;
    if (untrustedBegin < 0 || untrustedBytes <= 0 || untrustedBytes > blockBytesMax) return undefined;
    if (untrustedBegin >= this.pieceBytes(pieceIndex)) return undefined;
    if (untrustedBegin + untrustedBytes > this.pieceSpan(pieceIndex)) return undefined;
    return { pieceIndex, begin: untrustedBegin, bytes: untrustedBytes };
  }

  /** Where a piece starts in the torrent, in bytes. */
  pieceOffset(pieceIndex: PieceIndex): number {
    return pieceIndex * this.pieceLength;
  }

  /** Bytes of one piece. */
  pieceBytes(pieceIndex: PieceIndex): number {
    return this.#shortPieces?.get(pieceIndex) ?? this.pieceSpan(pieceIndex);
  }

  /** Bytes of one piece and of the gap after it, if any. libtorrent counts a gap after the last file, too. */
  pieceSpan(pieceIndex: PieceIndex): number {
    if (this.#shortPieces !== undefined) return this.pieceLength;
    return Math.min(this.pieceLength, this.totalBytes - pieceIndex * this.pieceLength);
  }

  /** Number of blocks in one piece. */
  blockCount(pieceIndex: PieceIndex): number {
    return Math.ceil(this.pieceBytes(pieceIndex) / blockBytesMax);
  }

  /** Bytes of the nth block of a piece. */
  blockBytes(pieceIndex: PieceIndex, blockIndex: number): number {
    return Math.min(blockBytesMax, this.pieceBytes(pieceIndex) - blockIndex * blockBytesMax);
  }

  /** All pieces, in order. */
  pieces(): IterableIterator<PieceIndex> {
    return new Pieces(this.pieceCount);
  }
}

/** A class, not a generator: V8 inlines this into the loop that uses it, and cannot inline a generator. */
class Pieces implements IterableIterator<PieceIndex> {
  readonly #count: number;
  #index = 0;

  constructor(count: number) {
    this.#count = count;
  }

  next(): IteratorResult<PieceIndex> {
    if (this.#index >= this.#count) return { done: true, value: undefined };
    return { done: false, value: this.#index++ as PieceIndex };
  }

  [Symbol.iterator](): this {
    return this;
  }
}
