/**
 * The pieces that one peer has announced. Which of them we may request: source-pieces.ts.
 *
 * Invariant: `count` is the number of pieces that the peer has. A peer with all pieces needs no bits.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { addPiece, eachPiece, hasPiece } from '../../../torrents/piece-set.ts';
import { smallBytes, smallCopy } from '../../wire/small-bytes.ts';
import { SourcePieces } from '../requests/source-pieces.ts';

const noBits = new Uint8Array(0);

export class PeerPieces extends SourcePieces {
  count = 0;
  /** MSB first, as on the wire. Empty when the peer has all pieces. */
  #bits = noBits;
  #isAll = false;

  /** The number of pieces is known. Until its first message, the peer has none. */
  expect(pieceCount: number): void {
    this.pieceCount = pieceCount;
    this.#bits = smallBytes(Math.ceil(pieceCount / 8));
  }

  get isAll(): boolean {
    return this.#isAll;
  }

  has(pieceIndex: PieceIndex): boolean {
    return this.#isAll || hasPiece(this.#bits, pieceIndex);
  }

  /** The peer's first message about its pieces. The bytes (MSB first, spare bits zero) are borrowed. */
  setAll(pieces: Uint8Array | 'all'): void {
    this.count = pieces === 'all' ? this.pieceCount : countBits(pieces);
    this.#isAll = this.count === this.pieceCount;
    this.#bits = this.#isAll || pieces === 'all' ? noBits : smallCopy(pieces, 0, pieces.length);
  }

  /** True when the piece is new for this peer. */
  add(pieceIndex: PieceIndex): boolean {
    if (this.#isAll) return false;
    if (hasPiece(this.#bits, pieceIndex)) return false;
    addPiece(this.#bits, pieceIndex);
    this.count += 1;
    return true;
  }

  /** Drops the bits when the peer has all pieces by now. */
  forgetBits(): void {
    if (this.count !== this.pieceCount) return;
    this.#isAll = true;
    this.#bits = noBits;
  }

  /** How many pieces of `bits` (MSB first) the peer has. */
  countAmong(bits: Uint8Array): number {
    if (this.#isAll) return countBits(bits);
    const have = this.#bits;
    let count = 0;
    for (let i = 0; i < bits.length; i++) count += countOnes(bits[i]! & (have[i] ?? 0));
    return count;
  }

  /** Visits every piece that the peer has, in order. */
  each(visit: (pieceIndex: PieceIndex) => void): void {
    if (this.#isAll) for (let i = 0; i < this.pieceCount; i++) visit(i as PieceIndex);
    eachPiece(this.#bits, (pieceIndex) => visit(pieceIndex as PieceIndex));
  }
}

function countBits(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) count += countOnes(byte);
  return count;
}

function countOnes(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** True when a bit after the last piece is set. */
export function hasSpareBits(bits: Uint8Array, pieceCount: number): boolean {
  const spareCount = bits.length * 8 - pieceCount;
  return spareCount > 0 && (bits.at(-1)! & ((1 << spareCount) - 1)) !== 0;
}
