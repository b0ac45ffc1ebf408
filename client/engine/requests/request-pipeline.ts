/**
 * What we have asked one peer for: the blocks on their way, how many there should be, and whether it has stalled.
 *
 * Depth: slow start (one more for every block that arrives) until the rate stops rising, then enough for
 * `requestQueueSeconds` at the measured rate. A block is known by its key, pieceIndex * blocksPerPiece + blockIndex.
 */
import { blockBytesMax } from '../../../torrents/geometry.ts';
import type { Limits } from '../limits.ts';
import { removeAt } from '../tables/small-set.ts';

/** Of all pipelines that have none; nothing is ever put into it. */
const nothingLate = new Set<number>();

export class RequestPipeline {
  /** Keys of blocks on their way, oldest first. */
  readonly asked: number[] = [];
  /**
   * Asked once and given back since: if one arrives all the same it is welcome while it is of use. Made with the first:
   * most peers never owe one.
   */
  late = nothingLate;
  depth: number;
  /** What a block of this torrent has: less than `blockBytesMax` where its pieces are shorter. */
  blockBytes = blockBytesMax;
  /** It had our requests in hand and sent nothing for too long. */
  stalled = false;
  /** Requests that a stalled peer was left with, and has not answered: they count as waiting. At most `#askedMax` of both. */
  #left: Set<number> | undefined;
  /** Cancels sent, by block, that neither the block nor a reject has answered yet. */
  #cancelled: Map<number, number> | undefined;
  /** The block that is arriving, and whether it was asked for once more since it began to. */
  #arriving = -1;
  #askedMeanwhile = false;
  /** Requests it has refused since it last sent a block. */
  rejects = 0;
  /** In sixteenths: with its first fraction V8 would throw away what it has compiled of everything that asks a peer. */
  #unasked = 0;
  /** The payload rate as last measured, in bytes per second. */
  rate = 0;
  /** The same when it was last busy; undefined until it has been. */
  knownRate: number | undefined;
  /** When payload last arrived, or when the first request went out after a pause. */
  progressMs = 0;
  /** When a block that we had asked for had last come: in time, or late and still of use. */
  deliveredMs = -Number.MAX_SAFE_INTEGER;
  /** Payload since progressMs. */
  #progressBytes = 0;
  /** What the peer lets wait: its `reqq` (BEP 10), or what nobody minds. */
  #askedMax: number;
  #slowStart = true;
  #lastRate = 0;
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.depth = limits.requestsOutstandingFirst;
    this.#askedMax = limits.requestsOutstandingMax;
  }

  /** The peer has said how many requests it lets wait. */
  setReqq(reqq: number): void {
    // A little below: requests and blocks cross on the way, and Transmission refuses its very last place.
    const roomy = reqq - (reqq >> 3);
    this.#askedMax = Math.max(1, Math.min(this.#limits.requestsReqqMax, roomy));
    this.depth = Math.min(this.depth, this.#askedMax);
  }

  /** Blocks to ask for now, as the rate demands. */
  get room(): number {
    return this.stalled ? 0 : Math.min(this.depth - this.asked.length, this.queueRoom);
  }

  /** Requests that the peer still lets wait, whatever the rate: beyond that it refuses them or lets us go.  BEP 10 */
  get queueRoom(): number {
    return this.#askedMax - this.asked.length - (this.#left?.size ?? 0);
  }

  /** False: the peer has this request in its queue still, and is sent no other. */
  ask(key: number, nowMs: number): boolean {
    if (this.asked.length === 0) this.progressMs = nowMs;
    this.asked.push(key);
    this.late.delete(key);
    if (this.#left?.delete(key)) return false;
    if (key === this.#arriving) this.#askedMeanwhile = true;
    return true;
  }

  /** A block begins to arrive: true when we asked for it, and have not heard of it since. */
  expects(key: number): boolean {
    this.#arriving = key;
    this.#askedMeanwhile = false;
    return this.late.has(key) || this.asked.includes(key);
  }

  /**
   * The block has arrived. True when it still counted as on its way. What is of no use and began to arrive before it was
   * asked for again answers an older request: the answer to the new one follows it.
   */
  settle(key: number, isUseful = true): boolean {
    this.late.delete(key);
    const wasLeft = this.#left?.delete(key) === true;
    const isOld = this.#askedMeanwhile && !isUseful;
    this.#arriving = -1;
    this.#askedMeanwhile = false;
    const at = isOld ? -1 : this.asked.indexOf(key);
    if (at >= 0) removeAt(this.asked, at);
    // BEP 6: a cancel that crossed with the block has its answer. A request made since is still to be answered.
    else if (!wasLeft) this.#settleCancel(key);
    return at >= 0;
  }

  /** True when it was on its way; it may still arrive, and then it is late. */
  giveUp(key: number): boolean {
    const at = this.asked.indexOf(key);
    if (at < 0) return false;
    removeAt(this.asked, at);
    if (this.late === nothingLate) this.late = new Set();
    this.late.add(key);
    // More than this cannot be on its way; the oldest are forgotten.
    if (this.late.size > 2 * this.#askedMax) this.late.delete(this.late.values().next().value!);
    return true;
  }

  /** It is silent: what was asked of it has been given back, and it is left with this one request. */
  stall(key: number | undefined): void {
    this.stalled = true;
    if (key === undefined) return;
    this.#left ??= new Set();
    this.#left.add(key);
  }

  /** The peer has dropped our requests: its silence means nothing now. */
  onChoked(): void {
    this.stalled = false;
    this.#left = undefined;
  }

  /** A cancel has been sent: with BEP 6 it is answered by the block or by a reject. */
  onCancelled(key: number): void {
    this.#left?.delete(key);
    this.#cancelled ??= new Map();
    if (this.#cancelled.size >= 2 * this.#askedMax) this.#cancelled.clear();
    this.#cancelled.set(key, (this.#cancelled.get(key) ?? 0) + 1);
  }

  /** True when this reject answers a request that still counts, not a cancel of ours. */
  isRefusal(key: number): boolean {
    // The older request is answered first: one that was made or left with the peer since still waits there.
    if (this.#settleCancel(key)) return false;
    this.#left?.delete(key);
    return this.asked.includes(key);
  }

  /** True when a cancel of this block was waiting for an answer. */
  #settleCancel(key: number): boolean {
    if (this.#cancelled === undefined) return false;
    const cancels = this.#cancelled.get(key) ?? 0;
    if (cancels > 1) this.#cancelled.set(key, cancels - 1);
    else this.#cancelled.delete(key);
    return cancels > 0;
  }

  /** Blocks it has sent that nobody asked for, less what good ones have made up for. */
  get unaskedCount(): number {
    return this.#unasked / 16;
  }

  /** A block nobody asked for: true while that is rare. */
  tolerate(): boolean {
    this.#unasked += 16;
    return this.unaskedCount <= this.#limits.unaskedBlocksMax;
  }

  /** Payload has come. A few bytes now and then are none: whoever sends so holds its piece for ever. */
  onProgress(bytes: number, nowMs: number): void {
    this.#progressBytes += bytes;
    if (this.#progressBytes < this.#limits.progressBytesMin) return;
    this.#progressBytes = 0;
    this.progressMs = nowMs;
    this.stalled = false;
  }

  /** A block has arrived whole. `isUsed`: no other copy of it was faster. */
  onBlock(wasAsked: boolean, isUsed = wasAsked): void {
    // The last bytes of it were progress.
    if (wasAsked || isUsed) this.deliveredMs = this.progressMs;
    if (!wasAsked) return;
    this.rejects = 0;
    // One in sixteen may cross with a cancel.
    this.#unasked = Math.max(0, this.#unasked - 1);
    if (this.#slowStart) this.depth = Math.min(this.#askedMax, this.depth + 1);
  }

  /** It has the piece and will not send this block of it. */
  onRefused(): void {
    this.rejects += 1;
  }

  /** Something that was asked for in another way has come: metadata. */
  onDelivered(nowMs: number): void {
    this.deliveredMs = nowMs;
  }

  /** At every tick. A rate that is measured while nothing is asked for says nothing about the depth. */
  measure(rate: number): void {
    this.rate = rate;
    if (this.asked.length > 0) this.tick(rate);
  }

  /** While it is busy, with the measured payload rate. */
  tick(rate: number): void {
    if (rate > 0) this.knownRate = rate;
    if (this.#slowStart) {
      // Still rising by an eighth a tick: the link may have more to give.
      if (rate > 0 && rate < this.#lastRate + (this.#lastRate >> 3)) this.#slowStart = false;
      this.#lastRate = rate;
      if (this.#slowStart) return;
    }
    const wanted = Math.ceil((rate * this.#limits.requestQueueSeconds) / this.blockBytes);
    this.depth = Math.min(this.#askedMax, Math.max(this.#limits.requestsOutstandingMin, wanted));
  }

  /** It holds requests of ours and has sent nothing for `timeoutMs`. */
  isSilent(nowMs: number, timeoutMs: number): boolean {
    const isWaitedFor = this.asked.length > 0 || this.stalled || this.queueRoom <= 0;
    return isWaitedFor && nowMs - this.progressMs >= timeoutMs;
  }

  /** How long the first `blocks` on their way will take at the present rate, in ms. */
  drainMs(rate: number, nowMs: number, blocks = this.asked.length): number {
    const silentMs = nowMs - this.progressMs;
    // Nothing measured yet: a second is given before it counts as slow.
    if (rate === 0) return silentMs < 1000 ? 1000 : Number.MAX_SAFE_INTEGER;
    return Math.floor((blocks * this.blockBytes * 1000) / rate) + (silentMs > 1000 ? silentMs * 2 : 0);
  }
}
