/**
 * Who keeps to which piece. A piece has at most one owner; one whose owner has gone while blocks of it are still free is
 * an orphan, and whoever has it may adopt it.
 *
 * A peer that has not yet had part in one verified piece is trusted with one piece at a time: what it may spoil before
 * its first verdict is that piece.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import { SmallSet } from '../tables/small-set.ts';
import type { BlockSource, RequestedPiece } from './block-source.ts';
import type { StrangerTrials } from './stranger-trials.ts';

export class PieceOwnership {
  /** Pieces whose peer has gone, with free blocks. */
  readonly orphans = new SmallSet<RequestedPiece>();
  readonly #ledger: PieceLedger<BlockSource>;
  readonly #isSuspect: (pieceIndex: PieceIndex) => boolean;
  readonly #trials: StrangerTrials;

  /** `isSuspect`: an earlier copy was corrupt, so that the next one comes from one peer alone. */
  constructor(
    ledger: PieceLedger<BlockSource>,
    isSuspect: (pieceIndex: PieceIndex) => boolean,
    trials: StrangerTrials,
  ) {
    this.#ledger = ledger;
    this.#isSuspect = isSuspect;
    this.#trials = trials;
  }

  isUnproven(source: BlockSource): boolean {
    return source.record.goodPieces === 0;
  }

  /** Whether it may have one more piece. */
  mayTake(source: BlockSource): boolean {
    if (!this.isUnproven(source) || source.kept.trial === undefined) return true;
    // Given up, or completed by others: it may try another.
    return this.#ledger.isMissing(source.kept.trial) || this.#ledger.has(source.kept.trial);
  }

  mayAdopt(piece: RequestedPiece, source: BlockSource): boolean {
    return (
      source.pieces.offers(piece.pieceIndex) &&
      (piece.pieceIndex === source.kept.trial || this.mayTake(source))
    );
  }

  /** Of the blocks that are free, it is asked at once: `onOpen` if any are left, else `onAllAsked`. */
  own(piece: RequestedPiece, source: BlockSource, nowMs: number): void {
    this.orphans.delete(piece);
    piece.owner = source;
    piece.ownedMs = nowMs;
    source.kept.pieces.add(piece);
    if (this.#isSuspect(piece.pieceIndex)) piece.exclusiveTo = source;
    if (this.isUnproven(source)) {
      if (source.kept.trial === undefined) this.#trials.onBegun(source, nowMs);
      source.kept.trial = piece.pieceIndex;
    }
  }

  /** Its owner will not send the rest. */
  disown(piece: RequestedPiece): void {
    this.leave(piece);
    if (piece.freeCount > 0) this.orphans.add(piece);
  }

  /** Nobody keeps to it any more, and nobody need. */
  leave(piece: RequestedPiece): void {
    const { owner } = piece;
    owner?.kept.open.delete(piece);
    owner?.kept.pieces.delete(piece);
    piece.owner = undefined;
    piece.exclusiveTo = undefined;
    this.orphans.delete(piece);
  }

  /** It has free blocks again: its owner is asked for them first, or anybody. */
  onOpen(piece: RequestedPiece): void {
    if (piece.owner === undefined) this.orphans.add(piece);
    else piece.owner.kept.open.add(piece);
  }

  /** Every block of it has been asked for. */
  onAllAsked(piece: RequestedPiece): void {
    piece.owner?.kept.open.delete(piece);
    this.orphans.delete(piece);
  }
}
