/**
 * Picks the missing piece to begin next: the highest priority first; within it the first few pieces at
 * random, then the rarest among those that the peer has. In sequential mode (playing while downloading) the
 * lowest index.
 *
 * Candidates are the pieces that are wanted, missing and not begun. Those of one priority lie in a
 * RarityOrder, so that a `have` is O(1). Seeds are only counted, so that a seed costs nothing. Left to
 * others: the state of a piece (piece-ledger.ts), deadlines (deadlines.ts), blocks within a piece
 * (request-scheduler.ts). BEP 3
 */
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import { type Prng, shuffle } from '../prng.ts';
import { priorityDefault, priorityMax, unwanted } from './piece-selection.ts';
import { RarityOrder } from './rarity-order.ts';

/** What the picker needs of a peer. */
export interface PieceHolder {
  /** The peer has the piece and may be asked for it. */
  offers(pieceIndex: PieceIndex): boolean;
}

export interface PieceSuggester extends PieceHolder {
  /** Pieces that the peer suggests; `pickSuggested` removes those it examines. BEP 6 */
  readonly suggested: PieceIndex[];
}

/** Pieces that the peer has gained since it had none of the candidates. */
export interface NewsBringer extends PieceHolder {
  readonly newsCount: number;
  /** The oldest first. */
  newsAt(place: number): PieceIndex;
}

const absent = -1;
/** Rejoined candidates that are remembered, so that a peer that had no candidate checks only these. */
const joinedMax = 1024;

export class PiecePicker {
  /** The lowest index first, instead of the rarest. */
  sequential = false;
  readonly #geometry: Geometry;
  readonly #isMissing: (pieceIndex: PieceIndex) => boolean;
  readonly #randomFirstPieces: number;
  readonly #random: Prng;
  /** By piece: the position in the order of its priority. */
  readonly #position: Int32Array;
  readonly #availability: Uint16Array;
  readonly #priority: Uint8Array;
  /** By priority; the order of `unwanted` stays empty. */
  #orders: RarityOrder[] = [];
  /** Set while all wanted pieces have one priority: saves a lookup for each `have`. */
  #onlyOrder: RarityOrder | undefined;
  /** By priority: no candidate of it has a lower index. */
  readonly #first = new Uint32Array(priorityMax + 1);
  #candidateCount = 0;
  #picked = 0;
  /** Pieces that recently joined the candidates; `#forgotten` joined before them. */
  #joined: PieceIndex[] = [];
  #forgotten = 0;

  /** `isMissing`: pieces not begun. All pieces are wanted until `select`. */
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

  /** The priorities have changed: all candidates are ordered again, O(pieces). */
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

  /**
   * Rises when a piece joins the candidates: a search that found nothing need not be repeated before that.
   */
  get version(): number {
    return this.#forgotten + this.#joined.length;
  }

  /** Number of wanted pieces that are missing and not begun. */
  get candidateCount(): number {
    return this.#candidateCount;
  }

  isCandidate(pieceIndex: PieceIndex): boolean {
    return this.#position[pieceIndex] !== absent;
  }

  /** Number of peers that have this piece, without seeds. */
  availability(pieceIndex: PieceIndex): number {
    return this.#availability[pieceIndex]!;
  }

  /** One more peer has this piece. Not called for the pieces of a seed. */
  onHave(pieceIndex: PieceIndex): void {
    const from = this.availability(pieceIndex);
    if (this.isCandidate(pieceIndex)) this.#orderOf(pieceIndex).raise(pieceIndex, from);
    this.#availability[pieceIndex] = from + 1;
  }

  /** A peer that had this piece has left. */
  onLost(pieceIndex: PieceIndex): void {
    const from = this.availability(pieceIndex);
    if (this.isCandidate(pieceIndex)) this.#orderOf(pieceIndex).lower(pieceIndex, from);
    this.#availability[pieceIndex] = from - 1;
  }

  /** A peer begins the piece: it is no candidate any more. */
  remove(pieceIndex: PieceIndex): void {
    this.#orderOf(pieceIndex).remove(pieceIndex, this.availability(pieceIndex));
    this.#position[pieceIndex] = absent;
    this.#candidateCount -= 1;
    this.#picked += 1;
  }

  /** The piece failed or was given up: a candidate again, if it is still wanted. */
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

  /** The piece to begin with this peer. Undefined when it has no candidate. O(1) for a seed. */
  pick(holder: PieceHolder): PieceIndex | undefined {
    for (let priority = priorityMax; priority > unwanted; priority--) {
      const order = this.#orders[priority]!;
      if (order.count === 0) continue;
      const found = this.sequential ? this.#pickFirst(priority, holder) : this.#pickRarest(order, holder);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * The first suggested piece that is a candidate of the highest priority left. No suggestion is followed in
   * sequential mode.
   */
  pickSuggested(holder: PieceSuggester): PieceIndex | undefined {
    for (let next = holder.suggested.shift(); next !== undefined; next = holder.suggested.shift()) {
      if (!this.sequential && this.isCandidate(next) && holder.offers(next) && this.#isTop(next)) return next;
    }
    return undefined;
  }

  /**
   * `pick` for a peer that had no candidate at `version`: only pieces gained or rejoined since are examined.
   */
  pickNew(holder: NewsBringer, version: number): PieceIndex | undefined {
    if (version < this.#forgotten) return this.pick(holder);
    let best: PieceIndex | undefined;
    for (let i = version - this.#forgotten; i < this.#joined.length; i++) {
      best = this.#better(best, this.#joined[i]!, holder);
    }
    for (let i = 0; i < holder.newsCount; i++) best = this.#better(best, holder.newsAt(i), holder);
    return best;
  }

  /** No candidate has a higher priority. */
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
