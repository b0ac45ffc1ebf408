/**
 * What one peer has asked us for, in its order, and how much of it is under way. Back-pressure is the number
 * `pendingBytes`: blocks being read plus everything sent and not yet flushed; beyond the window nothing more is read.
 *
 * Invariant: a block is waiting, or being read, or sent; a cancel or a choke ends the first two. Asking twice for what
 * is still waiting changes nothing.                                                                         BEP 3
 */
import { type Block, blockBytesMax, type PieceIndex } from '../../torrents/geometry.ts';
import type { ReadId } from './contract.ts';
import type { Limits } from './limits.ts';
import { removeAt } from './small-set.ts';

/** A request of a few bytes costs a read, two writes and their bookkeeping all the same. */
const blockCostMin = 1024;
const none: readonly Block[] = [];

/**
 * Lists, not Maps, because requests come and go all the time (small-set.ts). They are short: a peer lets a few dozen wait,
 * `uploadQueueMax` at the most, and what was asked for first is found first.
 */
export class UploadQueue {
  /** Oldest first. */
  readonly #waiting: Block[] = [];
  /** Being read, oldest first, and by place the read of each. */
  readonly #reading: Block[] = [];
  readonly #reads: ReadId[] = [];
  /** All that the kernel has taken so far. */
  flushedBytes = 0;
  /** When the peer had last taken a block's worth of payload. One byte at a time gets there, too, but not soon. */
  takenMs = -Number.MAX_SAFE_INTEGER;
  /** When the kernel last took something, or when something was sent after all had been taken. */
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
    return this.#waiting.length;
  }

  /** Asked for, and neither sent nor refused. */
  get pendingCount(): number {
    return this.#waiting.length + this.#reading.length;
  }

  /** The peer wants nothing of us, and nothing is on its way to it. */
  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.pendingBytes === 0;
  }

  /** Sent, and not yet taken by the kernel. */
  get unflushedBytes(): number {
    return this.#unflushedBytes;
  }

  get pendingBytes(): number {
    return this.#unflushedBytes + this.#readingBytes;
  }

  /** False when the peer has asked for more than anybody may. */
  add(block: Block): boolean {
    if (this.#waiting.length >= this.#limits.uploadQueueMax) return false;
    if (placeOf(this.#reading, block) < 0 && placeOf(this.#waiting, block) < 0) this.#waiting.push(block);
    return true;
  }

  /** True when the block was still ours to withhold. */
  cancel(block: Block): boolean {
    const waiting = placeOf(this.#waiting, block);
    if (waiting >= 0) {
      removeAt(this.#waiting, waiting);
      return true;
    }
    const reading = placeOf(this.#reading, block);
    if (reading >= 0) this.#takeRead(reading);
    return reading >= 0;
  }

  /** Everything that has not been sent is dropped. Answers what that was, for the rejects of BEP 6. */
  clear(): readonly Block[] {
    if (this.pendingCount === 0) return none;
    const dropped = [...this.#reading, ...this.#waiting];
    this.#waiting.length = 0;
    this.#reading.length = 0;
    this.#reads.length = 0;
    this.#readingBytes = 0;
    return dropped;
  }

  /** Everything of these pieces that has not been sent is dropped. Answers what that was, for the rejects of BEP 6. */
  dropPieces(isDropped: (pieceIndex: PieceIndex) => boolean): Block[] {
    const pending = [...this.#reading, ...this.#waiting];
    const dropped = pending.filter(({ pieceIndex }) => isDropped(pieceIndex));
    for (const block of dropped) this.cancel(block);
    return dropped;
  }

  /** The next block to read, while the window has room. */
  get next(): Block | undefined {
    // It is asked at every message of every peer, and mostly nothing waits.
    if (this.#waiting.length === 0 || this.pendingBytes >= this.#limits.uploadWindowBytes) return undefined;
    return this.#waiting[0];
  }

  /** `next` is being read. */
  onReading(read: ReadId, block: Block): void {
    removeAt(this.#waiting, placeOf(this.#waiting, block));
    this.#reading.push(block);
    this.#reads.push(read);
    this.#readingBytes += cost(block);
  }

  /** The block that was being read, or undefined when it was cancelled meanwhile. */
  onRead(read: ReadId): Block | undefined {
    const place = this.#reads.indexOf(read);
    return place < 0 ? undefined : this.#takeRead(place);
  }

  #takeRead(place: number): Block {
    const block = this.#reading[place]!;
    removeAt(this.#reading, place);
    removeAt(this.#reads, place);
    this.#readingBytes -= cost(block);
    return block;
  }

  /** `payload`: how many of the bytes are of a block. */
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

  /** Blocks it has asked for are waiting, being read, or on their way to it. */
  get isServing(): boolean {
    return this.pendingCount > 0 || this.#unflushedPayload > 0;
  }

  /** Blocks were sent, and for so long nothing has been taken: the peer does not read what it asked for. */
  isStuck(nowMs: number, timeoutMs: number): boolean {
    return this.#unflushedPayload > 0 && nowMs - this.#movedMs >= timeoutMs;
  }
}

function cost(block: Block): number {
  return Math.max(blockCostMin, block.bytes);
}

/** Where the same block lies, or -1. */
function placeOf(blocks: readonly Block[], { pieceIndex, begin, bytes }: Block): number {
  for (let i = 0; i < blocks.length; i++) {
    const other = blocks[i]!;
    if (other.pieceIndex === pieceIndex && other.begin === begin && other.bytes === bytes) return i;
  }
  return -1;
}
