/**
 * Which source owns which piece. A piece has at most one owner. A piece with free blocks whose owner has left
 * is an orphan, and any source that has it may adopt it.
 *
 * A peer without a verified piece gets one piece at a time. That piece is all that it can spoil before its
 * first hash check.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import { SmallSet } from '../tables/small-set.ts';
import type { BlockSource, RequestedPiece } from './block-source.ts';
import type { UnprovenSeedLimiter } from './unproven-seed-limiter.ts';

export class PieceOwnership {
  /** Pieces with free blocks and without an owner. */
  readonly orphans = new SmallSet<RequestedPiece>();
  readonly #ledger: PieceLedger<BlockSource>;
  readonly #isSuspect: (pieceIndex: PieceIndex) => boolean;
  readonly #trials: UnprovenSeedLimiter;

  /** `isSuspect`: an earlier copy was corrupt, so the next one must come from one peer alone. */
  constructor(
    ledger: PieceLedger<BlockSource>,
    isSuspect: (pieceIndex: PieceIndex) => boolean,
    trials: UnprovenSeedLimiter,
  ) {
    this.#ledger = ledger;
    this.#isSuspect = isSuspect;
    this.#trials = trials;
  }

  isUnproven(source: BlockSource): boolean {
    return source.record.goodPieces === 0;
  }

  /** Whether the source may own one more piece. */
  mayTake(source: BlockSource): boolean {
    if (!this.isUnproven(source) || source.kept.trial === undefined) return true;
    // Its piece was given up or completed by others: the source may begin another.
    return this.#ledger.isMissing(source.kept.trial) || this.#ledger.has(source.kept.trial);
  }

  mayAdopt(piece: RequestedPiece, source: BlockSource): boolean {
    return (
      source.pieces.offers(piece.pieceIndex) &&
      (piece.pieceIndex === source.kept.trial || this.mayTake(source))
    );
  }

  /** The caller requests the free blocks at once. Then `onOpen` runs if any are left, else `onAllAsked`. */
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

  /** The owner will not send the rest. */
  disown(piece: RequestedPiece): void {
    this.leave(piece);
    if (piece.freeCount > 0) this.orphans.add(piece);
  }

  /** Removes the owner. The piece does not become an orphan. */
  leave(piece: RequestedPiece): void {
    const { owner } = piece;
    owner?.kept.open.delete(piece);
    owner?.kept.pieces.delete(piece);
    piece.owner = undefined;
    piece.exclusiveTo = undefined;
    this.orphans.delete(piece);
  }

  /** The piece has free blocks again: its owner gets them first, or any source if it has no owner. */
  onOpen(piece: RequestedPiece): void {
    if (piece.owner === undefined) this.orphans.add(piece);
    else piece.owner.kept.open.add(piece);
  }

  /** Every block of the piece has been requested. */
  onAllAsked(piece: RequestedPiece): void {
    piece.owner?.kept.open.delete(piece);
    this.orphans.delete(piece);
  }
}
