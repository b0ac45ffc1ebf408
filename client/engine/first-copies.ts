/**
 * The care of a seed for what nobody else has: every piece should leave it once before any leaves it twice. Peers cannot
 * know what others are fetching from us at the moment, and often choose alike; so whoever we serve is told which piece we
 * would like it to take next (`suggest`). Who does not listen chooses by itself, as ever.
 *
 * Invariant: a piece is promised to at most one peer, one that we serve, and only while nobody else has it. Each piece is
 * looked at once, and once more for every promise that was not kept.                                        BEP 6
 */
import type { Geometry, PieceIndex } from '../../torrents/geometry.ts';
import type { Limits } from './limits.ts';
import type { PeerSession } from './peer-session.ts';
import { type Prng, shuffle } from './prng.ts';

/** What one peer is to take: pieces of which it has asked for something, and those of which it has not. */
interface Promises {
  readonly begun: Set<PieceIndex>;
  readonly ahead: Set<PieceIndex>;
}

export class FirstCopies {
  readonly #geometry: Geometry;
  readonly #hasAll: () => boolean;
  readonly #availability: (pieceIndex: PieceIndex) => number;
  /** Of whom nothing is known asks for so many pieces at once, and one more is named. */
  readonly #aheadMin: number;
  readonly #random: Prng;
  /** Pieces still to be promised, in this order; made when we have everything. */
  #waiting: PieceIndex[] | undefined;
  /** Of these so many have been looked at. */
  #seen = 0;
  readonly #promises = new Map<PieceIndex, PeerSession>();
  readonly #promisesTo = new Map<PeerSession, Promises>();

  /** `availability`: connected peers that have a piece. */
  constructor(
    geometry: Geometry,
    hasAll: () => boolean,
    availability: (pieceIndex: PieceIndex) => number,
    limits: Limits,
    random: Prng,
  ) {
    this.#geometry = geometry;
    const { requestsOutstandingFirst } = limits;
    this.#aheadMin = 1 + Math.ceil(requestsOutstandingFirst / geometry.blocksPerPiece);
    this.#hasAll = hasAll;
    this.#availability = availability;
    this.#random = random;
  }

  /** We serve this peer: it is told what to take next, before it has to choose by itself. */
  suggest(session: PeerSession): void {
    if (!session.fast || !this.#hasAll()) return;
    const promises = this.#promisesTo.get(session) ?? { begun: new Set(), ahead: new Set() };
    while (promises.ahead.size < this.#aheadMin) {
      const pieceIndex = this.#next();
      if (pieceIndex === undefined) return;
      promises.ahead.add(pieceIndex);
      this.#promisesTo.set(session, promises);
      this.#promises.set(pieceIndex, session);
      session.sendSuggest(pieceIndex);
    }
  }

  /** It has asked us for some of this piece. */
  onRequest(session: PeerSession, pieceIndex: PieceIndex): void {
    const promises = this.#promisesTo.get(session);
    if (promises === undefined || !promises.ahead.delete(pieceIndex)) return;
    promises.begun.add(pieceIndex);
    this.suggest(session);
  }

  /** Somebody else has it now; whoever was to take it, and has not begun, is told of another one. */
  onHave(pieceIndex: PieceIndex): void {
    const session = this.#promises.get(pieceIndex);
    if (session === undefined) return;
    this.#promises.delete(pieceIndex);
    const { begun, ahead } = this.#promisesTo.get(session)!;
    begun.delete(pieceIndex);
    if (ahead.delete(pieceIndex)) this.suggest(session);
  }

  /** We do not serve it any more: what it was to take is for others. */
  release(session: PeerSession): void {
    const promises = this.#promisesTo.get(session);
    if (promises === undefined) return;
    this.#promisesTo.delete(session);
    for (const pieceIndex of [...promises.begun, ...promises.ahead]) {
      this.#promises.delete(pieceIndex);
      this.#waiting!.push(pieceIndex);
    }
  }

  #next(): PieceIndex | undefined {
    if (this.#waiting === undefined) {
      this.#waiting = [...this.#geometry.pieces()];
      shuffle(this.#waiting, this.#random);
    }
    while (this.#seen < this.#waiting.length) {
      const pieceIndex = this.#waiting[this.#seen++]!;
      if (this.#availability(pieceIndex) === 0) return pieceIndex;
    }
    this.#waiting.length = 0;
    this.#seen = 0;
    return undefined;
  }
}
