/**
 * All size arithmetic of one torrent, and the only maker of PieceIndex and Block: a number from a peer or a file
 * becomes one of these here or is refused, so no other code ever checks a range again.
 *
 * Invariant: 0 < pieceLength, and pieceCount pieces cover [0, totalBytes) without overlap; there are gaps only where a
 * torrent of BEP 52 has them, between the end of a file and the piece that the next one starts with.
 * Left to others: which file a byte lies in (file-layout.ts).                                              BEP 3, 52
 */

/** BEP 3: requests are for 2^14 bytes; every client closes or ignores larger ones (128 KiB is tolerated by some). */
export const blockBytesMax = 16 * 1024;

/** A bitfield then has 512 KiB, and the tables of a torrent some 60 MB. libtorrent: 2,097,152. */
export const pieceCountMax = 2 ** 22;

declare const pieceIndexBrand: unique symbol;
/** An index that is known to lie in [0, pieceCount) of the geometry that made it. */
export type PieceIndex = number & { readonly [pieceIndexBrand]: true };

/**
 * A run of bytes that is known to begin inside one piece and to end in it, or in the gap behind it. `begin` is counted
 * from the start of the piece.
 */
export interface Block {
  readonly pieceIndex: PieceIndex;
  readonly begin: number;
  readonly bytes: number;
}

export class Geometry {
  readonly totalBytes: number;
  /** Nominal bytes of a piece; the last one may be shorter, and in BEP 52 the last one of every file. */
  readonly pieceLength: number;
  readonly pieceCount: number;
  /** Bytes of a block that is not cut short by the end of its piece. */
  readonly wholeBlockBytes: number;
  /** Blocks in a full piece. */
  readonly blocksPerPiece: number;

  /** BEP 52 without pads: pieces that end with their file, before the next one begins. */
  readonly #shortPieces: ReadonlyMap<number, number> | undefined;

  /**
   * Both sizes in bytes. `shortPieces`: bytes of the pieces that are shorter than the others, by their index, the last
   * one too. The caller has already refused what is out of range (metainfo.ts does).
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

  /** Some pieces before the last are shorter than the others.  BEP 52 */
  get hasShortPieces(): boolean {
    return this.#shortPieces !== undefined;
  }

  /** An untrusted number → a PieceIndex, or undefined when there is no such piece. */
  pieceIndex(untrusted: number): PieceIndex | undefined {
    const valid = Number.isInteger(untrusted) && untrusted >= 0 && untrusted < this.pieceCount;
    return valid ? (untrusted as PieceIndex) : undefined;
  }

  /**
   * Three untrusted numbers (a `request`, `piece` or `cancel`) → a Block, or undefined when it is not inside one piece.
   * libtorrent asks for the last block of a file whole, gap and all (torrent::to_req): a gap counts as zeros.  BEP 52
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

  /** Bytes of one piece and of the gap behind it, if there is one: libtorrent sees one behind the last file, too. */
  pieceSpan(pieceIndex: PieceIndex): number {
    if (this.#shortPieces !== undefined) return this.pieceLength;
    return Math.min(this.pieceLength, this.totalBytes - pieceIndex * this.pieceLength);
  }

  /** Blocks of one piece. */
  blockCount(pieceIndex: PieceIndex): number {
    return Math.ceil(this.pieceBytes(pieceIndex) / blockBytesMax);
  }

  /** Bytes of the nth block of a piece. */
  blockBytes(pieceIndex: PieceIndex, blockIndex: number): number {
    return Math.min(blockBytesMax, this.pieceBytes(pieceIndex) - blockIndex * blockBytesMax);
  }

  /** Every piece, in order. */
  pieces(): IterableIterator<PieceIndex> {
    return new Pieces(this.pieceCount);
  }
}

/** Written out: V8 puts this into the loop that walks it, which it does not with a generator. */
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
