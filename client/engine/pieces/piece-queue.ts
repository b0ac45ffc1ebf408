/**
 * A queue of pieces, first in, first out. A piece is in it at most once; added again, it keeps its place. So
 * the queue is never longer than the torrent, independent of what peers request.
 *
 * A ring buffer of fixed length: every operation is O(1), and it takes 5 bytes a piece.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';

export class PieceQueue {
  readonly #ring: Uint32Array;
  readonly #waits: Uint8Array;
  #first = 0;
  #size = 0;

  /** `pieces`: all pieces of the torrent, each once, in the order of the queue. */
  constructor(pieces: readonly PieceIndex[]) {
    this.#ring = Uint32Array.from(pieces);
    this.#waits = new Uint8Array(pieces.length).fill(1);
    this.#size = pieces.length;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes out the first piece. Undefined when the queue is empty. */
  take(): PieceIndex | undefined {
    if (this.#size === 0) return undefined;
    const pieceIndex = this.#ring[this.#first]! as PieceIndex;
    this.#first = (this.#first + 1) % this.#ring.length;
    this.#size -= 1;
    this.#waits[pieceIndex] = 0;
    return pieceIndex;
  }

  /** Adds the piece at the end. No effect on a piece that is in the queue. */
  add(pieceIndex: PieceIndex): void {
    if (this.#waits[pieceIndex] === 1) return;
    this.#waits[pieceIndex] = 1;
    this.#ring[(this.#first + this.#size) % this.#ring.length] = pieceIndex;
    this.#size += 1;
  }
}
