/**
 * What a host's disk holds, over all its lives: a flavour per block (content.ts), which pieces were forced to the disk
 * (fsync), the resume record, and what others than Cicada have done to the files.
 *
 * Invariant: a piece is `synced` only by `sync`, and a power cut touches nothing that is. A piece that others have harmed is
 * in `harms` until it is written again.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type Content, hole } from './content.ts';
import { FileTable, isSameStamp, type Stamp } from './file-table.ts';

/** What others did to a piece. */
export interface Harm {
  readonly atMs: number;
  /** The file's stamp has changed with it. */
  readonly isVisible: boolean;
}

export class Platter {
  readonly content: Content;
  /** By number of the block: 0 right, `hole` never written, anything else wrong. */
  readonly flavours: Uint32Array;
  /** The resume record: pieces the next start may believe in, MSB first. */
  record: Uint8Array;
  /** And the stamps that the files had then: what differs has to be hashed. */
  recordStamps: readonly Stamp[];
  readonly files: FileTable;
  /** By piece: blocks that are not the author's, pads apart. Pieces of gigabytes are looked at four times a second. */
  readonly #wrong: Uint32Array;
  readonly harms = new Map<PieceIndex, Harm>();
  /** Others have changed what it holds, once. */
  wasChanged = false;
  /** Since when the files are somewhere else. */
  awayMs: number | undefined;
  /** They will not come back. */
  isAwayForGood = false;
  /** Pieces written since the last fsync that took them along. */
  #changes = 0;
  /**
   * Written since the last fsync that took them along, in the order in which they came; and a bit for each of them. Not a
   * Set: every piece comes and goes, and V8 is not rid of the tables that a Set leaves behind (client/engine/tables/small-set.ts).
   */
  readonly #unsynced: PieceIndex[] = [];
  readonly #unsyncedBits: Uint8Array;

  /** `has`: what is stored and recorded from the beginning, with this flavour. */
  constructor(content: Content, has: (pieceIndex: PieceIndex) => boolean, flavour: number) {
    this.content = content;
    this.flavours = new Uint32Array(content.blockCount).fill(hole);
    this.#wrong = this.#allWrong();
    this.record = new Uint8Array(Math.ceil(content.geometry.pieceCount / 8));
    this.#unsyncedBits = new Uint8Array(this.record.length);
    this.files = new FileTable(content.geometry);
    for (const pieceIndex of content.geometry.pieces()) {
      if (!has(pieceIndex)) continue;
      this.#fill(pieceIndex, flavour);
      mark(this.record, pieceIndex);
      this.files.onWritten(this.files.fileOf(pieceIndex));
    }
    this.recordStamps = this.files.stamps;
  }

  get isAway(): boolean {
    return this.awayMs !== undefined;
  }

  /** Others have done something to it that is not made good. */
  get isHarmed(): boolean {
    return this.isAway || this.harms.size > 0;
  }

  get isVisiblyHarmed(): boolean {
    for (const { isVisible } of this.harms.values()) if (isVisible) return true;
    return false;
  }

  /** The right bytes lie where the program looks for them. */
  holds(pieceIndex: PieceIndex): boolean {
    return !this.isAway && this.isRight(pieceIndex);
  }

  /** The next start believes in it without hashing: it is recorded, and its file looks as it did then. */
  isTrusted(pieceIndex: PieceIndex): boolean {
    const file = this.files.fileOf(pieceIndex);
    return this.isRecorded(pieceIndex) && isSameStamp(this.files.stamp(file), this.recordStamps[file]!);
  }

  /** Every block of the piece is what the author had: what a hash would say. */
  isRight(pieceIndex: PieceIndex): boolean {
    return this.#wrong[pieceIndex] === 0;
  }

  /** Something was ever written there. */
  hasAnyOf(pieceIndex: PieceIndex): boolean {
    const first = this.content.blockNumber(pieceIndex, 0);
    const end = first + this.content.geometry.blockCount(pieceIndex);
    return this.flavours.subarray(first, end).some((flavour) => flavour !== hole);
  }

  get isAllRight(): boolean {
    for (const pieceIndex of this.content.geometry.pieces()) if (!this.holds(pieceIndex)) return false;
    return true;
  }

  isRecorded(pieceIndex: PieceIndex): boolean {
    return isMarked(this.record, pieceIndex);
  }

  isSynced(pieceIndex: PieceIndex): boolean {
    return !isMarked(this.#unsyncedBits, pieceIndex);
  }

  /** A verified piece is written; a power cut may still take it. */
  write(pieceIndex: PieceIndex): void {
    this.#fill(pieceIndex, 0);
    if (this.isSynced(pieceIndex)) this.#unsynced.push(pieceIndex);
    mark(this.#unsyncedBits, pieceIndex);
    this.harms.delete(pieceIndex);
    this.files.onWritten(this.files.fileOf(pieceIndex));
  }

  /** The write was acknowledged and never happened, or something ate a block of it. */
  damage(pieceIndex: PieceIndex, blockIndex: number, flavour: number): void {
    this.#set(this.content.blockNumber(pieceIndex, blockIndex), pieceIndex, flavour);
  }

  sync(pieces: Iterable<PieceIndex>): void {
    for (const pieceIndex of pieces) unmark(this.#unsyncedBits, pieceIndex);
    let kept = 0;
    for (const pieceIndex of this.#unsynced) {
      if (!this.isSynced(pieceIndex)) this.#unsynced[kept++] = pieceIndex;
    }
    this.#unsynced.length = kept;
  }

  /** Of what was not forced to the disk each piece is kept, lost or torn: its first blocks are there, the others not. */
  cutPower(random: Prng): void {
    for (const pieceIndex of this.#unsynced) {
      const blockCount = this.content.geometry.blockCount(pieceIndex);
      const fate = random.below(3);
      const kept = fate === 0 ? blockCount : fate === 1 ? 0 : random.below(blockCount);
      for (let blockIndex = kept; blockIndex < blockCount; blockIndex++)
        this.damage(pieceIndex, blockIndex, hole);
    }
    this.sync(this.#unsynced);
  }

  // What others do ----------------------------------------------------------------------------------------------------

  /** The folder is moved; with nothing in it there is none. */
  moveAway(nowMs: number, forGood: boolean): void {
    if (this.isAway || this.files.isEmpty) return;
    this.awayMs = nowMs;
    this.isAwayForGood = forGood;
  }

  /** Of no effect when it was moved for good, or when the program has made a new folder since. */
  comeBack(): void {
    if (!this.isAwayForGood) this.awayMs = undefined;
  }

  /** A new folder is made in its place: what was moved is lost to the program, also when it comes back. */
  forsake(): void {
    this.awayMs = undefined;
    this.isAwayForGood = false;
    for (const pieceIndex of this.content.geometry.pieces()) this.#fill(pieceIndex, hole);
    this.files.removeAll();
    this.harms.clear();
    this.sync(this.#unsynced);
  }

  /** The system has thrown away what it could not force to the disk. */
  drop(pieces: Iterable<PieceIndex>): void {
    for (const pieceIndex of pieces) this.#fill(pieceIndex, hole);
  }

  deleteFile(file: number, nowMs: number): void {
    if (this.isAway) return;
    for (const pieceIndex of this.files.pieces(file)) {
      if (this.hasAnyOf(pieceIndex)) this.harms.set(pieceIndex, { atMs: nowMs, isVisible: true });
      this.#fill(pieceIndex, hole);
    }
    this.sync(this.files.pieces(file));
    this.files.remove(file);
  }

  /** Another program writes into it, or the medium rots: then the stamp stays. `place`: which block, by its remainder. */
  change(place: number, nowMs: number, isVisible: boolean): void {
    if (this.isAway) return;
    const written: number[] = [];
    for (const [number, flavour] of this.flavours.entries()) if (flavour !== hole) written.push(number);
    const number = written[place % Math.max(1, written.length)];
    if (number === undefined) return;
    // Never right by chance, also in a block of one byte.
    this.#changes += 1;
    const pieceIndex = Math.floor(number / this.content.geometry.blocksPerPiece) as PieceIndex;
    this.#set(number, pieceIndex, 1 + (this.#changes % 255));
    this.wasChanged = true;
    // What was harmed without a trace is found with the rest of its file when that is hashed.
    this.harms.set(pieceIndex, { atMs: nowMs, isVisible });
    if (isVisible) this.files.onWritten(this.files.fileOf(pieceIndex));
  }

  #fill(pieceIndex: PieceIndex, flavour: number): void {
    const first = this.content.blockNumber(pieceIndex, 0);
    const end = first + this.content.geometry.blockCount(pieceIndex);
    this.#wrong[pieceIndex] = flavour === 0 ? 0 : this.#dataBlocks(pieceIndex);
    if (!this.content.hasGaps) {
      // A call into V8 costs more than the few blocks of most pieces.
      for (let number = first; number < end; number++) this.flavours[number] = flavour;
      return;
    }
    // Pads lie in no file: they read as the zeros of a hole.
    for (let number = first; number < end; number++)
      this.flavours[number] = this.content.isPad(number) ? hole : flavour;
  }

  #set(number: number, pieceIndex: PieceIndex, flavour: number): void {
    const wasRight = this.flavours[number] === 0;
    this.flavours[number] = flavour;
    if (!this.content.isPad(number)) this.#wrong[pieceIndex]! += Number(wasRight) - Number(flavour === 0);
  }

  #allWrong(): Uint32Array {
    const { geometry, hasGaps } = this.content;
    const { pieceCount, blocksPerPiece } = geometry;
    const wrong = new Uint32Array(pieceCount).fill(blocksPerPiece);
    // A thousand pieces a host are counted one by one only where they differ; the last one may always.
    const first = hasGaps || geometry.hasShortPieces ? 0 : pieceCount - 1;
    for (let i = first; i < pieceCount; i++) wrong[i] = this.#dataBlocks(i as PieceIndex);
    return wrong;
  }

  /** Blocks of a piece that are no pad. */
  #dataBlocks(pieceIndex: PieceIndex): number {
    const first = this.content.blockNumber(pieceIndex, 0);
    const count = this.content.geometry.blockCount(pieceIndex);
    if (!this.content.hasGaps) return count;
    let sum = 0;
    for (let number = first; number < first + count; number++) if (!this.content.isPad(number)) sum += 1;
    return sum;
  }
}

export function mark(bits: Uint8Array, pieceIndex: PieceIndex): void {
  bits[pieceIndex >> 3]! |= 0x80 >> (pieceIndex & 7);
}

export function unmark(bits: Uint8Array, pieceIndex: PieceIndex): void {
  bits[pieceIndex >> 3]! &= ~(0x80 >> (pieceIndex & 7));
}

/** In order. */
export function eachMarked(bits: Uint8Array, visit: (pieceIndex: PieceIndex) => void): void {
  for (let i = 0; i < bits.length; i++) {
    for (let rest = bits[i]!; rest !== 0; ) {
      const bit = Math.clz32(rest) - 24;
      rest &= ~(0x80 >> bit);
      visit((8 * i + bit) as PieceIndex);
    }
  }
}

export function isMarked(bits: Uint8Array, pieceIndex: PieceIndex): boolean {
  return (bits[pieceIndex >> 3]! & (0x80 >> (pieceIndex & 7))) !== 0;
}
