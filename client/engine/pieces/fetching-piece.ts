/**
 * One piece on its way: which of its blocks are free, asked for or received, and who sent each.
 *
 * Block states and the only transitions:
 *
 *   free ──ask──▶ asked ──receive──▶ received        ask again while asked: a second copy (endgame)
 *    ▲              │
 *    └──giveBack────┘  when the last copy on its way is given up
 *
 * A peer that is in the middle of a block writes straight into the piece; a second copy that begins meanwhile is put
 * together aside (a `Sink` with its own buffer), so that two peers never write one block.
 */
import { blockBytesMax, type Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import type { PieceBuffer, PieceMemory } from '../contract.ts';

/** What is known of a source of blocks, also when it is gone: each block that has come is remembered with it. */
export interface SourceRecord {
  /** Verified pieces it had a part in: until the first, it is trusted with one piece alone. */
  goodPieces: number;
  /** It says that it has everything. */
  readonly isSeed: boolean;
}

/** Whom blocks come from, as far as a piece cares. What can be asked of it: client/engine/requests/block-source.ts. */
export interface PieceSource {
  readonly record: SourceRecord;
}

const zeroBlock = new Uint8Array(blockBytesMax);

/**
 * Pieces that are over, by the number of their blocks: the next one is made of them. One lives for seconds, which is too
 * long for V8 to be rid of it cheaply; and as one ends another begins, so that few wait here.
 */
const spare = new Map<number, FetchingPiece<never>[]>();
/** Blocks of those that wait, of one number of blocks a piece: as many as a fast line has on its way, and 200 KiB. */
const spareBlocksMax = 4096;
/** Torrents have one number of blocks a piece, and one for the last. */
const sparesMax = 16;

const free = 0;
const asked = 1;
const received = 2;
/** Added to the state of a block that a peer is writing straight into the piece. */
const writing = 4;
const stateMask = 3;

/** Where the block a peer is sending right now goes. */
export interface Sink<Source extends PieceSource = PieceSource> {
  readonly piece: FetchingPiece<Source>;
  readonly blockIndex: number;
  readonly blockBytes: number;
  /** Undefined when the bytes go straight into the piece. */
  readonly aside: PieceBuffer | undefined;
  got: number;
}

export class FetchingPiece<Source extends PieceSource = PieceSource> {
  pieceIndex = 0 as PieceIndex;
  readonly blockCount: number;
  /** Who delivered each block. */
  readonly sources: (Source['record'] | undefined)[];
  /** Of whom each block was asked last. */
  readonly askers: (Source | undefined)[];
  /** Who may be asked for it: one source alone after a corrupt copy, so that guilt shows; undefined: any. */
  exclusiveTo: Source | undefined;
  /** The source that began it keeps to it; others help only when there is nothing else to begin. */
  owner: Source | undefined;
  /** Since when it has this owner. */
  ownedMs = 0;
  freeCount = 0;
  receivedCount = 0;
  /** Every block is here, and the disk has it. */
  isStoring = false;
  /** Undefined once the buffer has been given away or released: late bytes have nowhere to go. */
  buffer: PieceBuffer | undefined;

  #geometry: Geometry;
  #memory: PieceMemory;
  /** Peers in the middle of one of its blocks. */
  #sinkCount = 0;
  /**
   * By block: its state; and behind those of all blocks, by block again, how many copies are on their way. An array: small
   * typed ones weigh four times as much, and most memory of a piece of a few blocks would be theirs.
   */
  readonly #blocks: number[];
  #firstFree = 0;

  /** `dataBytes`: what lies before the pad at its end; all of it when there is none.  BEP 47 */
  static begin<Source extends PieceSource>(
    pieceIndex: PieceIndex,
    geometry: Geometry,
    memory: PieceMemory,
    dataBytes: number,
  ): FetchingPiece<Source> {
    const blockCount = geometry.blockCount(pieceIndex);
    const piece: FetchingPiece<Source> =
      spare.get(blockCount)?.pop() ?? new FetchingPiece(blockCount, geometry, memory);
    piece.#begin(pieceIndex, geometry, memory, dataBytes);
    return piece;
  }

  private constructor(blockCount: number, geometry: Geometry, memory: PieceMemory) {
    this.blockCount = blockCount;
    this.#geometry = geometry;
    this.#memory = memory;
    this.sources = blockCount === 1 ? [undefined] : new Array(blockCount).fill(undefined);
    this.askers = blockCount === 1 ? [undefined] : new Array(blockCount).fill(undefined);
    this.#blocks = blockCount === 1 ? [0, 0] : new Array<number>(2 * blockCount).fill(0);
  }

  #begin(pieceIndex: PieceIndex, geometry: Geometry, memory: PieceMemory, dataBytes: number): void {
    this.pieceIndex = pieceIndex;
    this.#geometry = geometry;
    this.#memory = memory;
    this.freeCount = this.blockCount;
    this.buffer = memory.allocate(geometry.pieceBytes(pieceIndex));
    this.#fillPads(this.buffer, Math.ceil(dataBytes / blockBytesMax));
  }

  /**
   * It is stored, and no list has it any more: from now on it may be another one. A peer that is still in the middle of a
   * block of it keeps it from that.
   */
  release(): void {
    let alike = spare.get(this.blockCount);
    if (alike === undefined) {
      if (spare.size >= sparesMax) spare.clear();
      alike = [];
      spare.set(this.blockCount, alike);
    }
    if (this.#sinkCount > 0 || alike.length * this.blockCount >= spareBlocksMax) return;
    this.#forget();
    alike.push(this);
  }

  /** It names no source any more, so that it may be a piece of any torrent. */
  #forget(): asserts this is FetchingPiece<never> {
    this.sources.fill(undefined);
    this.askers.fill(undefined);
    this.#blocks.fill(0);
    this.exclusiveTo = undefined;
    this.owner = undefined;
    this.ownedMs = 0;
    this.receivedCount = 0;
    this.isStoring = false;
    this.#firstFree = 0;
  }

  /** Blocks that lie in a pad are zeros, and here already. */
  #fillPads(buffer: PieceBuffer, firstPad: number): void {
    for (let blockIndex = firstPad; blockIndex < this.blockCount; blockIndex++) {
      this.#memory.write(buffer, blockIndex * blockBytesMax, zeroBlock, 0, this.blockBytes(blockIndex));
      this.#setState(blockIndex, received);
      this.receivedCount += 1;
      this.freeCount -= 1;
    }
  }

  blockBytes(blockIndex: number): number {
    return this.#geometry.blockBytes(this.pieceIndex, blockIndex);
  }

  /** Of the blocks that peers have sent. */
  get receivedBytes(): number {
    return this.sources.reduce(
      (sum, source, i) => (source === undefined ? sum : sum + this.blockBytes(i)),
      0,
    );
  }

  isReceived(blockIndex: number): boolean {
    return this.#state(blockIndex) === received;
  }

  #marks(blockIndex: number): number {
    return this.#blocks[blockIndex]!;
  }

  #state(blockIndex: number): number {
    return this.#marks(blockIndex) & stateMask;
  }

  #setState(blockIndex: number, state: number): void {
    this.#blocks[blockIndex] = (this.#marks(blockIndex) & ~stateMask) | state;
  }

  /** Copies of this block on their way. */
  copies(blockIndex: number): number {
    return this.#blocks[this.blockCount + blockIndex] ?? 0;
  }

  #setCopies(blockIndex: number, copies: number): void {
    this.#blocks[this.blockCount + blockIndex] = copies;
  }

  /** The first block nobody has been asked for, now asked for; undefined when there is none. */
  askFree(): number | undefined {
    if (this.freeCount === 0) return undefined;
    while (this.#state(this.#firstFree) !== free) this.#firstFree++;
    const blockIndex = this.#firstFree++;
    this.#setState(blockIndex, asked);
    this.#setCopies(blockIndex, 1);
    this.freeCount -= 1;
    return blockIndex;
  }

  /** A second copy of a block that is already on its way. */
  askAgain(blockIndex: number): void {
    this.#setCopies(blockIndex, this.copies(blockIndex) + 1);
  }

  /** A request will not be answered: the peer has gone, choked us, stalled or been cancelled. */
  giveBack(blockIndex: number): void {
    const copies = this.copies(blockIndex);
    if (copies > 0) this.#setCopies(blockIndex, copies - 1);
    if (copies > 1 || this.#state(blockIndex) !== asked) return;
    this.#setState(blockIndex, free);
    this.freeCount += 1;
    this.#firstFree = Math.min(this.#firstFree, blockIndex);
  }

  /** A peer begins to send this block. Undefined when it is of no use any more. */
  openSink(blockIndex: number): Sink<Source> | undefined {
    if (this.buffer === undefined || this.isReceived(blockIndex)) return undefined;
    const blockBytes = this.blockBytes(blockIndex);
    const marks = this.#marks(blockIndex);
    const direct = (marks & writing) === 0;
    const aside = direct ? undefined : this.#memory.allocate(blockBytes);
    const sink: Sink<Source> = { piece: this, blockIndex, blockBytes, aside, got: 0 };
    if (direct) this.#blocks[blockIndex] = marks | writing;
    this.#sinkCount += 1;
    return sink;
  }

  /** The next run of the block: bytes[from, to) are copied where they belong. */
  write(sink: Sink<Source>, bytes: Uint8Array, from: number, to: number): void {
    if (sink.aside !== undefined) this.#memory.write(sink.aside, sink.got, bytes, from, to);
    else if (this.buffer !== undefined && !this.isReceived(sink.blockIndex)) {
      this.#memory.write(this.buffer, sink.blockIndex * blockBytesMax + sink.got, bytes, from, to);
    }
    sink.got += to - from;
  }

  /** The block is whole. False when another copy was faster: these bytes were wasted. */
  receive(sink: Sink<Source>, source: Source['record']): boolean {
    const { blockIndex } = sink;
    const buffer = this.isReceived(blockIndex) ? undefined : this.buffer;
    if (buffer !== undefined) {
      if (sink.aside !== undefined) this.#memory.copy(buffer, blockIndex * blockBytesMax, sink.aside);
      if (this.#state(blockIndex) === free) this.freeCount -= 1;
      this.#setState(blockIndex, received);
      this.sources[blockIndex] = source;
      this.receivedCount += 1;
    }
    this.closeSink(sink);
    return buffer !== undefined;
  }

  /** The block is whole, or its peer has gone in the middle of it. */
  closeSink(sink: Sink<Source>): void {
    this.#sinkCount -= 1;
    if (sink.aside !== undefined) this.#memory.release(sink.aside);
    else this.#blocks[sink.blockIndex] = this.#marks(sink.blockIndex) & ~writing;
  }

  get isComplete(): boolean {
    return this.receivedCount === this.blockCount;
  }
}
