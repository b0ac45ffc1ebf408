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

export class FirstCopies {
  readonly #geometry: Geometry;
  readonly #hasAll: () => boolean;
  readonly #availability: (pieceIndex: PieceIndex) => number;
  readonly #limits: Limits;
  readonly #random: Prng;
  /** Pieces still to be promised, in this order; made when we have everything. */
  #waiting: PieceIndex[] | undefined;
  /** Of these so many have been looked at. */
  #seen = 0;
  readonly #promises = new Map<PieceIndex, PeerSession>();
  readonly #promisesTo = new Map<PeerSession, Set<PieceIndex>>();

  /** `availability`: connected peers that have a piece. */
  constructor(
    geometry: Geometry,
    hasAll: () => boolean,
    availability: (pieceIndex: PieceIndex) => number,
    limits: Limits,
    random: Prng,
  ) {
    this.#geometry = geometry;
    this.#hasAll = hasAll;
    this.#availability = availability;
    this.#limits = limits;
    this.#random = random;
  }

  /** We serve this peer: it is told what to take next, as far ahead as it asks. */
  suggest(session: PeerSession): void {
    if (!session.fast || !this.#hasAll()) return;
    const promises = this.#promisesTo.get(session) ?? new Set();
    const wanted = this.#pipelinePieces(session);
    while (promises.size < wanted) {
      const pieceIndex = this.#next();
      if (pieceIndex === undefined) return;
      promises.add(pieceIndex);
      this.#promisesTo.set(session, promises);
      this.#promises.set(pieceIndex, session);
      session.sendSuggest(pieceIndex);
    }
  }

  /** Somebody else has it now; whoever was to take it is told of another one. */
  onHave(pieceIndex: PieceIndex): void {
    const session = this.#promises.get(pieceIndex);
    if (session === undefined) return;
    this.#promises.delete(pieceIndex);
    this.#promisesTo.get(session)!.delete(pieceIndex);
    this.suggest(session);
  }

  /** We do not serve it any more: what it was to take is for others. */
  release(session: PeerSession): void {
    for (const pieceIndex of this.#promisesTo.get(session) ?? []) {
      this.#promises.delete(pieceIndex);
      this.#waiting!.push(pieceIndex);
    }
    this.#promisesTo.delete(session);
  }

  /** The one that is on its way, those that it asks for meanwhile, and one more. */
  #pipelinePieces(session: PeerSession): number {
    const { requestQueueSeconds, suggestionsMax } = this.#limits;
    const ahead = Math.floor((session.up.rate * requestQueueSeconds) / this.#geometry.pieceLength);
    return Math.min(suggestionsMax, 2 + ahead);
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
