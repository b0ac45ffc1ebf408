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

/** A request of a few bytes costs a read, two writes and their bookkeeping all the same. */
const blockCostMin = 1024;
/** Together they make keys of 30 bits, which V8 keeps without memory of their own: pieces up to 16 MiB, a million of them. */
const keyBlocks = 1024;
const keyPieces = 1024 * 1024;
const none: readonly Block[] = [];

type BlockKey = number | string;

export class UploadQueue {
  /** Oldest first: a Map keeps the order in which its keys came. */
  readonly #waiting = new Map<BlockKey, Block>();
  /** Its size: asked for at every message of every peer, and a Map's own lies three steps away. */
  #waitingCount = 0;
  readonly #reading = new Map<ReadId, Block>();
  readonly #readOf = new Map<BlockKey, ReadId>();
  /** All that the kernel has taken so far. */
  flushedBytes = 0;
  #unflushedBytes = 0;
  #readingBytes = 0;
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get waitingCount(): number {
    return this.#waitingCount;
  }

  /** Asked for, and neither sent nor refused. */
  get pendingCount(): number {
    return this.#waitingCount + this.#reading.size;
  }

  /** The peer wants nothing of us, and nothing is on its way to it. */
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

  /** False when the peer has asked for more than anybody may. */
  add(block: Block): boolean {
    if (this.#waitingCount >= this.#limits.uploadQueueMax) return false;
    const key = keyOf(block);
    if (!this.#readOf.has(key)) this.#waiting.set(key, block);
    this.#waitingCount = this.#waiting.size;
    return true;
  }

  /** True when the block was still ours to withhold. */
  cancel(block: Block): boolean {
    const key = keyOf(block);
    if (this.#waiting.delete(key)) {
      this.#waitingCount -= 1;
      return true;
    }
    const read = this.#readOf.get(key);
    return read !== undefined && this.onRead(read) !== undefined;
  }

  /** Everything that has not been sent is dropped. Answers what that was, for the rejects of BEP 6. */
  clear(): readonly Block[] {
    if (this.#waitingCount === 0 && this.#reading.size === 0) return none;
    const dropped = [...this.#reading.values(), ...this.#waiting.values()];
    this.#waiting.clear();
    this.#waitingCount = 0;
    this.#reading.clear();
    this.#readOf.clear();
    this.#readingBytes = 0;
    return dropped;
  }

  /** Everything of these pieces that has not been sent is dropped. Answers what that was, for the rejects of BEP 6. */
  dropPieces(isDropped: (pieceIndex: PieceIndex) => boolean): Block[] {
    const pending = [...this.#reading.values(), ...this.#waiting.values()];
    const dropped = pending.filter(({ pieceIndex }) => isDropped(pieceIndex));
    for (const block of dropped) this.cancel(block);
    return dropped;
  }

  /** The next block to read, while the window has room. */
  get next(): Block | undefined {
    if (this.#waitingCount === 0 || this.pendingBytes >= this.#limits.uploadWindowBytes) return undefined;
    return this.#waiting.values().next().value;
  }

  /** `next` is being read. */
  onReading(read: ReadId, block: Block): void {
    const key = keyOf(block);
    if (this.#waiting.delete(key)) this.#waitingCount -= 1;
    this.#reading.set(read, block);
    this.#readOf.set(key, read);
    this.#readingBytes += cost(block);
  }

  /** The block that was being read, or undefined when it was cancelled meanwhile. */
  onRead(read: ReadId): Block | undefined {
    const block = this.#reading.get(read);
    if (block === undefined) return undefined;
    this.#reading.delete(read);
    this.#readOf.delete(keyOf(block));
    this.#readingBytes -= cost(block);
    return block;
  }

  onSent(bytes: number): void {
    this.#unflushedBytes += bytes;
  }

  onFlushed(bytes: number): void {
    this.flushedBytes += bytes;
    this.#unflushedBytes = Math.max(0, this.#unflushedBytes - bytes);
  }
}

function cost(block: Block): number {
  return Math.max(blockCostMin, block.bytes);
}

/** Different for different blocks. A whole block of any usual torrent is a small integer: no text is made of it. */
function keyOf({ pieceIndex, begin, bytes }: Block): BlockKey {
  const blockIndex = begin / blockBytesMax;
  const isUsual =
    bytes === blockBytesMax &&
    blockIndex < keyBlocks &&
    pieceIndex < keyPieces &&
    Number.isInteger(blockIndex);
  return isUsual ? pieceIndex * keyBlocks + blockIndex : `${pieceIndex}/${begin}/${bytes}`;
}
