/**
 * Who has a piece, by piece: a row of bits for each, one bit for every seat, and a peer on each seat. A stored piece asks this
 * of all peers at once; each peer's own bits (peer-pieces.ts) lie apart, so that it was a walk through the memory of all of
 * them. It costs one bit for every seat and piece.
 *
 * Invariant: a bit is set exactly while the peer on its seat was told to have that piece. Seeds need no seat.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';

const absent = -1;

export interface Seated {
  /** Its seat, or -1. */
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

  /** Of one that has all from the start nothing is known here. */
  has(holder: T, pieceIndex: PieceIndex): boolean {
    const { seat } = holder;
    if (seat === absent) return false;
    return (this.#bitsOf(this.#wordOf(pieceIndex, seat)) & (1 << (seat & 31))) !== 0;
  }

  /** It does not have it any more, or leaves: it is to be told of all that it has, and then leave its seat. */
  remove(holder: T, pieceIndex: PieceIndex): void {
    if (holder.seat === absent) return;
    const word = this.#wordOf(pieceIndex, holder.seat);
    this.#bits[word] = this.#bitsOf(word) & ~(1 << (holder.seat & 31));
  }

  /** Its seat is free; nothing may be left on it. */
  leave(holder: T): void {
    if (holder.seat === absent) return;
    this.#seats[holder.seat] = undefined;
    holder.seat = absent;
  }

  /** All that have the piece, by seat. */
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
