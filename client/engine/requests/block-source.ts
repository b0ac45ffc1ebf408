/**
 * Where blocks come from, as far as asking for them goes: a peer that is connected, or whatever else has pieces and answers
 * requests. The parts of this folder know no more of it; what it sends goes to block-receiver.ts.
 *
 * Invariant: `pieces`, `pipeline` and `kept` belong to one source as long as it is there. Which piece and which block is asked
 * of it is written here alone.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { ConnectionId } from '../contract.ts';
import type { FetchingPiece, PieceSource } from '../pieces/fetching-piece.ts';
import { SmallSet } from '../tables/small-set.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import type { SourcePieces } from './source-pieces.ts';

export interface BlockSource extends PieceSource {
  /** Its number: of two that are alike the smaller one comes first. A rate limit that holds it up knows it by that. */
  readonly connection: ConnectionId;
  /** What it has, and what of it may be asked for. */
  readonly pieces: SourcePieces;
  /** What it has been asked for, and how fast it sends. */
  readonly pipeline: RequestPipeline;
  readonly kept: KeptPieces;
  /** It takes requests, and has something that we lack. */
  readonly mayBeAsked: boolean;
  /** It is asked for a block. */
  request(pieceIndex: PieceIndex, blockIndex: number): void;
  /** It need not send the block any more; that may come all the same. */
  cancel(pieceIndex: PieceIndex, blockIndex: number): void;
}

/** A piece on its way from such sources. */
export type RequestedPiece = FetchingPiece<BlockSource>;

/** What one source keeps to. */
export class KeptPieces {
  readonly pieces = new SmallSet<RequestedPiece>();
  /** Of these the ones that still have free blocks. */
  readonly open = new SmallSet<RequestedPiece>();
  /** The one piece that a source was given which is not yet trusted. */
  trial: PieceIndex | undefined;
}
