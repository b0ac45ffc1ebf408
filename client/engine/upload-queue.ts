/**
 * What one peer has asked us for, in its order, and how much of it is under way. Back-pressure is the number
 * `pendingBytes`: blocks being read plus everything sent and not yet flushed; beyond the window nothing more is read.
 *
 * Invariant: a block is in the queue, or being read, or sent; a cancel or a choke ends the first two.      BEP 3
 */
import type { Block } from '../../torrents/geometry.ts';
import type { ReadId } from './contract.ts';
import type { Limits } from './limits.ts';

export class UploadQueue {
  #waiting: Block[] = [];
  #head = 0;
  #unflushedBytes = 0;
  #readingBytes = 0;
  readonly #reading = new Map<ReadId, Block>();
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get waitingCount(): number {
    return this.#waiting.length - this.#head;
  }

  get pendingBytes(): number {
    return this.#unflushedBytes + this.#readingBytes;
  }

  /** False when the peer has asked for more than anybody may. */
  add(block: Block): boolean {
    if (this.waitingCount >= this.#limits.uploadQueueMax) return false;
    this.#waiting.push(block);
    return true;
  }

  /** True when the block was still ours to withhold. */
  cancel(block: Block): boolean {
    for (let i = this.#head; i < this.#waiting.length; i++) {
      if (!sameBlock(this.#waiting[i]!, block)) continue;
      this.#waiting.splice(i, 1);
      return true;
    }
    for (const [read, reading] of this.#reading) {
      if (sameBlock(reading, block)) return this.#endRead(read) !== undefined;
    }
    return false;
  }

  /** Everything that has not been sent is dropped. Answers what that was, for the rejects of BEP 6. */
  clear(): Block[] {
    const dropped = [...this.#reading.values(), ...this.#waiting.slice(this.#head)];
    this.#waiting = [];
    this.#head = 0;
    this.#reading.clear();
    this.#readingBytes = 0;
    return dropped;
  }

  /** The next block to read, while the window has room. */
  get next(): Block | undefined {
    return this.pendingBytes < this.#limits.uploadWindowBytes ? this.#waiting[this.#head] : undefined;
  }

  /** `next` is being read. */
  onReading(read: ReadId, block: Block): void {
    this.#head += 1;
    // The consumed front is cut off in large steps, so that each block costs O(1).
    if (this.#head >= 256 && this.#head * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#head);
      this.#head = 0;
    }
    this.#reading.set(read, block);
    this.#readingBytes += block.bytes;
  }

  /** The block that was being read, or undefined when it was cancelled meanwhile. */
  onRead(read: ReadId): Block | undefined {
    return this.#endRead(read);
  }

  onSent(bytes: number): void {
    this.#unflushedBytes += bytes;
  }

  onFlushed(bytes: number): void {
    this.#unflushedBytes = Math.max(0, this.#unflushedBytes - bytes);
  }

  #endRead(read: ReadId): Block | undefined {
    const block = this.#reading.get(read);
    if (block === undefined) return undefined;
    this.#reading.delete(read);
    this.#readingBytes -= block.bytes;
    return block;
  }
}

function sameBlock(a: Block, b: Block): boolean {
  return a.pieceIndex === b.pieceIndex && a.begin === b.begin && a.bytes === b.bytes;
}
