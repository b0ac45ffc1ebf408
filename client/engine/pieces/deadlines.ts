/**
 * Pieces with a deadline, the earliest first: what is played next. A deadline orders wanted pieces; it does
 * not make a piece wanted.
 *
 * Invariant: `waiting` holds the pieces with blocks left to request, so it is usually empty.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';

export class Deadlines {
  readonly #atMs = new Map<PieceIndex, number>();
  readonly #waiting: PieceIndex[] = [];
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** Earliest first. The caller must not keep it. */
  get waiting(): readonly PieceIndex[] {
    return this.#waiting;
  }

  /** All pieces with a deadline, and the deadline. */
  get all(): ReadonlyMap<PieceIndex, number> {
    return this.#atMs;
  }

  get size(): number {
    return this.#atMs.size;
  }

  atMs(pieceIndex: PieceIndex): number | undefined {
    return this.#atMs.get(pieceIndex);
  }

  /** Beyond the cap the latest deadline is dropped. */
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

  /** The piece is stored, or no longer urgent. */
  clear(pieceIndex: PieceIndex): void {
    this.asked(pieceIndex);
    this.#atMs.delete(pieceIndex);
  }

  /** Every block of the piece has been requested. */
  asked(pieceIndex: PieceIndex): void {
    if (this.#waiting.length === 0) return;
    const at = this.#waiting.indexOf(pieceIndex);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  /** Blocks of the piece are to be requested, perhaps again. No effect on a piece without a deadline. */
  wait(pieceIndex: PieceIndex): void {
    const atMs = this.#atMs.get(pieceIndex);
    if (atMs === undefined || this.#waiting.includes(pieceIndex)) return;
    const at = this.#waiting.findIndex((other) => this.#atMs.get(other)! > atMs);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, pieceIndex);
  }
}
