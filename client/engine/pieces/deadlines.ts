/**
 * Pieces that have to be here by a certain time, the earliest first: what is played next. A deadline orders what is
 * wanted; it does not make a piece wanted.
 *
 * Invariant: `waiting` holds those of which something is left to ask for, so that it is empty most of the time.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';

export class Deadlines {
  readonly #atMs = new Map<PieceIndex, number>();
  readonly #waiting: PieceIndex[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Earliest first; not to be kept. */
  get waiting(): readonly PieceIndex[] {
    return this.#waiting;
  }

  /** Pieces, and when they have to be here. */
  get all(): ReadonlyMap<PieceIndex, number> {
    return this.#atMs;
  }

  get size(): number {
    return this.#atMs.size;
  }

  atMs(pieceIndex: PieceIndex): number | undefined {
    return this.#atMs.get(pieceIndex);
  }

  /** When there are too many, the latest is forgotten. */
  set(pieceIndex: PieceIndex, atMs: number): void {
    this.clear(pieceIndex);
    this.#atMs.set(pieceIndex, atMs);
    this.wait(pieceIndex);
    if (this.#atMs.size <= this.#max) return;
    let latest = pieceIndex;
    let latestMs = atMs;
    for (const [other, otherMs] of this.#atMs) if (otherMs > latestMs) [latest, latestMs] = [other, otherMs];
    this.clear(latest);
  }

  /** It is stored, or not urgent any more. */
  clear(pieceIndex: PieceIndex): void {
    this.asked(pieceIndex);
    this.#atMs.delete(pieceIndex);
  }

  /** Every block of it has been asked for. */
  asked(pieceIndex: PieceIndex): void {
    if (this.#waiting.length === 0) return;
    const at = this.#waiting.indexOf(pieceIndex);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Something of it is to be asked for, perhaps again. Of no effect for a piece without a deadline. */
  wait(pieceIndex: PieceIndex): void {
    const atMs = this.#atMs.get(pieceIndex);
    if (atMs === undefined || this.#waiting.includes(pieceIndex)) return;
    const at = this.#waiting.findIndex((other) => this.#atMs.get(other)! > atMs);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, pieceIndex);
  }
}
