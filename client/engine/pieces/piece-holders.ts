/**
 * Which peers have which piece: one row of bits per piece, one bit per seat, and a peer on each seat. Each
 * stored piece needs all its holders at once, and each peer's own bits (peer-pieces.ts) lie apart in memory,
 * so that a walk over all peers was slow. The cost is one bit per seat and piece.
 *
 * Invariant: a bit is set exactly while the peer on that seat is known to have the piece. Seeds need no seat.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';

const absent = -1;

export interface Seated {
  /** The seat, or -1. */
  seat: number;
}

export class PieceHolders<T extends Seated> {
  readonly #pieceCount: number;
  readonly #seats: (T | undefined)[] = [];
  #wordsPerPiece = 0;
  #bits = new Uint32Array(0);

  constructor(pieceCount: number) {
    this.#pieceCount = pieceCount;
  }

  add(holder: T, pieceIndex: PieceIndex): void {
    if (holder.seat === absent) this.#sit(holder);
    const word = this.#wordOf(pieceIndex, holder.seat);
    this.#bits[word] = this.#bitsOf(word) | (1 << (holder.seat & 31));
  }

  /** Returns false for a seed, which has no seat. */
  has(holder: T, pieceIndex: PieceIndex): boolean {
    const { seat } = holder;
    if (seat === absent) return false;
    return (this.#bitsOf(this.#wordOf(pieceIndex, seat)) & (1 << (seat & 31))) !== 0;
  }

  /** The holder loses the piece or leaves. One that leaves removes each of its pieces, then calls `leave`. */
  remove(holder: T, pieceIndex: PieceIndex): void {
    if (holder.seat === absent) return;
    const word = this.#wordOf(pieceIndex, holder.seat);
    this.#bits[word] = this.#bitsOf(word) & ~(1 << (holder.seat & 31));
  }

  /** Frees the seat. All its bits must be clear. */
  leave(holder: T): void {
    if (holder.seat === absent) return;
    this.#seats[holder.seat] = undefined;
    holder.seat = absent;
  }

  /** Visits all holders of the piece, by seat. */
  each(pieceIndex: PieceIndex, visit: (holder: T) => void): void {
    const first = pieceIndex * this.#wordsPerPiece;
    for (let word = 0; word < this.#wordsPerPiece; word++) {
      for (let rest = this.#bitsOf(first + word); rest !== 0; rest &= rest - 1)
        visit(this.#seats[word * 32 + 31 - Math.clz32(rest & -rest)]!);
    }
  }

  #wordOf(pieceIndex: PieceIndex, seat: number): number {
    return pieceIndex * this.#wordsPerPiece + (seat >> 5);
  }

  #bitsOf(word: number): number {
    return this.#bits[word]!;
  }

  #sit(holder: T): void {
    const free = this.#seats.indexOf(undefined);
    holder.seat = free >= 0 ? free : this.#seats.length;
    this.#seats[holder.seat] = holder;
    if (holder.seat >= 32 * this.#wordsPerPiece) this.#widen();
  }

  /** Twice as many words in every row. */
  #widen(): void {
    const before = this.#bits;
    const words = this.#wordsPerPiece;
    this.#wordsPerPiece = Math.max(1, 2 * words);
    this.#bits = new Uint32Array(this.#pieceCount * this.#wordsPerPiece);
    for (let piece = 0; piece < this.#pieceCount; piece++)
      this.#bits.set(before.subarray(piece * words, (piece + 1) * words), piece * this.#wordsPerPiece);
  }
}
