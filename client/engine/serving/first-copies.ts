/**
 * The care of a seed for what nobody else has: every piece should leave it once before any leaves it twice. Peers cannot
 * know what others are fetching from us at the moment, and often choose alike; so whoever we serve is told which piece we
 * would like it to take next (`suggest`). Who does not listen chooses by itself, as ever.
 *
 * And who spreads what it is given is known by that: a piece that one peer had first is heard of from others later. One that
 * nobody else has after a while is given to somebody else, and the choker prefers those who pass on (`spread`).
 *
 * Invariant: a piece is promised to at most one peer, one that we serve, and only while nobody else has it. Each piece is
 * looked at once, and once more for every promise that was not kept; none waits twice at a time.             BEP 6
 */
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { Context } from '../context.ts';
import type { ConnectionId } from '../contract.ts';
import type { Limits } from '../limits.ts';
import { PieceQueue } from '../pieces/piece-queue.ts';
import { type Prng, shuffle } from '../prng.ts';

/** A miser is not looked at for ever: so many of the pieces it keeps, and then it is the next one's turn. */
const passedMax = 16;
/** So that a quarter of it can be taken off in integers. */
const spreadUnit = 64;

/** What one peer is to take: pieces of which it has asked for something, and those of which it has not. */
interface Promises {
  readonly begun: Set<PieceIndex>;
  readonly ahead: Set<PieceIndex>;
}

/** What it has to know of the swarm. */
export interface SwarmView {
  /** We have everything. */
  hasAll(): boolean;
  /** Connected peers that have a piece. */
  availability(pieceIndex: PieceIndex): number;
  readonly sessions: ReadonlyMap<ConnectionId, PeerSession>;
}

export class FirstCopies {
  readonly #geometry: Geometry;
  readonly #view: SwarmView;
  /** Of whom nothing is known asks for so many pieces at once, and one more is named. */
  readonly #aheadMin: number;
  readonly #limits: Limits;
  readonly #random: Prng;
  /** Pieces still to be promised, in this order; made when we have everything. */
  #waiting: PieceQueue | undefined;
  readonly #promises = new Map<PieceIndex, PeerSession>();
  readonly #promisesTo = new Map<PeerSession, Promises>();
  /** Who was the first to have a piece, and pieces that nobody else had at last sight, the oldest first. */
  readonly #firstHolders = new Map<PieceIndex, ConnectionId>();
  readonly #lonely = new Map<PieceIndex, number>();
  /** Pieces that somebody had for long and nobody else. */
  readonly #kept = new Set<PieceIndex>();

  constructor(geometry: Geometry, view: SwarmView, { limits, random }: Context) {
    this.#geometry = geometry;
    this.#view = view;
    this.#limits = limits;
    this.#random = random;
    this.#aheadMin = 1 + Math.ceil(limits.requestsOutstandingFirst / geometry.blocksPerPiece);
  }

  /** We serve this peer: it is told what to take next, before it has to choose by itself. */
  suggest(session: PeerSession): void {
    if (!session.fast || !this.#view.hasAll()) return;
    const promises = this.#promisesTo.get(session) ?? { begun: new Set(), ahead: new Set() };
    while (promises.ahead.size < this.#aheadMin) {
      const pieceIndex = this.#next(session);
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

  /** This peer has it now. Whoever was to take it, and has not begun, is told of another one. */
  onHave(from: PeerSession, pieceIndex: PieceIndex, nowMs: number): void {
    if (!this.#view.hasAll()) return;
    const first = this.#firstHolders.get(pieceIndex);
    if (first === undefined) {
      this.#firstHolders.set(pieceIndex, from.connection);
      this.#lonely.set(pieceIndex, nowMs);
    } else if (first !== from.connection) {
      const session = this.#view.sessions.get(first);
      if (session !== undefined) session.spread += spreadUnit;
      this.#lonely.delete(pieceIndex);
      this.#kept.delete(pieceIndex);
    }
    const session = this.#promises.get(pieceIndex);
    if (session === undefined) return;
    this.#promises.delete(pieceIndex);
    const { begun, ahead } = this.#promisesTo.get(session)!;
    begun.delete(pieceIndex);
    if (ahead.delete(pieceIndex)) this.suggest(session);
  }

  /** At every rechoke: of what they have spread a quarter is forgotten, down to nothing at all. */
  fade(sessions: readonly PeerSession[]): void {
    for (const session of sessions) session.spread -= (session.spread + 3) >> 2;
  }

  /** At every tick: what somebody has kept to itself is for others to take. */
  tick(nowMs: number): void {
    // A Map keeps the order in which its keys came: the oldest first.
    for (const [pieceIndex, sinceMs] of this.#lonely) {
      if (nowMs - sinceMs < this.#limits.spreadTimeoutMs) return;
      this.#lonely.delete(pieceIndex);
      if (this.#view.availability(pieceIndex) > 1) continue;
      this.#firstHolders.delete(pieceIndex);
      this.#kept.add(pieceIndex);
      this.#waiting?.add(pieceIndex);
    }
  }

  /** We have not everything any more: when we have again, every piece is looked at anew. */
  forget(): void {
    this.#waiting = undefined;
    this.#promises.clear();
    this.#promisesTo.clear();
    this.#firstHolders.clear();
    this.#lonely.clear();
    this.#kept.clear();
  }

  /** We do not serve it any more: what it was to take is for others. */
  release(session: PeerSession): void {
    const promises = this.#promisesTo.get(session);
    if (promises === undefined) return;
    this.#promisesTo.delete(session);
    for (const pieceIndex of [...promises.begun, ...promises.ahead]) {
      this.#promises.delete(pieceIndex);
      this.#waiting!.add(pieceIndex);
    }
  }

  /** Something for this peer that nobody else has, or that somebody keeps. */
  #next(session: PeerSession): PieceIndex | undefined {
    this.#waiting ??= this.#shuffled();
    const passed: PieceIndex[] = [];
    let found: PieceIndex | undefined;
    while (found === undefined && passed.length < passedMax) {
      const pieceIndex = this.#waiting.take();
      if (pieceIndex === undefined) break;
      const isCaredFor = this.#view.availability(pieceIndex) > (this.#kept.has(pieceIndex) ? 1 : 0);
      if (isCaredFor || this.#promises.has(pieceIndex)) continue;
      if (session.pieces.has(pieceIndex)) passed.push(pieceIndex);
      else found = pieceIndex;
    }
    for (const pieceIndex of passed) this.#waiting.add(pieceIndex);
    return found;
  }

  #shuffled(): PieceQueue {
    const pieces = [...this.#geometry.pieces()];
    shuffle(pieces, this.#random);
    return new PieceQueue(pieces);
  }
}
