/**
 * The requests at one peer: the blocks on their way, how many there should be, and whether the peer is
 * snubbed (`stalled`).
 *
 * Depth: slow start (one more for each block that arrives) until the rate stops rising, then enough for
 * `requestQueueSeconds` at the measured rate. The key of a block is pieceIndex * blocksPerPiece + blockIndex.
 */
import { blockBytesMax } from '../../../torrents/geometry.ts';
import type { Limits } from '../limits.ts';
import { removeAt } from '../tables/small-set.ts';

/** Shared by all pipelines without late blocks; nothing is ever added to it. */
const nothingLate = new Set<number>();

export class RequestPipeline {
  /** Keys of blocks on their way, oldest first. */
  readonly asked: number[] = [];
  /**
   * Blocks requested and given back since. One that arrives nevertheless is used if still needed. The set is
   * created on first use: most peers never owe a block.
   */
  late = nothingLate;
  depth: number;
  /** Size of a full block: less than `blockBytesMax` in a torrent whose pieces are shorter. */
  blockBytes = blockBytesMax;
  /** The peer holds our requests and has sent nothing for too long. */
  stalled = false;
  /**
   * Requests that remain in a stalled peer's queue. They count against its queue: at most `#askedMax` with
   * `asked`.
   */
  #left: Set<number> | undefined;
  /** Cancels sent, by block, that neither the block nor a reject has answered yet. */
  #cancelled: Map<number, number> | undefined;
  /** The block that is arriving, and whether it was requested again since it began to arrive. */
  #arriving = -1;
  #askedMeanwhile = false;
  /** Requests that the peer has refused since it last sent a block. */
  rejects = 0;
  /**
   * In sixteenths, as an integer: on a first fraction V8 would discard the compiled code of the request path.
   */
  #unasked = 0;
  /** The payload rate as last measured, in bytes per second. */
  rate = 0;
  /** The rate when the peer was last busy. Undefined until then. */
  knownRate: number | undefined;
  /** When payload last arrived, or when the first request went out after a pause. */
  progressMs = 0;
  /** When a requested block last arrived: in time, or late and still needed. */
  deliveredMs = -Number.MAX_SAFE_INTEGER;
  /** Payload since `progressMs`. */
  #progressBytes = 0;
  /** How many requests the peer queues: its `reqq` (BEP 10), or the default. */
  #askedMax: number;
  #slowStart = true;
  #lastRate = 0;
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.depth = limits.requestsOutstandingFirst;
    this.#askedMax = limits.requestsOutstandingMax;
  }

  /** The peer has announced how many requests it queues. */
  setReqq(reqq: number): void {
    // An eighth less: requests and blocks cross on the way, and Transmission refuses the very last place.
    const roomy = reqq - (reqq >> 3);
    this.#askedMax = Math.max(1, Math.min(this.#limits.requestsReqqMax, roomy));
    this.depth = Math.min(this.depth, this.#askedMax);
  }

  /** Number of blocks to request now, by the depth. */
  get room(): number {
    return this.stalled ? 0 : Math.min(this.depth - this.asked.length, this.queueRoom);
  }

  /** Room in the queue of the peer, independent of `depth`. It rejects more, or disconnects us. BEP 10 */
  get queueRoom(): number {
    return this.#askedMax - this.asked.length - (this.#left?.size ?? 0);
  }

  /** False: the peer still has this request in its queue, so it is not sent again. */
  ask(key: number, nowMs: number): boolean {
    if (this.asked.length === 0) this.progressMs = nowMs;
    this.asked.push(key);
    this.late.delete(key);
    if (this.#left?.delete(key)) return false;
    if (key === this.#arriving) this.#askedMeanwhile = true;
    return true;
  }

  /** A block begins to arrive. True when we requested it and it has not arrived since. */
  expects(key: number): boolean {
    this.#arriving = key;
    this.#askedMeanwhile = false;
    return this.late.has(key) || this.asked.includes(key);
  }

  /**
   * The block has arrived. True when it still counted as on its way. A block that is not needed and that
   * began to arrive before it was requested again answers the older request: the answer to the new one
   * follows.
   */
  settle(key: number, isUseful = true): boolean {
    this.late.delete(key);
    const wasLeft = this.#left?.delete(key) === true;
    const isOld = this.#askedMeanwhile && !isUseful;
    this.#arriving = -1;
    this.#askedMeanwhile = false;
    const at = isOld ? -1 : this.asked.indexOf(key);
    if (at >= 0) removeAt(this.asked, at);
    // BEP 6: the block answers a cancel that it crossed with. A later request is still open.
    else if (!wasLeft) this.#settleCancel(key);
    return at >= 0;
  }

  /** True when the block was on its way. It may still arrive, and is then late. */
  giveUp(key: number): boolean {
    const at = this.asked.indexOf(key);
    if (at < 0) return false;
    removeAt(this.asked, at);
    if (this.late === nothingLate) this.late = new Set();
    this.late.add(key);
    // No more than this can be on their way; the oldest is dropped.
    if (this.late.size > 2 * this.#askedMax) this.late.delete(this.late.values().next().value!);
    return true;
  }

  /** The peer is silent. Its requests have been given back, and it keeps only this one. */
  stall(key: number | undefined): void {
    this.stalled = true;
    if (key === undefined) return;
    this.#left ??= new Set();
    this.#left.add(key);
  }

  /** The peer has dropped our requests, so its silence means nothing now. */
  onChoked(): void {
    this.stalled = false;
    this.#left = undefined;
  }

  /** A cancel has been sent. With BEP 6 the block or a reject answers it. */
  onCancelled(key: number): void {
    this.#left?.delete(key);
    this.#cancelled ??= new Map();
    if (this.#cancelled.size >= 2 * this.#askedMax) this.#cancelled.clear();
    this.#cancelled.set(key, (this.#cancelled.get(key) ?? 0) + 1);
  }

  /** True when this reject answers an open request, not a cancel of ours. */
  isRefusal(key: number): boolean {
    // The older request is answered first: a later one is still in the peer's queue.
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

  /** Blocks that the peer sent unrequested, less those that good blocks have made up for. */
  get unaskedCount(): number {
    return this.#unasked / 16;
  }

  /** An unrequested block: true while such blocks are rare. */
  tolerate(): boolean {
    this.#unasked += 16;
    return this.unaskedCount <= this.#limits.unaskedBlocksMax;
  }

  /**
   * Payload has arrived. A trickle is not progress, or a peer that sends one byte a second keeps its piece
   * forever.
   */
  onProgress(bytes: number, nowMs: number): void {
    this.#progressBytes += bytes;
    if (this.#progressBytes < this.#limits.progressBytesMin) return;
    this.#progressBytes = 0;
    this.progressMs = nowMs;
    this.stalled = false;
  }

  /** A whole block has arrived. `isUsed`: no other copy of it was faster. */
  onBlock(wasAsked: boolean, isUsed = wasAsked): void {
    // Its last bytes were progress.
    if (wasAsked || isUsed) this.deliveredMs = this.progressMs;
    if (!wasAsked) return;
    this.rejects = 0;
    // One block in sixteen may cross with a cancel.
    this.#unasked = Math.max(0, this.#unasked - 1);
    if (this.#slowStart) this.depth = Math.min(this.#askedMax, this.depth + 1);
  }

  /** The peer has the piece and refuses this block. */
  onRefused(): void {
    this.rejects += 1;
  }

  /** A request of another kind was answered: metadata. */
  onDelivered(nowMs: number): void {
    this.deliveredMs = nowMs;
  }

  /** At every tick. A rate measured while nothing is requested says nothing about the depth. */
  measure(rate: number): void {
    this.rate = rate;
    if (this.asked.length > 0) this.tick(rate);
  }

  /** While requests are open, with the measured payload rate. */
  tick(rate: number): void {
    if (rate > 0) this.knownRate = rate;
    if (this.#slowStart) {
      // Slow start goes on while the rate rises by an eighth a tick: the link may carry more.
      if (rate > 0 && rate < this.#lastRate + (this.#lastRate >> 3)) this.#slowStart = false;
      this.#lastRate = rate;
      if (this.#slowStart) return;
    }
    const wanted = Math.ceil((rate * this.#limits.requestQueueSeconds) / this.blockBytes);
    this.depth = Math.min(this.#askedMax, Math.max(this.#limits.requestsOutstandingMin, wanted));
  }

  /** The peer holds our requests and has sent nothing for `timeoutMs`. */
  isSilent(nowMs: number, timeoutMs: number): boolean {
    const isWaitedFor = this.asked.length > 0 || this.stalled || this.queueRoom <= 0;
    return isWaitedFor && nowMs - this.progressMs >= timeoutMs;
  }

  /** How long the first `blocks` on their way will take at the present rate, in ms. */
  drainMs(rate: number, nowMs: number, blocks = this.asked.length): number {
    const silentMs = nowMs - this.progressMs;
    // Without a measurement the peer has one second before it counts as slow.
    if (rate === 0) return silentMs < 1000 ? 1000 : Number.MAX_SAFE_INTEGER;
    return Math.floor((blocks * this.blockBytes * 1000) / rate) + (silentMs > 1000 ? silentMs * 2 : 0);
  }
}
