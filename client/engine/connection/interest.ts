/**
 * Whether a peer has something for us: how many pieces it has that are wanted and not stored, counted as things change
 * rather than looked up; and how rare every piece is, which the picker hears from here.
 *
 * Invariant: we have told a peer that we are interested exactly while its `usefulCount` is above zero.       BEP 3
 */
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import type { ConnectionId } from '../contract.ts';
import { PieceHolders } from '../pieces/piece-holders.ts';
import type { PiecePicker } from '../pieces/piece-picker.ts';
import type { PieceSelection } from '../pieces/piece-selection.ts';
import type { FirstCopies } from '../serving/first-copies.ts';
import { SmallSet } from '../tables/small-set.ts';
import type { PeerSession } from './peer-session.ts';

type PeerSessions = ReadonlyMap<ConnectionId, PeerSession>;

export interface InterestParts {
  readonly selection: PieceSelection;
  readonly picker: PiecePicker;
}

export class Interest {
  readonly #geometry: Geometry;
  readonly #selection: PieceSelection;
  readonly #picker: PiecePicker;
  readonly #firstCopies: FirstCopies;
  readonly #tellAtOnceMax: number;
  readonly #holders: PieceHolders<PeerSession>;
  /** Those that had everything from the start. */
  readonly #seeds = new SmallSet<PeerSession>();
  /** Of the piece that has just been stored: peers that have nothing more for us, and the last of them. */
  #useless: PeerSession | undefined;
  #uselessCount = 0;
  /** Stored, and not everybody has heard of it. */
  #untold: PieceIndex[] = [];

  /** `tellAtOnceMax`: with more peers than this, they hear of new pieces at the next tick, of several at once. */
  constructor(geometry: Geometry, parts: InterestParts, firstCopies: FirstCopies, tellAtOnceMax: number) {
    this.#geometry = geometry;
    this.#holders = new PieceHolders(geometry.pieceCount);
    this.#tellAtOnceMax = tellAtOnceMax;
    this.#selection = parts.selection;
    this.#picker = parts.picker;
    this.#firstCopies = firstCopies;
  }

  /** What it has, all at once. A seed is counted, not walked. */
  onPieces(session: PeerSession): void {
    const { pieces } = session;
    session.countedAsSeed = pieces.isAll;
    session.record.isSeed = pieces.isAll;
    if (pieces.isAll) {
      session.usefulCount = this.#selection.missingCount;
      this.#seeds.add(session);
    } else {
      pieces.each((pieceIndex) => {
        this.#picker.onHave(pieceIndex);
        this.#holders.add(session, pieceIndex);
        if (this.#selection.lacks(pieceIndex)) session.usefulCount += 1;
      });
    }
    session.setInterested(session.usefulCount > 0);
  }

  /** It has joined, and has said nothing yet. */
  onJoined({ record }: PeerSession): void {
    record.isSeed = false;
  }

  /** It fetches nothing more.  BEP 21 */
  onUploadOnly({ record, pieces }: PeerSession, uploadOnly: boolean): void {
    record.isSeed = pieces.isAll || uploadOnly;
  }

  /** One piece more. True when that is of use to us. */
  onHave(session: PeerSession, pieceIndex: PieceIndex, nowMs: number): boolean {
    this.#picker.onHave(pieceIndex);
    this.#firstCopies.onHave(session, pieceIndex, nowMs);
    this.#holders.add(session, pieceIndex);
    if (session.pieces.count === this.#geometry.pieceCount) session.record.isSeed = true;
    if (!this.#selection.lacks(pieceIndex)) return false;
    session.usefulCount += 1;
    session.setInterested(true);
    return true;
  }

  onLeft(session: PeerSession): void {
    this.#seeds.delete(session);
    if (session.countedAsSeed) return;
    session.pieces.each((pieceIndex) => this.#holders.remove(session, pieceIndex));
    this.#holders.leave(session);
    session.pieces.each((pieceIndex) => this.#picker.onLost(pieceIndex));
  }

  /** A piece is stored: whoever has it has one thing less for us, if we lacked it; whoever has not is told. */
  onStored(sessions: PeerSessions, pieceIndex: PieceIndex, wasLacking: boolean): void {
    this.#untold.push(pieceIndex);
    if (wasLacking) this.#lackNoMore(sessions, pieceIndex);
    if (sessions.size <= this.#tellAtOnceMax) this.tell(sessions);
  }

  #lackNoMore(sessions: PeerSessions, pieceIndex: PieceIndex): void {
    this.#useless = undefined;
    this.#uselessCount = 0;
    this.#holders.each(pieceIndex, this.#takeOne);
    for (let i = 0; i < this.#seeds.size; i++) this.#takeOne(this.#seeds.at(i)!);
    const useless: PeerSession | undefined = this.#useless;
    this.#useless = undefined;
    if (this.#uselessCount === 1) return useless!.setInterested(false);
    if (this.#uselessCount > 1)
      for (const session of sessions.values()) session.setInterested(session.usefulCount > 0);
  }

  /** One function for all pieces: it is asked of every holder of every piece that is stored. */
  readonly #takeOne = (session: PeerSession): void => {
    if (--session.usefulCount > 0) return;
    this.#useless = session;
    this.#uselessCount += 1;
  };

  /** Stored pieces are missing again: peers that have them are of use once more. */
  onLost(sessions: PeerSessions, lost: ReadonlySet<PieceIndex>): void {
    this.#untold = this.#untold.filter((pieceIndex) => !lost.has(pieceIndex));
    const lacked = [...lost].filter((pieceIndex) => this.#selection.lacks(pieceIndex));
    for (const session of sessions.values()) {
      for (const pieceIndex of lacked) if (session.pieces.has(pieceIndex)) session.usefulCount += 1;
      session.setInterested(session.usefulCount > 0);
    }
  }

  /**
   * Whoever has not heard of what is stored hears of it. One peer after the other, all that is new for it: piece by piece
   * every peer would be fetched from memory for each. Who has the first pieces already comes after those who have not, so
   * that what leaves keeps the order in which it was stored.
   */
  tell(sessions: PeerSessions): void {
    if (this.#untold.length === 0) return;
    const untold = this.#untold;
    this.#untold = [];
    const later: PeerSession[] = [];
    for (const session of sessions.values()) if (!this.#tellFrom(session, untold, 0)) later.push(session);
    for (let from = 1; later.length > 0 && from < untold.length; from++) {
      let kept = 0;
      for (const session of later) if (!this.#tellFrom(session, untold, from)) later[kept++] = session;
      later.length = kept;
    }
  }

  /** Tells the peer of all from this one on that it lacks. False when it has this one. */
  #tellFrom(session: PeerSession, untold: readonly PieceIndex[], from: number): boolean {
    // A seed is told, too: it cares for what no peer has yet (first-copies.ts).
    const { isAll } = session.pieces;
    // The rows of a few pieces are at hand, the bits of each peer are not.
    if (!isAll && this.#holders.has(session, untold[from]!)) return false;
    for (let i = from; i < untold.length; i++) {
      const pieceIndex = untold[i]!;
      if (isAll || !this.#holders.has(session, pieceIndex)) session.sendHave(pieceIndex);
    }
    return true;
  }

  /** Something else is wanted now: everybody is counted again. */
  onSelected(sessions: Iterable<PeerSession>): void {
    const lacked = this.#selection.lackedBits();
    for (const session of sessions) {
      session.usefulCount = session.pieces.countAmong(lacked);
      session.setInterested(session.usefulCount > 0);
      session.pieces.lookAgain();
    }
  }
}
