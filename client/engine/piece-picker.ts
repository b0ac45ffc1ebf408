/**
 * Which missing piece to begin next: the first few by chance, then the rarest among those the peer has.
 *
 * The missing pieces lie in `#order`, grouped by availability: a bucket for pieces nobody (who is not a seed) has,
 * one for those one peer has, and so on; `#start[a]` is where bucket `a` begins. A piece changes bucket by one swap
 * with the edge, so hearing of a `have` is O(1); seeds are counted, not walked, so that a seed costs nothing at all.
 * Within a bucket the order is random, and swaps keep it so.
 * Left to others: the state of a piece (piece-ledger.ts), blocks within it (request-scheduler.ts).       BEP 3
 */
import type { Geometry, PieceIndex } from '../../torrents/geometry.ts';
import type { Prng } from './prng.ts';

/** What the picker has to know of a peer. */
export interface PieceHolder {
  /** It has the piece and may be asked for it. */
  offers(pieceIndex: PieceIndex): boolean;
}

const absent = -1;

export class PiecePicker {
  /** Rises whenever a piece joins the candidates: a search that found nothing need not be repeated before. */
  version = 0;
  readonly #randomFirstPieces: number;
  readonly #random: Prng;
  readonly #order: Uint32Array;
  readonly #position: Int32Array;
  readonly #availability: Uint16Array;
  #count = 0;
  /** #start[a] for a in 0..highest availability + 1; the last one is the count. */
  readonly #start: number[] = [0];
  #picked = 0;

  /** `isMissing` says which pieces are candidates at first. */
  constructor(
    geometry: Geometry,
    isMissing: (pieceIndex: PieceIndex) => boolean,
    randomFirstPieces: number,
    random: Prng,
  ) {
    this.#randomFirstPieces = randomFirstPieces;
    this.#random = random;
    this.#order = new Uint32Array(geometry.pieceCount);
    this.#position = new Int32Array(geometry.pieceCount).fill(absent);
    this.#availability = new Uint16Array(geometry.pieceCount);
    for (const pieceIndex of geometry.pieces()) {
      if (!isMissing(pieceIndex)) this.#picked += 1;
      else this.#order[this.#count++] = pieceIndex;
    }
    for (let i = this.#count - 1; i > 0; i--) this.#swap(i, random.below(i + 1));
    for (let i = 0; i < this.#count; i++) this.#position[this.#order[i]!] = i;
    this.#start.push(this.#count);
  }

  /** Missing pieces that nobody has begun. */
  get candidateCount(): number {
    return this.#count;
  }

  /** Peers, seeds apart, that have this piece. */
  availability(pieceIndex: PieceIndex): number {
    return this.#availability[pieceIndex]!;
  }

  /** One more peer has this piece. Seeds are not told of piece by piece. */
  onHave(pieceIndex: PieceIndex): void {
    const from = this.#availability[pieceIndex]!;
    this.#availability[pieceIndex] = from + 1;
    if (this.#position[pieceIndex] === absent) return;
    this.#ensureBucket(from + 1);
    // To the last place of its bucket, which then becomes the first place of the next.
    const edge = this.#start[from + 1]! - 1;
    this.#swap(this.#position[pieceIndex]!, edge);
    this.#start[from + 1] = edge;
  }

  /** A peer that had this piece has gone. */
  onLost(pieceIndex: PieceIndex): void {
    const from = this.#availability[pieceIndex]!;
    this.#availability[pieceIndex] = from - 1;
    if (this.#position[pieceIndex] === absent) return;
    const edge = this.#start[from]!;
    this.#swap(this.#position[pieceIndex]!, edge);
    this.#start[from] = edge + 1;
  }

  /** Somebody is about to fetch it: no candidate any more. */
  remove(pieceIndex: PieceIndex): void {
    let at = this.#position[pieceIndex]!;
    // The gap travels to the end, one edge a bucket.
    for (let a = this.#availability[pieceIndex]!; a + 1 < this.#start.length; a++) {
      const edge = this.#start[a + 1]! - 1;
      this.#swap(at, edge);
      this.#start[a + 1] = edge;
      at = edge;
    }
    this.#count -= 1;
    this.#position[pieceIndex] = absent;
    this.#picked += 1;
  }

  /** It failed: a candidate again. */
  restore(pieceIndex: PieceIndex): void {
    const availability = this.#availability[pieceIndex]!;
    this.#ensureBucket(availability);
    let at = this.#count++;
    this.#order[at] = pieceIndex;
    this.#position[pieceIndex] = at;
    for (let a = this.#start.length - 1; a > availability; a--) {
      const edge = this.#start[a]!;
      if (a < this.#start.length - 1) {
        this.#swap(at, edge);
        at = edge;
      }
      this.#start[a] = edge + 1;
    }
    this.#picked -= 1;
    this.version += 1;
  }

  /** The piece to begin with this peer, or undefined when it has none of the candidates. O(1) when it is a seed. */
  pick(holder: PieceHolder): PieceIndex | undefined {
    if (this.#count === 0) return undefined;
    const offset = this.#picked < this.#randomFirstPieces ? this.#random.below(this.#count) : 0;
    for (let i = 0; i < this.#count; i++) {
      const at = i + offset < this.#count ? i + offset : i + offset - this.#count;
      const pieceIndex = this.#order[at]! as PieceIndex;
      if (holder.offers(pieceIndex)) return pieceIndex;
    }
    return undefined;
  }

  /** Makes #start reach one beyond `availability`; new buckets are empty and lie at the end. */
  #ensureBucket(availability: number): void {
    while (this.#start.length < availability + 2) this.#start.push(this.#count);
  }

  #swap(a: number, b: number): void {
    const pieceA = this.#order[a]!;
    const pieceB = this.#order[b]!;
    this.#order[a] = pieceB;
    this.#order[b] = pieceA;
    this.#position[pieceB] = a;
    this.#position[pieceA] = b;
  }
}
