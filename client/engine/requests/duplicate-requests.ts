/**
 * Requests for a block from a second peer while the first still owes it: in the endgame, when every block has
 * been requested, and for a piece that would miss its deadline. When one copy arrives, the others are
 * cancelled.
 *
 * Only blocks of clearly slower peers are requested twice, from the end of their queue, and only if the
 * helper would need at most half the time. Requesting every block from every peer wastes most where peers are
 * equally fast. BEP 3
 */
import type { Context } from '../context.ts';
import type { Deadlines } from '../pieces/deadlines.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import type { BlockSource, RequestedPiece } from './block-source.ts';

/** How blocks are requested: open-pieces.ts. */
export interface BlockRequests {
  blockKey(pieceIndex: number, blockIndex: number): number;
  locate(key: number): { piece: RequestedPiece | undefined; blockIndex: number };
  ask(piece: RequestedPiece, blockIndex: number, source: BlockSource, nowMs: number): void;
  cancel(source: BlockSource, key: number): void;
  /** Moves a piece that only one peer may send to another peer. */
  handOver(piece: RequestedPiece, to: BlockSource, nowMs: number): void;
}

/** A peer that has sent nothing for a while has no rate: every other peer is faster. */
const stalledMs = Number.MAX_SAFE_INTEGER;
/** Slow peers that a helper considers. The next ones are hardly slower than the helper. */
const slowestMax = 8;
/** Up to this many peers are ranked afresh for every helper; more are ranked every `rankMs`. */
const rankedAfreshMax = 32;
const rankMs = 50;
const none: readonly BlockSource[] = [];

export class DuplicateRequests {
  readonly #requests: BlockRequests;
  readonly #ledger: PieceLedger<BlockSource>;
  readonly #sources: ReadonlyMap<number, BlockSource>;
  readonly #context: Context;
  /** By block: the peers that were asked for it before the latest one, fewer than `endgameCopiesMax`. */
  readonly #earlier = new Map<number, BlockSource[]>();
  /** The peers that need most time for what they owe, and when they were ranked. */
  #slowest: readonly BlockSource[] = [];
  #rankedMs = -rankMs;

  constructor(
    requests: BlockRequests,
    ledger: PieceLedger<BlockSource>,
    sources: ReadonlyMap<number, BlockSource>,
    context: Context,
  ) {
    this.#requests = requests;
    this.#ledger = ledger;
    this.#sources = sources;
    this.#context = context;
  }

  /** Number of blocks in `#earlier`. */
  get earlierCount(): number {
    return this.#earlier.size;
  }

  /** A block has arrived: the requests for it at other peers are cancelled. */
  onBlock(piece: RequestedPiece, blockIndex: number, from: BlockSource): void {
    const key = this.#requests.blockKey(piece.pieceIndex, blockIndex);
    const earlier = this.#takeEarlier(key);
    if (piece.copies(blockIndex) === 0) return;
    for (const source of [...earlier, piece.askers[blockIndex]]) {
      if (source === undefined || source === from || !source.pipeline.asked.includes(key)) continue;
      this.#requests.cancel(source, key);
    }
  }

  #takeEarlier(key: number): readonly BlockSource[] {
    const earlier = this.#earlier.size === 0 ? undefined : this.#earlier.get(key);
    if (earlier === undefined) return none;
    this.#earlier.delete(key);
    return earlier;
  }

  /** The piece is given up: its entries are dropped. */
  forget(piece: RequestedPiece): void {
    if (this.#earlier.size === 0) return;
    for (let i = 0; i < piece.blockCount; i++) {
      this.#earlier.delete(this.#requests.blockKey(piece.pieceIndex, i));
    }
  }

  // Endgame
  // ---------------------------------------------------------------------------------------------------------

  /** The helper is idle: it gets the last requests of the slowest peers, while it would be clearly sooner. */
  endgame(helper: BlockSource, nowMs: number): void {
    const { knownRate, queueRoom } = helper.pipeline;
    let room = Math.min(queueRoom, knownRate === undefined ? 1 : this.#context.limits.endgameRequestsMax);
    if (room <= 0) return;
    for (const slow of this.#rank(nowMs)) {
      if (slow === helper || slow.pipeline.asked.length === 0) continue;
      if (this.#takeOver(slow, helper, nowMs)) return;
      room = this.#copyFrom(slow, helper, room, nowMs);
      if (room === 0) return;
    }
  }

  #copyFrom(slow: BlockSource, helper: BlockSource, room: number, nowMs: number): number {
    const { endgameCopiesMax } = this.#context.limits;
    const theirMs = slow.pipeline.drainMs(slow.pipeline.rate, nowMs);
    const { knownRate, asked: ours } = helper.pipeline;
    // A peer of unknown rate gets one block, if the other peer is clearly slow.
    const ourBlockMs =
      knownRate === undefined ? Math.min(theirMs, 1000) : msFor(helper.pipeline.blockBytes, knownRate);
    const { asked } = slow.pipeline;
    let left = room;
    for (let i = asked.length - 1; i >= 0 && left > 0; i--) {
      const key = asked[i];
      // The helper must need at most half the time. Otherwise both copies arrive together and one is wasted.
      const isTooSlow = (ours.length + 1) * ourBlockMs * 2 > theirMs && theirMs < stalledMs;
      if (key === undefined || isTooSlow) break;
      const { piece, blockIndex } = this.#requests.locate(key);
      if (piece === undefined || !helper.pieces.offers(piece.pieceIndex)) continue;
      if (piece.exclusiveTo !== undefined || piece.copies(blockIndex) >= endgameCopiesMax) continue;
      // Copied from another slow peer a moment ago.
      if (ours.includes(key)) continue;
      this.#askToo(piece, blockIndex, helper, nowMs);
      left -= 1;
    }
    return left;
  }

  /** Moves a piece that only one slow peer may send to another peer, again exclusively. */
  #takeOver(slow: BlockSource, helper: BlockSource, nowMs: number): boolean {
    const { takeOverMs } = this.#context.limits;
    const theirMs = slow.pipeline.drainMs(slow.pipeline.rate, nowMs);
    const [first] = slow.pipeline.asked;
    const piece = first === undefined ? undefined : this.#requests.locate(first).piece;
    if (piece?.exclusiveTo !== slow || !helper.pieces.offers(piece.pieceIndex)) return false;
    // The slow peer has had its chance, and the helper is not known to be equally slow.
    if (theirMs < takeOverMs || nowMs - piece.ownedMs < takeOverMs) return false;
    const { knownRate } = helper.pipeline;
    const bytesLeft = (piece.blockCount - piece.receivedCount) * helper.pipeline.blockBytes;
    if (knownRate !== undefined && msFor(bytesLeft, knownRate) * 2 > theirMs) return false;
    for (const key of [...slow.pipeline.asked]) {
      if (this.#requests.locate(key).piece === piece) this.#requests.cancel(slow, key);
    }
    this.#requests.handOver(piece, helper, nowMs);
    return true;
  }

  /** The peers that need most time for what they owe, slowest first. */
  #rank(nowMs: number): readonly BlockSource[] {
    if (this.#sources.size > rankedAfreshMax && nowMs - this.#rankedMs < rankMs) return this.#slowest;
    this.#rankedMs = nowMs;
    const owing: { readonly source: BlockSource; readonly drainMs: number }[] = [];
    for (const source of this.#sources.values()) {
      if (source.pipeline.asked.length === 0) continue;
      owing.push({ source, drainMs: source.pipeline.drainMs(source.pipeline.rate, nowMs) });
    }
    owing.sort((a, b) => b.drainMs - a.drainMs || a.source.connection - b.source.connection);
    this.#slowest = owing.slice(0, slowestMax).map(({ source }) => source);
    return this.#slowest;
  }

  // Deadlines
  // -------------------------------------------------------------------------------------------------------

  /**
   * At every tick: a block that is due soon and would come too late is also requested from the fastest peer.
   */
  rescue(deadlines: Deadlines, nowMs: number): void {
    const { deadlineLookMs } = this.#context.limits;
    for (const [pieceIndex, atMs] of deadlines.all) {
      const piece = atMs - nowMs > deadlineLookMs ? undefined : this.#ledger.fetching(pieceIndex);
      if (piece !== undefined && piece.exclusiveTo === undefined) this.#hurry(piece, atMs, nowMs);
    }
  }

  #hurry(piece: RequestedPiece, atMs: number, nowMs: number): void {
    const { endgameCopiesMax, endgameRequestsMax } = this.#context.limits;
    let helper: BlockSource | undefined;
    let copies = 0;
    for (let blockIndex = 0; blockIndex < piece.blockCount && copies < endgameRequestsMax; blockIndex++) {
      const isOwed = piece.copies(blockIndex) > 0 && !piece.isReceived(blockIndex);
      const slow = isOwed ? piece.askers[blockIndex] : undefined;
      if (slow === undefined || piece.copies(blockIndex) >= endgameCopiesMax) continue;
      const key = this.#requests.blockKey(piece.pieceIndex, blockIndex);
      const at = slow.pipeline.asked.indexOf(key);
      const theirMs = slow.pipeline.drainMs(slow.pipeline.rate, nowMs, at + 1);
      if (at < 0 || nowMs + theirMs <= atMs) continue;
      helper ??= this.#fastest(piece);
      if (helper === undefined) return;
      const { asked, blockBytes, knownRate, queueRoom } = helper.pipeline;
      if (queueRoom <= 0) return;
      if (asked.includes(key)) continue;
      if (helper === slow || msFor((asked.length + 1) * blockBytes, knownRate!) * 2 > theirMs) continue;
      this.#askToo(piece, blockIndex, helper, nowMs);
      copies += 1;
    }
  }

  /** The peer that would deliver one more block soonest. */
  #fastest(piece: RequestedPiece): BlockSource | undefined {
    let fastest: BlockSource | undefined;
    let fastestMs = stalledMs;
    for (const source of this.#sources.values()) {
      const { knownRate, asked, blockBytes, stalled, queueRoom } = source.pipeline;
      if (
        knownRate === undefined ||
        stalled ||
        queueRoom <= 0 ||
        !source.mayBeAsked ||
        !source.pieces.offers(piece.pieceIndex)
      )
        continue;
      // A peer without a verified piece must prove itself first.
      if (source.record.goodPieces === 0) continue;
      const ms = msFor((asked.length + 1) * blockBytes, knownRate);
      if (ms >= fastestMs) continue;
      fastest = source;
      fastestMs = ms;
    }
    return fastest;
  }

  #askToo(piece: RequestedPiece, blockIndex: number, helper: BlockSource, nowMs: number): void {
    const key = this.#requests.blockKey(piece.pieceIndex, blockIndex);
    // The peer asked last. The slow peer that this helper replaces may have been asked before it.
    const last = piece.askers[blockIndex];
    // Keeps only peers that still owe the block: one that chokes and unchokes in turn would be added each
    // time.
    const owing = (this.#earlier.get(key) ?? none).filter(({ pipeline }) => pipeline.asked.includes(key));
    if (last?.pipeline.asked.includes(key)) owing.push(last);
    this.#earlier.set(key, owing);
    piece.askAgain(blockIndex);
    this.#requests.ask(piece, blockIndex, helper, nowMs);
  }
}

function msFor(bytes: number, rate: number): number {
  return Math.floor((bytes * 1000) / Math.max(1, rate));
}
