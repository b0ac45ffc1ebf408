/**
 * Blocks that are asked of a second peer while the first still owes them: when nothing else is left to ask for (endgame),
 * and when a piece would come too late (deadlines). As soon as one copy has arrived the others are cancelled.
 *
 * Only of peers that are clearly slower, from the end of their queue, and only when the helper would be sooner by half:
 * asking everything of everybody wastes most where peers are alike.                                         BEP 3
 */
import type { Context } from '../context.ts';
import type { Deadlines } from '../pieces/deadlines.ts';
import type { PieceLedger } from '../pieces/piece-ledger.ts';
import type { BlockSource, RequestedPiece } from './block-source.ts';

/** How blocks are asked for: open-pieces.ts. */
export interface BlockRequests {
  blockKey(pieceIndex: number, blockIndex: number): number;
  locate(key: number): { piece: RequestedPiece | undefined; blockIndex: number };
  ask(piece: RequestedPiece, blockIndex: number, source: BlockSource, nowMs: number): void;
  cancel(source: BlockSource, key: number): void;
  /** A piece that one peer alone may send is now this one's. */
  handOver(piece: RequestedPiece, to: BlockSource, nowMs: number): void;
}

/** A peer of whom nothing has come for a while has no rate: anybody is sooner. */
const stalledMs = Number.MAX_SAFE_INTEGER;
/** Slow peers that a helper looks at: the next ones are hardly slower than itself. */
const slowestMax = 8;
/** So few peers are ranked afresh for every helper; more of them every so often. */
const rankedAfreshMax = 32;
const rankMs = 50;
const none: readonly BlockSource[] = [];

export class DuplicateRequests {
  readonly #requests: BlockRequests;
  readonly #ledger: PieceLedger<BlockSource>;
  readonly #sources: ReadonlyMap<number, BlockSource>;
  readonly #context: Context;
  /** Whom a block was asked of before it was asked of another one too: fewer than `endgameCopiesMax` of each block. */
  readonly #earlier = new Map<number, BlockSource[]>();
  /** Peers that owe us most, in time, and when that was found out. */
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

  /** Blocks of which it is remembered whom they were asked of before. */
  get earlierCount(): number {
    return this.#earlier.size;
  }

  /** A block has arrived: other peers that were asked for it too need not send it. */
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

  /** The piece is given up: nobody is remembered for it. */
  forget(piece: RequestedPiece): void {
    if (this.#earlier.size === 0) return;
    for (let i = 0; i < piece.blockCount; i++) {
      this.#earlier.delete(this.#requests.blockKey(piece.pieceIndex, i));
    }
  }

  // When nothing else is left ----------------------------------------------------------------------------------------

  /** This peer is idle: it is asked for what the slowest were asked for last, while it would be clearly sooner. */
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
    // Of a peer whose rate nobody knows one block is asked, when the other is clearly slow.
    const ourBlockMs =
      knownRate === undefined ? Math.min(theirMs, 1000) : msFor(helper.pipeline.blockBytes, knownRate);
    const { asked } = slow.pipeline;
    let left = room;
    for (let i = asked.length - 1; i >= 0 && left > 0; i--) {
      const key = asked[i];
      // Sooner by half at least; otherwise both would arrive together, and one for nothing.
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

  /** A piece that one peer alone may send, and that would take it too long, is given to another, alone again. */
  #takeOver(slow: BlockSource, helper: BlockSource, nowMs: number): boolean {
    const { takeOverMs } = this.#context.limits;
    const theirMs = slow.pipeline.drainMs(slow.pipeline.rate, nowMs);
    const [first] = slow.pipeline.asked;
    const piece = first === undefined ? undefined : this.#requests.locate(first).piece;
    if (piece?.exclusiveTo !== slow || !helper.pieces.offers(piece.pieceIndex)) return false;
    // It has had its chance, and the other one is not known to be as slow.
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

  /** Whoever needs longest for what it owes comes first. */
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

  // When it would come too late -------------------------------------------------------------------------------------

  /** At every tick: what is due soon and would come too late is asked of the fastest peer as well. */
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

  /** Who would have sent one more block soonest. */
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
      // A stranger proves itself first.
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
    // Whoever was asked last: whom the helper is to be sooner than may have been asked before others.
    const last = piece.askers[blockIndex];
    // Those that have given it back owe it no more: one that chokes and unchokes in turn would be added every time.
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
