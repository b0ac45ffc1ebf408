/**
 * One piece being downloaded: which of its blocks are free, requested or received, and which peer sent
 * each.
 *
 * Block states and the only transitions:
 *
 *   free ──ask──▶ asked ──receive──▶ received        ask again while asked: a second copy (endgame)
 *    ▲              │
 *    └──giveBack────┘  when the last requested copy is given up
 *
 * A peer that is sending a block writes straight into the piece. A second copy that arrives at the same
 * time has a buffer of its own (in its `Sink`), so that two peers never write one block.
 */
import { blockBytesMax, type Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import type { PieceBuffer, PieceMemory } from '../contract.ts';

/** What is known of a source of blocks. It outlives the source: each received block refers to it. */
export interface SourceRecord {
  /** Verified pieces with a block from this source. While 0, the source gets only one piece at a time. */
  goodPieces: number;
  /** The source has announced all pieces. */
  readonly isSeed: boolean;
}

/**
 * A source of blocks, as far as a piece needs it. How it is asked: client/engine/requests/block-source.ts.
 */
export interface PieceSource {
  readonly record: SourceRecord;
}

const zeroBlock = new Uint8Array(blockBytesMax);

/**
 * Finished pieces for reuse, by their number of blocks. A piece lives for seconds, which is too long for V8
 * to free it cheaply. One piece begins as another ends, so that few wait here.
 */
const spare = new Map<number, FetchingPiece<never>[]>();
/**
 * Total blocks of the spare pieces with one number of blocks: as many as a fast link has in flight, about 200
 * KiB.
 */
const spareBlocksMax = 4096;
/** A torrent has two numbers of blocks: of its pieces and of its last piece. */
const sparesMax = 16;

const free = 0;
const asked = 1;
const received = 2;
/** Flag in the state of a block that a peer is writing straight into the piece. */
const writing = 4;
const stateMask = 3;

/** Where the block that a peer is sending goes. */
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
  /** The source that delivered each block. */
  readonly sources: (Source['record'] | undefined)[];
  /** The source last asked for each block. */
  readonly askers: (Source | undefined)[];
  /**
   * The only source that may send the piece, after a corrupt copy, so that a further one has one culprit.
   * Undefined: any source.
   */
  exclusiveTo: Source | undefined;
  /** The source that keeps to this piece. Others help only when they have nothing else to begin. */
  owner: Source | undefined;
  /** When the present owner got the piece. */
  ownedMs = 0;
  freeCount = 0;
  receivedCount = 0;
  /** Every block is received, and the disk has the buffer. */
  isStoring = false;
  /** Undefined once the buffer is handed over or released: late bytes are dropped. */
  buffer: PieceBuffer | undefined;

  #geometry: Geometry;
  #memory: PieceMemory;
  /** Number of blocks that peers are sending right now. */
  #sinkCount = 0;
  /**
   * By block: its state; after these, by block again, the number of copies in flight. A plain array: small
   * typed arrays weigh four times as much, and would be most of the memory of a piece with few blocks.
   */
  readonly #blocks: number[];
  #firstFree = 0;

  /** `dataBytes`: length without the pad at the piece's end. BEP 47 */
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
   * The piece is stored and in no list, so it may be reused. If a peer is still sending a block of it, it is
   * not.
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

  /** Clears all sources, so that the piece may be reused in any torrent. */
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

  /** Blocks within the pad are zeros and count as received. */
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

  /** Bytes of the blocks that peers have sent. */
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

  /** Copies of this block in flight. */
  copies(blockIndex: number): number {
    return this.#blocks[this.blockCount + blockIndex] ?? 0;
  }

  #setCopies(blockIndex: number, copies: number): void {
    this.#blocks[this.blockCount + blockIndex] = copies;
  }

  /** Takes the first free block and marks it as requested. Undefined when no block is free. */
  askFree(): number | undefined {
    if (this.freeCount === 0) return undefined;
    while (this.#state(this.#firstFree) !== free) this.#firstFree++;
    const blockIndex = this.#firstFree++;
    this.#setState(blockIndex, asked);
    this.#setCopies(blockIndex, 1);
    this.freeCount -= 1;
    return blockIndex;
  }

  /** Counts a second copy of a block that is already requested. */
  askAgain(blockIndex: number): void {
    this.#setCopies(blockIndex, this.copies(blockIndex) + 1);
  }

  /** A request will not be answered: the peer has left, choked us or stalled, or we cancelled it. */
  giveBack(blockIndex: number): void {
    const copies = this.copies(blockIndex);
    if (copies > 0) this.#setCopies(blockIndex, copies - 1);
    if (copies > 1 || this.#state(blockIndex) !== asked) return;
    this.#setState(blockIndex, free);
    this.freeCount += 1;
    this.#firstFree = Math.min(this.#firstFree, blockIndex);
  }

  /** A peer begins to send this block. Undefined when the block is no longer needed. */
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

  /** Copies the next bytes of the block, bytes[from, to), to their place. */
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

  /** The block is whole, or its peer left in the middle of it. */
  closeSink(sink: Sink<Source>): void {
    this.#sinkCount -= 1;
    if (sink.aside !== undefined) this.#memory.release(sink.aside);
    else this.#blocks[sink.blockIndex] = this.#marks(sink.blockIndex) & ~writing;
  }

  get isComplete(): boolean {
    return this.receivedCount === this.blockCount;
  }
}
