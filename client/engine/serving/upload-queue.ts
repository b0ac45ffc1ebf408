/**
 * The blocks that one peer has requested, in order, and how much is under way. Back-pressure is the number
 * `pendingBytes`: blocks being read plus everything sent and not yet flushed. Beyond the window nothing more
 * is read.
 *
 * Invariant: a block is waiting, being read, or sent; a cancel or a choke ends the first two. A second
 * request for a waiting block changes nothing. BEP 3
 */
import { type Block, blockBytesMax, type PieceIndex } from '../../../torrents/geometry.ts';
import type { ReadId } from '../contract.ts';
import type { Limits } from '../limits.ts';

/** A request of a few bytes still costs a read, two writes and their bookkeeping. */
const blockCostMin = 1024;
const none: readonly Block[] = [];
/** Stands for "no read yet". Reads are counted from 1. */
const waiting: ReadId = 0;

/** A request that waits or is being read; a linked list. */
class Request {
  readonly block: Block;
  read = waiting;
  next: Request | undefined = undefined;

  constructor(block: Block) {
    this.block = block;
  }
}

/**
 * A linked list in the order of arrival; requests being read come before waiting ones. Not Maps, because
 * requests come and go all the time (small-set.ts). Not arrays, because three of them, mostly empty, are half
 * a kilobyte for every connection. A peer queues a few dozen requests, `uploadQueueMax` at most, and the
 * oldest is found first.
 */
export class UploadQueue {
  #first: Request | undefined;
  #last: Request | undefined;
  #readingCount = 0;
  #waitingCount = 0;
  /** All bytes that the kernel has taken so far. */
  flushedBytes = 0;
  /** When the peer had last taken a block's worth of payload. A trickle gets there, too, but slowly. */
  takenMs = -Number.MAX_SAFE_INTEGER;
  /** When the kernel last took bytes, or when bytes were sent after all had been taken. */
  #movedMs = 0;
  #unflushedPayload = 0;
  /** Payload since takenMs. */
  #takenBytes = 0;
  #unflushedBytes = 0;
  #readingBytes = 0;
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** Requested, and neither sent nor rejected. */
  get pendingCount(): number {
    return this.#waitingCount + this.#readingCount;
  }

  /** Nothing is requested, and nothing is on its way to the peer. */
  get isIdle(): boolean {
    return this.#waitingCount === 0 && this.pendingBytes === 0;
  }

  /** Sent, and not yet taken by the kernel. */
  get unflushedBytes(): number {
    return this.#unflushedBytes;
  }

  get pendingBytes(): number {
    return this.#unflushedBytes + this.#readingBytes;
  }

  /** False when the peer has requested more than `uploadQueueMax`. */
  add(block: Block): boolean {
    if (this.#waitingCount >= this.#limits.uploadQueueMax) return false;
    for (let other = this.#first; other !== undefined; other = other.next)
      if (isSame(other.block, block)) return true;
    const request = new Request(block);
    if (this.#last === undefined) this.#first = request;
    else this.#last.next = request;
    this.#last = request;
    this.#waitingCount += 1;
    return true;
  }

  /** True when the block was not yet sent. */
  cancel(block: Block): boolean {
    let before: Request | undefined;
    for (let request = this.#first; request !== undefined; request = request.next) {
      if (isSame(request.block, block)) {
        this.#remove(request, before);
        return true;
      }
      before = request;
    }
    return false;
  }

  /** Drops all requests that are not sent. Returns them, for the rejects of BEP 6. */
  clear(): readonly Block[] {
    return this.pendingCount === 0 ? none : this.dropPieces(() => true);
  }

  /** Drops all requests for these pieces that are not sent. Returns them, for the rejects of BEP 6. */
  dropPieces(isDropped: (pieceIndex: PieceIndex) => boolean): Block[] {
    const dropped: Block[] = [];
    let before: Request | undefined;
    for (let request = this.#first, next: Request | undefined; request !== undefined; request = next) {
      next = request.next;
      if (isDropped(request.block.pieceIndex)) {
        dropped.push(request.block);
        this.#remove(request, before);
      } else before = request;
    }
    return dropped;
  }

  /** The next block to read, while the window has room. */
  get next(): Block | undefined {
    // Runs for every message of every peer, and usually nothing waits.
    if (this.#waitingCount === 0 || this.pendingBytes >= this.#limits.uploadWindowBytes) return undefined;
    return this.#firstWaiting().block;
  }

  /** `next` is being read. */
  onReading(read: ReadId): void {
    const request = this.#firstWaiting();
    request.read = read;
    this.#waitingCount -= 1;
    this.#readingCount += 1;
    this.#readingBytes += cost(request.block);
  }

  /** The block that was being read. Undefined when it was cancelled. */
  onRead(read: ReadId): Block | undefined {
    let before: Request | undefined;
    for (let request = this.#first; request !== undefined; request = request.next) {
      if (request.read === read) {
        this.#remove(request, before);
        return request.block;
      }
      before = request;
    }
    return undefined;
  }

  /** Call only while a request waits. */
  #firstWaiting(): Request {
    let request = this.#first!;
    while (request.read !== waiting) request = request.next!;
    return request;
  }

  #remove(request: Request, before: Request | undefined): void {
    if (before === undefined) this.#first = request.next;
    else before.next = request.next;
    if (this.#last === request) this.#last = before;
    // A request in V8's old space would otherwise keep all later ones alive.
    request.next = undefined;
    if (request.read === waiting) {
      this.#waitingCount -= 1;
    } else {
      this.#readingCount -= 1;
      this.#readingBytes -= cost(request.block);
    }
  }

  /** `payload`: how many of the bytes belong to a block. */
  onSent(bytes: number, payload: number, nowMs: number): void {
    if (this.#unflushedBytes === 0) this.#movedMs = nowMs;
    this.#unflushedBytes += bytes;
    this.#unflushedPayload += payload;
  }

  onFlushed(bytes: number, nowMs: number): void {
    this.flushedBytes += bytes;
    this.#unflushedBytes = Math.max(0, this.#unflushedBytes - bytes);
    this.#movedMs = nowMs;
    const payload = Math.min(bytes, this.#unflushedPayload);
    this.#unflushedPayload -= payload;
    this.#takenBytes += payload;
    if (this.#takenBytes < blockBytesMax) return;
    this.#takenBytes = 0;
    this.takenMs = nowMs;
  }

  /** Requested blocks are waiting, being read, or on their way to the peer. */
  get isServing(): boolean {
    return this.pendingCount > 0 || this.#unflushedPayload > 0;
  }

  /** Blocks were sent, and nothing was taken for `timeoutMs`: the peer does not read what it requested. */
  isStuck(nowMs: number, timeoutMs: number): boolean {
    return this.#unflushedPayload > 0 && nowMs - this.#movedMs >= timeoutMs;
  }
}

function cost(block: Block): number {
  return Math.max(blockCostMin, block.bytes);
}

function isSame(a: Block, b: Block): boolean {
  return a.pieceIndex === b.pieceIndex && a.begin === b.begin && a.bytes === b.bytes;
}
