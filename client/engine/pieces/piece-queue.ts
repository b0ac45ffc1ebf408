/**
 * Pieces that wait for their turn, the first first. A piece waits once: put in again, it keeps its place. So the queue is
 * never longer than the torrent, whatever peers do.
 *
 * A ring of fixed length: O(1) for all that it does, and 5 bytes a piece.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';

export class PieceQueue {
  readonly #ring: Uint32Array;
  readonly #waits: Uint8Array;
  #first = 0;
  #size = 0;

  /** `pieces`: all of the torrent, each once, in the order of their turns. */
  constructor(pieces: readonly PieceIndex[]) {
    this.#ring = Uint32Array.from(pieces);
    this.#waits = new Uint8Array(pieces.length).fill(1);
    this.#size = pieces.length;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes out the one whose turn it is; undefined when none waits. */
  take(): PieceIndex | undefined {
    if (this.#size === 0) return undefined;
    const pieceIndex = this.#ring[this.#first]! as PieceIndex;
    this.#first = (this.#first + 1) % this.#ring.length;
    this.#size -= 1;
    this.#waits[pieceIndex] = 0;
    return pieceIndex;
  }

  /** Puts it behind all others. Of no effect for one that waits. */
  add(pieceIndex: PieceIndex): void {
    if (this.#waits[pieceIndex] === 1) return;
    this.#waits[pieceIndex] = 1;
    this.#ring[(this.#first + this.#size) % this.#ring.length] = pieceIndex;
    this.#size += 1;
  }
}
