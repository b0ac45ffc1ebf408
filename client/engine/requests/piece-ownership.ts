/**
 * Who keeps to which piece. A piece has at most one owner; one whose owner has gone while blocks of it are still free is
 * an orphan, and whoever has it may adopt it.
 *
 * A peer that has not yet had part in one verified piece is trusted with one piece at a time: what it may spoil before
 * its first verdict is that piece.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { FetchingPiece } from '../pieces/fetching-piece.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import { SmallSet } from '../tables/small-set.ts';
import type { StrangerTrials } from './stranger-trials.ts';

export class PieceOwnership {
  /** Pieces whose peer has gone, with free blocks. */
  readonly orphans = new SmallSet<FetchingPiece>();
  readonly #ledger: PieceLedger;
  readonly #isSuspect: (pieceIndex: PieceIndex) => boolean;
  readonly #trials: StrangerTrials;

  /** `isSuspect`: an earlier copy was corrupt, so that the next one comes from one peer alone. */
  constructor(ledger: PieceLedger, isSuspect: (pieceIndex: PieceIndex) => boolean, trials: StrangerTrials) {
    this.#ledger = ledger;
    this.#isSuspect = isSuspect;
    this.#trials = trials;
  }

  isUnproven(session: PeerSession): boolean {
    return session.record!.goodPieces === 0;
  }

  /** Whether it may have one more piece. */
  mayTake(session: PeerSession): boolean {
    if (!this.isUnproven(session) || session.trialPiece === undefined) return true;
    // Given up, or completed by others: it may try another.
    return this.#ledger.isMissing(session.trialPiece) || this.#ledger.has(session.trialPiece);
  }

  mayAdopt(piece: FetchingPiece, session: PeerSession): boolean {
    return (
      session.pieces.offers(piece.pieceIndex) &&
      (piece.pieceIndex === session.trialPiece || this.mayTake(session))
    );
  }

  /** Of the blocks that are free, it is asked at once: `onOpen` if any are left, else `onAllAsked`. */
  own(piece: FetchingPiece, session: PeerSession, nowMs: number): void {
    this.orphans.delete(piece);
    piece.owner = session;
    piece.ownedMs = nowMs;
    session.owned.add(piece);
    if (this.#isSuspect(piece.pieceIndex)) piece.exclusiveTo = session;
    if (this.isUnproven(session)) {
      if (session.trialPiece === undefined) this.#trials.onBegun(session, nowMs);
      session.trialPiece = piece.pieceIndex;
    }
  }

  /** Its owner will not send the rest. */
  disown(piece: FetchingPiece): void {
    this.leave(piece);
    if (piece.freeCount > 0) this.orphans.add(piece);
  }

  /** Nobody keeps to it any more, and nobody need. */
  leave(piece: FetchingPiece): void {
    const owner = piece.owner as PeerSession | undefined;
    owner?.ownPieces.delete(piece);
    owner?.owned.delete(piece);
    piece.owner = undefined;
    piece.exclusiveTo = undefined;
    this.orphans.delete(piece);
  }

  /** It has free blocks again: its owner is asked for them first, or anybody. */
  onOpen(piece: FetchingPiece): void {
    if (piece.owner === undefined) this.orphans.add(piece);
    else (piece.owner as PeerSession).ownPieces.add(piece);
  }

  /** Every block of it has been asked for. */
  onAllAsked(piece: FetchingPiece): void {
    (piece.owner as PeerSession | undefined)?.ownPieces.delete(piece);
    this.orphans.delete(piece);
  }
}
