/**
 * Pieces with free blocks ("open"), and how a block is requested, cancelled and given back.
 *
 * Invariant: a piece is in `pieces` exactly while one of its blocks is free. Then it is in its owner's
 * `kept.open`, or it is an orphan.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { Context } from '../context.ts';
import type { Deadlines } from '../pieces/deadlines.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import { SmallSet } from '../tables/small-set.ts';
import type { BlockSource, RequestedPiece } from './block-source.ts';
import type { BlockRequests } from './duplicate-requests.ts';
import type { PieceOwnership } from './piece-ownership.ts';

export class OpenPieces implements BlockRequests {
  readonly pieces = new SmallSet<RequestedPiece>();
  /** Rises when a piece joins: a walk that found nothing need not be repeated before that. */
  version = 0;
  readonly #ledger: PieceLedger<BlockSource>;
  readonly #ownership: PieceOwnership;
  readonly #deadlines: Deadlines;
  readonly #context: Context;

  constructor(
    ledger: PieceLedger<BlockSource>,
    ownership: PieceOwnership,
    deadlines: Deadlines,
    context: Context,
  ) {
    this.#ledger = ledger;
    this.#ownership = ownership;
    this.#deadlines = deadlines;
    this.#context = context;
  }

  /** A block's number in the torrent. */
  blockKey(pieceIndex: number, blockIndex: number): number {
    return pieceIndex * this.#ledger.geometry.blocksPerPiece + blockIndex;
  }

  locate(key: number): { piece: RequestedPiece | undefined; blockIndex: number } {
    const { blocksPerPiece } = this.#ledger.geometry;
    const blockIndex = key % blocksPerPiece;
    const pieceIndex = ((key - blockIndex) / blocksPerPiece) as PieceIndex;
    return { piece: this.#ledger.fetching(pieceIndex), blockIndex };
  }

  ask(piece: RequestedPiece, blockIndex: number, source: BlockSource, nowMs: number): void {
    piece.askers[blockIndex] = source;
    const isNew = source.pipeline.ask(this.blockKey(piece.pieceIndex, blockIndex), nowMs);
    if (isNew) source.request(piece.pieceIndex, blockIndex);
  }

  handOver(piece: RequestedPiece, to: BlockSource, nowMs: number): void {
    this.#ownership.leave(piece);
    this.#ownership.own(piece, to, nowMs);
    // The rest is requested as the peer's queue empties: the piece is now its own.
    const room = Math.min(this.#context.limits.requestsOutstandingMax, to.pipeline.queueRoom);
    this.askFrom(piece, to, room, nowMs);
  }

  /** Cancels the request for this block. The block may arrive nevertheless. */
  cancel(source: BlockSource, key: number): void {
    const { piece, blockIndex } = this.locate(key);
    if (piece !== undefined) {
      source.cancel(piece.pieceIndex, blockIndex);
      source.pipeline.onCancelled(key);
    }
    this.giveUp(source, key);
  }

  /** One request will not be answered. */
  giveUp(source: BlockSource, key: number): void {
    if (!source.pipeline.giveUp(key)) return;
    const { piece, blockIndex } = this.locate(key);
    if (piece !== undefined) this.giveBack(piece, blockIndex);
  }

  /** The block may be requested again: from the piece's owner first, or from any peer if it has no owner. */
  giveBack(piece: RequestedPiece, blockIndex: number): void {
    piece.giveBack(blockIndex);
    if (piece.freeCount === 0) return;
    this.add(piece);
    this.#ownership.onOpen(piece);
  }

  add(piece: RequestedPiece): void {
    if (this.pieces.has(piece)) return;
    this.pieces.add(piece);
    this.version += 1;
    this.#deadlines.wait(piece.pieceIndex);
  }

  /** Requests free blocks of the piece, as many as there is room for. Returns the room that is left. */
  askFrom(piece: RequestedPiece, source: BlockSource, room: number, nowMs: number): number {
    let left = room;
    const { downloadRate } = this.#context;
    while (left > 0 && piece.freeCount > 0) {
      if (!downloadRate.take(piece.blockBytes(0), nowMs)) {
        this.#context.throttled.add(source.connection);
        this.#ownership.onOpen(piece);
        return 0;
      }
      this.ask(piece, piece.askFree()!, source, nowMs);
      left -= 1;
    }
    if (piece.freeCount === 0) {
      this.#ownership.onAllAsked(piece);
      this.pieces.delete(piece);
      this.#deadlines.asked(piece.pieceIndex);
    } else {
      this.#ownership.onOpen(piece);
    }
    return left;
  }
}
