/**
 * The content of a host's disk over all its lives: a flavour per block (content.ts), the synced pieces
 * (fsync), the resume record, and what other programs did to the files.
 *
 * Invariant: a piece becomes synced only by `sync`, and a power cut never changes a synced piece. A harmed
 * piece is in `harms` until it is written again.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type Content, hole } from './content.ts';
import { FileTable, isSameStamp, type Stamp } from './file-table.ts';

/** Harm that another program or the medium did to a piece. */
export interface Harm {
  readonly atMs: number;
  /** Whether the file's stamp has changed with it. */
  readonly isVisible: boolean;
}

export class Platter {
  readonly content: Content;
  /** By block number: 0 right, `hole` never written, any other value wrong. */
  readonly flavours: Uint32Array;
  /** The resume record: pieces that the next start may believe, MSB first. */
  record: Uint8Array;
  /** The file stamps of the record: pieces of files that differ are hashed. */
  recordStamps: readonly Stamp[];
  readonly files: FileTable;
  /**
   * By piece: the number of wrong blocks, apart from pad blocks. A count, since checkers ask about pieces of
   * many blocks several times a second.
   */
  readonly #wrong: Uint32Array;
  readonly harms = new Map<PieceIndex, Harm>();
  /** Content was changed at least once by another program or the medium. */
  wasChanged = false;
  /** Since when the files are moved away. */
  awayMs: number | undefined;
  /** Whether they stay away. */
  isAwayForGood = false;
  /** The number of changes by others; makes each wrong flavour a new one. */
  #changes = 0;
  /**
   * Pieces written and not synced yet, in order; and a bit for each of them. Not a Set: every piece comes and
   * goes, and the old tables of a Set burden V8's garbage collector (client/engine/tables/small-set.ts).
   */
  readonly #unsynced: PieceIndex[] = [];
  readonly #unsyncedBits: Uint8Array;

  /** `has`: pieces stored and recorded from the beginning, with this flavour. */
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

  /** Whether it has unrepaired harm. */
  get isHarmed(): boolean {
    return this.isAway || this.harms.size > 0;
  }

  get isVisiblyHarmed(): boolean {
    for (const { isVisible } of this.harms.values()) if (isVisible) return true;
    return false;
  }

  /** Whether the right bytes lie where the program looks for them. */
  holds(pieceIndex: PieceIndex): boolean {
    return !this.isAway && this.isRight(pieceIndex);
  }

  /**
   * Whether the next start believes the piece without hashing: it is recorded, and its file has the recorded
   * stamp.
   */
  isTrusted(pieceIndex: PieceIndex): boolean {
    const file = this.files.fileOf(pieceIndex);
    return this.isRecorded(pieceIndex) && isSameStamp(this.files.stamp(file), this.recordStamps[file]!);
  }

  /** Whether every block of the piece is right, as a hash would say. */
  isRight(pieceIndex: PieceIndex): boolean {
    return this.#wrong[pieceIndex] === 0;
  }

  /** Whether any of its blocks was written. */
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

  /** Writes a verified piece; a power cut may still take it. */
  write(pieceIndex: PieceIndex): void {
    this.#fill(pieceIndex, 0);
    if (this.isSynced(pieceIndex)) this.#unsynced.push(pieceIndex);
    mark(this.#unsyncedBits, pieceIndex);
    this.harms.delete(pieceIndex);
    this.files.onWritten(this.files.fileOf(pieceIndex));
  }

  /** A block was lost by an acknowledged write, or damaged later. */
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

  /** Each unsynced piece is kept, lost or torn: of a torn piece only the first blocks are left. */
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

  // Other programs --------------------------------------------------------------------------------------

  /** Moves the folder away. Does nothing when there are no files. */
  moveAway(nowMs: number, forGood: boolean): void {
    if (this.isAway || this.files.isEmpty) return;
    this.awayMs = nowMs;
    this.isAwayForGood = forGood;
  }

  /** Has no effect when the folder was moved for good or replaced by a new one. */
  comeBack(): void {
    if (!this.isAwayForGood) this.awayMs = undefined;
  }

  /** Makes a new folder in its place: the moved content is lost to the program, even if it comes back. */
  forsake(): void {
    this.awayMs = undefined;
    this.isAwayForGood = false;
    for (const pieceIndex of this.content.geometry.pieces()) this.#fill(pieceIndex, hole);
    this.files.removeAll();
    this.harms.clear();
    this.sync(this.#unsynced);
  }

  /** The system has dropped what it could not sync. */
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

  /**
   * Another program writes into a block, or the medium corrupts it: then the stamp stays. `place` selects the
   * block, modulo the number of written ones.
   */
  change(place: number, nowMs: number, isVisible: boolean): void {
    if (this.isAway) return;
    const written: number[] = [];
    for (const [number, flavour] of this.flavours.entries()) if (flavour !== hole) written.push(number);
    const number = written[place % Math.max(1, written.length)];
    if (number === undefined) return;
    // Never 0, so never right by chance, even in a block of one byte.
    this.#changes += 1;
    const pieceIndex = Math.floor(number / this.content.geometry.blocksPerPiece) as PieceIndex;
    this.#set(number, pieceIndex, 1 + (this.#changes % 255));
    this.wasChanged = true;
    // Silent corruption is found when the rest of its file is hashed.
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
    // Pad blocks lie in no file: they read as the zeros of a hole.
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
    // Pieces are counted one by one only where they can differ: the last one always can.
    const first = hasGaps || geometry.hasShortPieces ? 0 : pieceCount - 1;
    for (let i = first; i < pieceCount; i++) wrong[i] = this.#dataBlocks(i as PieceIndex);
    return wrong;
  }

  /** Blocks of a piece that are not pad blocks. */
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
