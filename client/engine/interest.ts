/**
 * Whether a peer has something for us: how many pieces it has that are wanted and not stored, counted as things change
 * rather than looked up; and how rare every piece is, which the picker hears from here.
 *
 * Invariant: we have told a peer that we are interested exactly while its `usefulCount` is above zero.       BEP 3
 */
import type { Geometry, PieceIndex } from '../../torrents/geometry.ts';
import type { ConnectionId } from './contract.ts';
import type { FirstCopies } from './first-copies.ts';
import type { PeerSession } from './peer-session.ts';
import type { PiecePicker } from './piece-picker.ts';
import type { PieceSelection } from './piece-selection.ts';

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
  /** Stored, and not everybody has heard of it. */
  #untold: PieceIndex[] = [];

  /** `tellAtOnceMax`: with more peers than this, they hear of new pieces at the next tick, of several at once. */
  constructor(geometry: Geometry, parts: InterestParts, firstCopies: FirstCopies, tellAtOnceMax: number) {
    this.#geometry = geometry;
    this.#tellAtOnceMax = tellAtOnceMax;
    this.#selection = parts.selection;
    this.#picker = parts.picker;
    this.#firstCopies = firstCopies;
  }

  /** What it has, all at once. A seed is counted, not walked. */
  onPieces(session: PeerSession): void {
    const { pieces } = session;
    session.countedAsSeed = pieces.isAll;
    session.record!.isSeed = pieces.isAll;
    if (pieces.isAll) {
      session.usefulCount = this.#selection.missingCount;
    } else {
      for (const pieceIndex of this.#geometry.pieces()) {
        if (!pieces.has(pieceIndex)) continue;
        this.#picker.onHave(pieceIndex);
        if (this.#selection.lacks(pieceIndex)) session.usefulCount += 1;
      }
    }
    session.setInterested(session.usefulCount > 0);
  }

  /** One piece more. True when that is of use to us. */
  onHave(session: PeerSession, pieceIndex: PieceIndex, nowMs: number): boolean {
    this.#picker.onHave(pieceIndex);
    this.#firstCopies.onHave(session, pieceIndex, nowMs);
    if (session.pieces.count === this.#geometry.pieceCount) session.record!.isSeed = true;
    if (!this.#selection.lacks(pieceIndex)) return false;
    session.usefulCount += 1;
    session.setInterested(true);
    return true;
  }

  onLeft(session: PeerSession): void {
    if (session.countedAsSeed) return;
    for (const pieceIndex of this.#geometry.pieces()) {
      if (session.pieces.has(pieceIndex)) this.#picker.onLost(pieceIndex);
    }
  }

  /** A piece is stored: whoever has it has one thing less for us, if we lacked it; whoever has not is told. */
  onStored(sessions: PeerSessions, pieceIndex: PieceIndex, wasLacking: boolean): void {
    this.#untold.push(pieceIndex);
    if (wasLacking) {
      for (const session of sessions.values()) {
        if (session.pieces.has(pieceIndex) && --session.usefulCount === 0) session.setInterested(false);
      }
    }
    if (sessions.size <= this.#tellAtOnceMax) this.tell(sessions);
  }

  /** Stored pieces are missing again: peers that have them are of use once more. */
  onLost(sessions: PeerSessions, lost: ReadonlySet<PieceIndex>): void {
    this.#untold = this.#untold.filter((pieceIndex) => !lost.has(pieceIndex));
    const lacked = [...lost].filter((pieceIndex) => this.#selection.lacks(pieceIndex));
    for (const session of sessions.values()) {
      for (const pieceIndex of lacked) if (session.pieces.has(pieceIndex)) session.usefulCount += 1;
      session.setInterested(session.usefulCount > 0);
    }
  }

  /** Whoever has not heard of what is stored hears of it. */
  tell(sessions: PeerSessions): void {
    for (const pieceIndex of this.#untold.splice(0)) {
      for (const session of sessions.values()) {
        // A seed is told, too: it cares for what nobody has yet (first-copies.ts).
        if (session.pieces.isAll || !session.pieces.has(pieceIndex)) session.sendHave(pieceIndex);
      }
    }
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
