/**
 * Which missing piece to begin next: the highest priority first; within it the first few by chance, then the rarest among
 * those the peer has, or, for somebody who plays while it downloads, the first.
 *
 * Candidates are the pieces that are wanted, missing and begun by nobody. Those of one priority lie in a RarityOrder, so
 * hearing of a `have` is O(1); seeds are counted, not walked, so that a seed costs nothing at all.
 * Left to others: the state of a piece (piece-ledger.ts), what is due by a certain time (deadlines.ts), blocks within a
 * piece (request-scheduler.ts).                                                                             BEP 3
 */
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import { type Prng, shuffle } from '../prng.ts';
import { priorityDefault, priorityMax, unwanted } from './piece-selection.ts';
import { RarityOrder } from './rarity-order.ts';

/** What the picker has to know of a peer. */
export interface PieceHolder {
  /** It has the piece and may be asked for it. */
  offers(pieceIndex: PieceIndex): boolean;
}

export interface PieceSuggester extends PieceHolder {
  /** What it would like us to take next; taken off as it is looked at.  BEP 6 */
  readonly suggested: PieceIndex[];
}

/** What it has said since it had nothing for us. */
export interface NewsBringer extends PieceHolder {
  readonly newsCount: number;
  /** The oldest first. */
  newsAt(place: number): PieceIndex;
}

const absent = -1;
/** Pieces that came back are remembered so far, so that whoever found nothing before need look at no others. */
const joinedMax = 1024;

export class PiecePicker {
  /** The first first, instead of the rarest. */
  sequential = false;
  readonly #geometry: Geometry;
  readonly #isMissing: (pieceIndex: PieceIndex) => boolean;
  readonly #randomFirstPieces: number;
  readonly #random: Prng;
  /** Where a candidate lies in the order of its priority. */
  readonly #position: Int32Array;
  readonly #availability: Uint16Array;
  readonly #priority: Uint8Array;
  /** By priority; the one of `unwanted` stays empty. */
  #orders: RarityOrder[] = [];
  /** While all that is wanted has one priority: then none need be looked up at every have. */
  #onlyOrder: RarityOrder | undefined;
  /** By priority: no candidate of it lies before this piece. */
  readonly #first = new Uint32Array(priorityMax + 1);
  #candidateCount = 0;
  #picked = 0;
  /** Pieces that have joined the candidates of late; `#forgotten` joined before them. */
  #joined: PieceIndex[] = [];
  #forgotten = 0;

  /** `isMissing` says which pieces nobody has begun. Everything is wanted until `select` is told otherwise. */
  constructor(
    geometry: Geometry,
    isMissing: (pieceIndex: PieceIndex) => boolean,
    randomFirstPieces: number,
    random: Prng,
  ) {
    this.#geometry = geometry;
    this.#isMissing = isMissing;
    this.#randomFirstPieces = randomFirstPieces;
    this.#random = random;
    this.#position = new Int32Array(geometry.pieceCount);
    this.#availability = new Uint16Array(geometry.pieceCount);
    this.#priority = new Uint8Array(geometry.pieceCount);
    this.select(() => priorityDefault);
  }

  /** Somebody has chosen anew what is wanted: all candidates are put in order again, O(pieces). */
  select(priorityOf: (pieceIndex: PieceIndex) => number): void {
    const levels = Array.from({ length: priorityMax + 1 }, () => ({
      capacity: 0,
      missing: [] as PieceIndex[],
    }));
    this.#picked = 0;
    this.#position.fill(absent);
    for (const pieceIndex of this.#geometry.pieces()) {
      const priority = priorityOf(pieceIndex);
      this.#priority[pieceIndex] = priority;
      const isMissing = this.#isMissing(pieceIndex);
      if (!isMissing) this.#picked += 1;
      if (priority === unwanted) continue;
      const level = levels[priority]!;
      level.capacity += 1;
      if (isMissing) level.missing.push(pieceIndex);
    }
    this.#orders = levels.map(({ capacity, missing }) => {
      shuffle(missing, this.#random);
      return new RarityOrder(missing, capacity, this.#availability, this.#position);
    });
    const used = this.#orders.filter(({ capacity }) => capacity > 0);
    this.#onlyOrder = used.length === 1 ? used[0] : undefined;
    this.#first.fill(0);
    this.#candidateCount = levels.reduce((sum, { missing }) => sum + missing.length, 0);
    this.#forgetJoined(1);
  }

  /** Rises whenever a piece joins the candidates: a search that found nothing need not be repeated before. */
  get version(): number {
    return this.#forgotten + this.#joined.length;
  }

  /** Wanted pieces that are missing and that nobody has begun. */
  get candidateCount(): number {
    return this.#candidateCount;
  }

  isCandidate(pieceIndex: PieceIndex): boolean {
    return this.#position[pieceIndex] !== absent;
  }

  /** Peers, seeds apart, that have this piece. */
  availability(pieceIndex: PieceIndex): number {
    return this.#availability[pieceIndex]!;
  }

  /** One more peer has this piece. Seeds are not told of piece by piece. */
  onHave(pieceIndex: PieceIndex): void {
    const from = this.availability(pieceIndex);
    if (this.isCandidate(pieceIndex)) this.#orderOf(pieceIndex).raise(pieceIndex, from);
    this.#availability[pieceIndex] = from + 1;
  }

  /** A peer that had this piece has gone. */
  onLost(pieceIndex: PieceIndex): void {
    const from = this.availability(pieceIndex);
    if (this.isCandidate(pieceIndex)) this.#orderOf(pieceIndex).lower(pieceIndex, from);
    this.#availability[pieceIndex] = from - 1;
  }

  /** Somebody is about to fetch it: no candidate any more. */
  remove(pieceIndex: PieceIndex): void {
    this.#orderOf(pieceIndex).remove(pieceIndex, this.availability(pieceIndex));
    this.#position[pieceIndex] = absent;
    this.#candidateCount -= 1;
    this.#picked += 1;
  }

  /** It failed or was given up: a candidate again, if it is still wanted. */
  restore(pieceIndex: PieceIndex): void {
    this.#picked -= 1;
    const priority = this.#priorityOf(pieceIndex);
    if (priority === unwanted) return;
    this.#orderOf(pieceIndex).add(pieceIndex, this.availability(pieceIndex));
    this.#first[priority] = Math.min(this.#firstOf(priority), pieceIndex);
    this.#candidateCount += 1;
    if (this.#joined.length >= joinedMax) this.#forgetJoined(0);
    this.#joined.push(pieceIndex);
  }

  /** The piece to begin with this peer, or undefined when it has none of the candidates. O(1) when it is a seed. */
  pick(holder: PieceHolder): PieceIndex | undefined {
    for (let priority = priorityMax; priority > unwanted; priority--) {
      const order = this.#orders[priority]!;
      if (order.count === 0) continue;
      const found = this.sequential ? this.#pickFirst(priority, holder) : this.#pickRarest(order, holder);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The first piece it suggests that we may as well begin with: nothing that is wanted more is missing. */
  pickSuggested(holder: PieceSuggester): PieceIndex | undefined {
    for (let next = holder.suggested.shift(); next !== undefined; next = holder.suggested.shift()) {
      if (!this.sequential && this.isCandidate(next) && holder.offers(next) && this.#isTop(next)) return next;
    }
    return undefined;
  }

  /** `pick` for a peer that had nothing at `version`, and has brought news since: only what is new is looked at. */
  pickNew(holder: NewsBringer, version: number): PieceIndex | undefined {
    if (version < this.#forgotten) return this.pick(holder);
    let best: PieceIndex | undefined;
    for (let i = version - this.#forgotten; i < this.#joined.length; i++) {
      best = this.#better(best, this.#joined[i]!, holder);
    }
    for (let i = 0; i < holder.newsCount; i++) best = this.#better(best, holder.newsAt(i), holder);
    return best;
  }

  /** No candidate is wanted more. */
  #isTop(pieceIndex: PieceIndex): boolean {
    const own = this.#priorityOf(pieceIndex);
    return !this.#orders.some(({ count }, priority) => priority > own && count > 0);
  }

  #better(best: PieceIndex | undefined, other: PieceIndex, holder: PieceHolder): PieceIndex | undefined {
    if (!this.isCandidate(other) || !holder.offers(other)) return best;
    if (best === undefined) return other;
    const byPriority = this.#priorityOf(other) - this.#priorityOf(best);
    if (byPriority !== 0) return byPriority > 0 ? other : best;
    if (this.sequential) return other < best ? other : best;
    return this.availability(other) < this.availability(best) ? other : best;
  }

  #pickRarest(order: RarityOrder, holder: PieceHolder): PieceIndex | undefined {
    const offset = this.#picked < this.#randomFirstPieces ? this.#random.below(order.count) : 0;
    for (let i = 0; i < order.count; i++) {
      const pieceIndex = order.at(i + offset < order.count ? i + offset : i + offset - order.count);
      if (holder.offers(pieceIndex)) return pieceIndex;
    }
    return undefined;
  }

  #pickFirst(priority: number, holder: PieceHolder): PieceIndex | undefined {
    const { pieceCount } = this.#geometry;
    const is = (index: number) => this.#position[index] !== absent && this.#priority[index] === priority;
    let first = this.#firstOf(priority);
    while (first < pieceCount && !is(first)) first += 1;
    this.#first[priority] = first;
    for (let index = first; index < pieceCount; index++) {
      if (is(index) && holder.offers(index as PieceIndex)) return index as PieceIndex;
    }
    return undefined;
  }

  #orderOf(pieceIndex: PieceIndex): RarityOrder {
    return this.#onlyOrder ?? this.#orders[this.#priorityOf(pieceIndex)]!;
  }

  #priorityOf(pieceIndex: PieceIndex): number {
    return this.#priority[pieceIndex]!;
  }

  #firstOf(priority: number): number {
    return this.#first[priority]!;
  }

  #forgetJoined(more: number): void {
    this.#forgotten += this.#joined.length + more;
    this.#joined = [];
  }
}
