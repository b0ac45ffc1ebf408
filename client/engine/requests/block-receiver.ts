/**
 * Handles the answers to requests: which blocks were requested, where their bytes go, and what a source
 * refuses. A complete piece goes to the disk.
 *
 * Invariant: a block that was not requested is not kept. A block counts once, from the first source that
 * delivers it. BEP 3 6
 */
import { type Block, blockBytesMax, type PieceIndex } from '../../../torrents/geometry.ts';
import type { Context } from '../context.ts';
import type { TorrentId } from '../contract.ts';
import type { Sink } from '../pieces/fetching-piece.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import type { BlockSource, RequestedPiece } from './block-source.ts';
import type { RequestScheduler } from './request-scheduler.ts';

export class BlockReceiver {
  /** Payload that arrived and was not used. */
  wastedBytes = 0;
  readonly #torrent: TorrentId;
  readonly #ledger: PieceLedger<BlockSource>;
  readonly #scheduler: RequestScheduler;
  readonly #isSuspect: (pieceIndex: PieceIndex) => boolean;
  readonly #context: Context;

  /** `isSuspect`: an earlier copy of the piece was corrupt, so the digests of this copy are wanted. */
  constructor(
    torrent: TorrentId,
    ledger: PieceLedger<BlockSource>,
    scheduler: RequestScheduler,
    isSuspect: (pieceIndex: PieceIndex) => boolean,
    context: Context,
  ) {
    this.#torrent = torrent;
    this.#ledger = ledger;
    this.#scheduler = scheduler;
    this.#isSuspect = isSuspect;
    this.#context = context;
  }

  /** A block begins to arrive. Undefined: we no longer need it. */
  begin(source: BlockSource, block: Block): Sink | undefined | 'block-unasked' {
    const blockIndex = block.begin / blockBytesMax;
    const { geometry } = this.#ledger;
    const whole =
      Number.isInteger(blockIndex) && block.bytes === geometry.blockBytes(block.pieceIndex, blockIndex);
    if (!whole) return 'block-unasked';
    if (!source.pipeline.expects(this.#scheduler.blockKey(block.pieceIndex, blockIndex))) {
      // A block can cross with our cancel and then arrives twice: tolerated while it is rare.
      return source.pipeline.tolerate() ? undefined : 'block-unasked';
    }
    return this.#ledger.fetching(block.pieceIndex)?.openSink(blockIndex);
  }

  /** A block has arrived whole. */
  end(source: BlockSource, block: Block, sink: Sink | undefined): void {
    const blockIndex = block.begin / blockBytesMax;
    const key = this.#scheduler.blockKey(block.pieceIndex, blockIndex);
    const isUseful = sink !== undefined && sink.piece === this.#ledger.fetching(block.pieceIndex);
    const wasAsked = source.pipeline.settle(key, isUseful && !sink.piece.isReceived(blockIndex));
    const used = sink?.piece.receive(sink, source.record) ?? false;
    source.pipeline.onBlock(wasAsked, used);
    if (!used) this.wastedBytes += block.bytes;
    const piece = this.#ledger.fetching(block.pieceIndex);
    if (piece === undefined) return;
    this.#scheduler.onBlock(piece, blockIndex, source, wasAsked, used);
    if (used && piece.isComplete) this.#store(piece);
  }

  /** The source rejects the request. */
  refuse(source: BlockSource, block: Block, nowMs: number): 'too-many-rejects' | undefined {
    const blockIndex = block.begin / blockBytesMax;
    if (!Number.isInteger(blockIndex)) return undefined;
    const key = this.#scheduler.blockKey(block.pieceIndex, blockIndex);
    if (!source.pipeline.isRefusal(key)) return undefined;
    this.#scheduler.onRefused(source, block.pieceIndex, blockIndex, nowMs);
    return source.pipeline.rejects > this.#context.limits.rejectsMax ? 'too-many-rejects' : undefined;
  }

  /** A piece was complete, and the disk did not keep it. */
  waste({ receivedBytes }: RequestedPiece): void {
    this.wastedBytes += receivedBytes;
  }

  #store(piece: RequestedPiece): void {
    const { pieceIndex } = piece;
    this.#scheduler.forget(piece);
    const buffer = this.#ledger.finish(piece);
    const wantDigests = this.#isSuspect(pieceIndex);
    this.#context.emit({ type: 'store-piece', torrent: this.#torrent, pieceIndex, buffer, wantDigests });
  }
}
