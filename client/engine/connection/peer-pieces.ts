/**
 * What one peer has, as it says. What of it may be asked for: source-pieces.ts.
 *
 * Invariant: `count` is the number of pieces it has; a peer that has all of them needs no bits.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { addPiece, eachPiece, hasPiece } from '../../../torrents/piece-set.ts';
import { smallBytes, smallCopy } from '../../wire/small-bytes.ts';
import { SourcePieces } from '../requests/source-pieces.ts';

const noBits = new Uint8Array(0);

export class PeerPieces extends SourcePieces {
  count = 0;
  /** MSB first, as on the wire; empty when it has all of them. */
  #bits = noBits;
  #isAll = false;

  /** The torrent is known: until it says more, the peer has nothing of it. */
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

  /** What it says at first. The bytes (MSB first, spare bits zero) are borrowed. */
  setAll(pieces: Uint8Array | 'all'): void {
    this.count = pieces === 'all' ? this.pieceCount : countBits(pieces);
    this.#isAll = this.count === this.pieceCount;
    this.#bits = this.#isAll || pieces === 'all' ? noBits : smallCopy(pieces, 0, pieces.length);
  }

  /** True when it did not have it. */
  add(pieceIndex: PieceIndex): boolean {
    if (this.#isAll) return false;
    if (hasPiece(this.#bits, pieceIndex)) return false;
    addPiece(this.#bits, pieceIndex);
    this.count += 1;
    return true;
  }

  /** It has everything by now: the bits are of no more use. */
  forgetBits(): void {
    if (this.count !== this.pieceCount) return;
    this.#isAll = true;
    this.#bits = noBits;
  }

  /** Pieces among `bits` (MSB first) that it has. */
  countAmong(bits: Uint8Array): number {
    if (this.#isAll) return countBits(bits);
    const have = this.#bits;
    let count = 0;
    for (let i = 0; i < bits.length; i++) count += countOnes(bits[i]! & (have[i] ?? 0));
    return count;
  }

  /** Every piece it has, in order. */
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

/** Bits after the last piece that are set. */
export function hasSpareBits(bits: Uint8Array, pieceCount: number): boolean {
  const spareCount = bits.length * 8 - pieceCount;
  return spareCount > 0 && (bits.at(-1)! & ((1 << spareCount) - 1)) !== 0;
}
