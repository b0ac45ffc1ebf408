/**
 * Candidates of one priority, the rarest first. They lie in one array, grouped by availability; `#start[a]`
 * is where bucket `a` begins. A piece changes its bucket by one swap with the edge, so that a `have` is O(1).
 *
 * Invariant: `position[p]` is the index of piece p in the order that holds it. Within a bucket the order is
 * random: it starts random, and swaps keep it so.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';

export class RarityOrder {
  readonly #order: Uint32Array;
  readonly #position: Int32Array;
  /** For a in 0..highest availability + 1; the last one is the count. */
  readonly #start: number[] = [0, 0];
  #count = 0;

  /** `pieces` in random order; `position` is shared by all orders of one torrent. */
  constructor(
    pieces: readonly PieceIndex[],
    capacity: number,
    availability: Uint16Array,
    position: Int32Array,
  ) {
    this.#order = new Uint32Array(capacity);
    this.#position = position;
    this.#count = pieces.length;
    const bucketOf = (pieceIndex: PieceIndex) => availability[pieceIndex]!;
    let highest = 0;
    for (const pieceIndex of pieces) highest = Math.max(highest, bucketOf(pieceIndex));
    const counts = new Array<number>(highest + 1).fill(0);
    for (const pieceIndex of pieces) counts[bucketOf(pieceIndex)]! += 1;
    const next = [0];
    for (const [bucket, count] of counts.entries()) next.push(next[bucket]! + count);
    this.#start = [...next];
    for (const pieceIndex of pieces) {
      const at = next[bucketOf(pieceIndex)]!++;
      this.#order[at] = pieceIndex;
      position[pieceIndex] = at;
    }
  }

  get count(): number {
    return this.#count;
  }

  /** The maximum count: all pieces of this priority. */
  get capacity(): number {
    return this.#order.length;
  }

  at(index: number): PieceIndex {
    return this.#order[index]! as PieceIndex;
  }

  /** One more peer than `from` has this piece. */
  raise(pieceIndex: PieceIndex, from: number): void {
    this.#ensureBucket(from + 1);
    // Moves to the last place of its bucket, which becomes the first place of the next bucket.
    const edge = this.#startOf(from + 1) - 1;
    this.#swap(this.#placeOf(pieceIndex), edge);
    this.#start[from + 1] = edge;
  }

  /** One peer fewer than `from` has this piece. */
  lower(pieceIndex: PieceIndex, from: number): void {
    const edge = this.#startOf(from);
    this.#swap(this.#placeOf(pieceIndex), edge);
    this.#start[from] = edge + 1;
  }

  add(pieceIndex: PieceIndex, availability: number): void {
    this.#ensureBucket(availability);
    let at = this.#count++;
    this.#order[at] = pieceIndex;
    this.#position[pieceIndex] = at;
    const last = this.#start.length - 1;
    this.#start[last] = this.#count;
    for (let a = last - 1; a > availability; a--) {
      const edge = this.#startOf(a);
      this.#swap(at, edge);
      at = edge;
      this.#start[a] = edge + 1;
    }
  }

  remove(pieceIndex: PieceIndex, availability: number): void {
    let at = this.#placeOf(pieceIndex);
    // The gap moves to the end, one edge per bucket.
    for (let a = availability; a + 1 < this.#start.length; a++) {
      const edge = this.#startOf(a + 1) - 1;
      this.#swap(at, edge);
      this.#start[a + 1] = edge;
      at = edge;
    }
    this.#count -= 1;
  }

  /** Extends `#start` to one beyond `availability`. New buckets are empty and lie at the end. */
  #ensureBucket(availability: number): void {
    while (this.#start.length < availability + 2) this.#start.push(this.#count);
  }

  #startOf(bucket: number): number {
    return this.#start[bucket]!;
  }

  #placeOf(pieceIndex: PieceIndex): number {
    return this.#position[pieceIndex]!;
  }

  #swap(a: number, b: number): void {
    const pieceA = this.at(a);
    const pieceB = this.at(b);
    this.#order[a] = pieceB;
    this.#order[b] = pieceA;
    this.#position[pieceB] = a;
    this.#position[pieceA] = b;
  }
}
