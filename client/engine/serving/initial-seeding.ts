/**
 * Super-seeding with the fast extension: every piece should leave the seed once before any leaves it twice.
 * Peers do not know what others are downloading from us and often choose alike. So each peer that we serve
 * gets a `suggest` for the piece it should take next. A peer that ignores it chooses by itself.
 *
 * It also measures which peers reupload: a piece that one peer had first later reaches others. If it reaches
 * no other peer within `spreadTimeoutMs`, it is assigned to another peer. The choker prefers peers that
 * reupload (`reuploads`).
 *
 * Invariant: a piece is assigned to at most one peer, one that we serve, and only while no other peer has it.
 * Each piece is considered once, and once more for every assignment that was not fulfilled; the queue holds
 * it at most once. BEP 6
 */
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { Context } from '../context.ts';
import type { ConnectionId } from '../contract.ts';
import type { Limits } from '../limits.ts';
import { PieceQueue } from '../pieces/piece-queue.ts';
import { type Prng, shuffle } from '../prng.ts';

/** Skip at most 16 pieces that the peer already has, so that a search stays cheap. */
const passedMax = 16;
/** A fixed-point unit, so that a quarter can be taken off in integers. */
const reuploadUnit = 64;

/** The pieces assigned to one peer: those that it has begun to request, and those that it has not. */
interface Assignments {
  readonly begun: Set<PieceIndex>;
  readonly ahead: Set<PieceIndex>;
}

/** What this class needs of the swarm. */
export interface SwarmView {
  /** We have all pieces. */
  hasAll(): boolean;
  /** Number of connected peers, without seeds, that have a piece. */
  availability(pieceIndex: PieceIndex): number;
  readonly sessions: ReadonlyMap<ConnectionId, PeerSession>;
}

export class InitialSeeding {
  readonly #geometry: Geometry;
  readonly #view: SwarmView;
  /** Pieces that an unknown peer requests at once, plus one. */
  readonly #aheadMin: number;
  readonly #limits: Limits;
  readonly #random: Prng;
  /** Pieces still to be assigned, in this order. Created when we have everything. */
  #waiting: PieceQueue | undefined;
  readonly #assignments = new Map<PieceIndex, PeerSession>();
  readonly #assignmentsTo = new Map<PeerSession, Assignments>();
  /**
   * The first peer that had a piece; and since when, for pieces that only that peer has, the oldest first.
   */
  readonly #firstHolders = new Map<PieceIndex, ConnectionId>();
  readonly #singleHolders = new Map<PieceIndex, number>();
  /** Pieces that a single peer has had for too long (hoarded). */
  readonly #hoarded = new Set<PieceIndex>();

  constructor(geometry: Geometry, view: SwarmView, { limits, random }: Context) {
    this.#geometry = geometry;
    this.#view = view;
    this.#limits = limits;
    this.#random = random;
    this.#aheadMin = 1 + Math.ceil(limits.requestsOutstandingFirst / geometry.blocksPerPiece);
  }

  /** Called when we serve this peer: it gets suggestions before it has to choose by itself. */
  suggest(session: PeerSession): void {
    if (!session.fast || !this.#view.hasAll()) return;
    const assigned = this.#assignmentsTo.get(session) ?? { begun: new Set(), ahead: new Set() };
    while (assigned.ahead.size < this.#aheadMin) {
      const pieceIndex = this.#next(session);
      if (pieceIndex === undefined) return;
      assigned.ahead.add(pieceIndex);
      this.#assignmentsTo.set(session, assigned);
      this.#assignments.set(pieceIndex, session);
      session.sendSuggest(pieceIndex);
    }
  }

  /** The peer has requested a block of this piece. */
  onRequest(session: PeerSession, pieceIndex: PieceIndex): void {
    const assigned = this.#assignmentsTo.get(session);
    if (assigned === undefined || !assigned.ahead.delete(pieceIndex)) return;
    assigned.begun.add(pieceIndex);
    this.suggest(session);
  }

  /**
   * This peer has the piece now. The peer that it was assigned to, if it has not begun, gets another
   * suggestion.
   */
  onHave(from: PeerSession, pieceIndex: PieceIndex, nowMs: number): void {
    if (!this.#view.hasAll()) return;
    const first = this.#firstHolders.get(pieceIndex);
    if (first === undefined) {
      this.#firstHolders.set(pieceIndex, from.connection);
      this.#singleHolders.set(pieceIndex, nowMs);
    } else if (first !== from.connection) {
      const session = this.#view.sessions.get(first);
      if (session !== undefined) session.reuploads += reuploadUnit;
      this.#singleHolders.delete(pieceIndex);
      this.#hoarded.delete(pieceIndex);
    }
    const session = this.#assignments.get(pieceIndex);
    if (session === undefined) return;
    this.#assignments.delete(pieceIndex);
    const { begun, ahead } = this.#assignmentsTo.get(session)!;
    begun.delete(pieceIndex);
    if (ahead.delete(pieceIndex)) this.suggest(session);
  }

  /** At every rechoke: a quarter of each peer's `reuploads` decays, down to zero. */
  fade(sessions: readonly PeerSession[]): void {
    for (const session of sessions) session.reuploads -= (session.reuploads + 3) >> 2;
  }

  /** At every tick: pieces that a peer has hoarded are assigned to others. */
  tick(nowMs: number): void {
    // A Map keeps insertion order: the oldest first.
    for (const [pieceIndex, sinceMs] of this.#singleHolders) {
      if (nowMs - sinceMs < this.#limits.spreadTimeoutMs) return;
      this.#singleHolders.delete(pieceIndex);
      if (this.#view.availability(pieceIndex) > 1) continue;
      this.#firstHolders.delete(pieceIndex);
      this.#hoarded.add(pieceIndex);
      this.#waiting?.add(pieceIndex);
    }
  }

  /** We no longer have all pieces. When we have again, every piece is considered anew. */
  forget(): void {
    this.#waiting = undefined;
    this.#assignments.clear();
    this.#assignmentsTo.clear();
    this.#firstHolders.clear();
    this.#singleHolders.clear();
    this.#hoarded.clear();
  }

  /** We no longer serve the peer: its assigned pieces are free for others. */
  release(session: PeerSession): void {
    const assigned = this.#assignmentsTo.get(session);
    if (assigned === undefined) return;
    this.#assignmentsTo.delete(session);
    for (const pieceIndex of [...assigned.begun, ...assigned.ahead]) {
      this.#assignments.delete(pieceIndex);
      this.#waiting!.add(pieceIndex);
    }
  }

  /** A piece for this peer that no peer has, or that a single peer hoards. */
  #next(session: PeerSession): PieceIndex | undefined {
    this.#waiting ??= this.#shuffled();
    const passed: PieceIndex[] = [];
    let found: PieceIndex | undefined;
    while (found === undefined && passed.length < passedMax) {
      const pieceIndex = this.#waiting.take();
      if (pieceIndex === undefined) break;
      const isCaredFor = this.#view.availability(pieceIndex) > (this.#hoarded.has(pieceIndex) ? 1 : 0);
      if (isCaredFor || this.#assignments.has(pieceIndex)) continue;
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
