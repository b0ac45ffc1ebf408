/**
 * A source of blocks as the request scheduler sees it: a connected peer, or anything else that has pieces and
 * answers requests. The files of this folder know no more of it. The blocks that it sends go to
 * block-receiver.ts.
 *
 * Invariant: `pieces`, `pipeline` and `kept` belong to one source while it is connected. Only this folder
 * records which piece and which block a source was asked for.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { ConnectionId } from '../contract.ts';
import type { FetchingPiece, PieceSource } from '../pieces/fetching-piece.ts';
import { SmallSet } from '../tables/small-set.ts';
import type { RequestPipeline } from './request-pipeline.ts';
import type { SourcePieces } from './source-pieces.ts';

export interface BlockSource extends PieceSource {
  /**
   * The source's number. Of two equal sources the smaller number comes first, and the rate limiter wakes the
   * source by it.
   */
  readonly connection: ConnectionId;
  /** The pieces of the source, and which of them may be requested. */
  readonly pieces: SourcePieces;
  /** The requests sent to the source, and its rate. */
  readonly pipeline: RequestPipeline;
  readonly kept: KeptPieces;
  /** The source accepts requests and has a piece that we lack. */
  readonly mayBeAsked: boolean;
  /** Requests a block. */
  request(pieceIndex: PieceIndex, blockIndex: number): void;
  /** Cancels a request. The block may arrive nevertheless. */
  cancel(pieceIndex: PieceIndex, blockIndex: number): void;
}

/** A piece being downloaded from such sources. */
export type RequestedPiece = FetchingPiece<BlockSource>;

/** The pieces that one source owns (piece-ownership.ts). */
export class KeptPieces {
  readonly pieces = new SmallSet<RequestedPiece>();
  /** The owned pieces that still have free blocks. */
  readonly open = new SmallSet<RequestedPiece>();
  /** The one piece given to a source that is not yet trusted. */
  trial: PieceIndex | undefined;
}
