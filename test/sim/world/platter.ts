/**
 * What a host's disk holds, over all its lives: a flavour per block (content.ts), which pieces were forced to the disk
 * (fsync), and the resume record.
 *
 * Invariant: a piece is `synced` only by `sync`, and a power cut touches nothing that is.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type Content, hole } from './content.ts';

export class Platter {
  readonly content: Content;
  /** By number of the block: 0 right, `hole` never written, anything else wrong. */
  readonly flavours: Uint32Array;
  /** The resume record: pieces the next start may believe in, MSB first. */
  record: Uint8Array;
  /** Pieces written since the last fsync that took them along. */
  readonly #unsynced = new Set<PieceIndex>();

  /** `has`: what is stored and recorded from the beginning, with this flavour. */
  constructor(content: Content, has: (pieceIndex: PieceIndex) => boolean, flavour: number) {
    this.content = content;
    this.flavours = new Uint32Array(content.blockCount).fill(hole);
    this.record = new Uint8Array(Math.ceil(content.geometry.pieceCount / 8));
    for (const pieceIndex of content.geometry.pieces()) {
      if (!has(pieceIndex)) continue;
      this.#fill(pieceIndex, flavour);
      mark(this.record, pieceIndex);
    }
  }

  /** Every block of the piece is what the author had: what a hash would say. */
  isRight(pieceIndex: PieceIndex): boolean {
    const first = this.content.blockNumber(pieceIndex, 0);
    const end = first + this.content.geometry.blockCount(pieceIndex);
    for (let number = first; number < end; number++) if (this.flavours[number] !== 0) return false;
    return true;
  }

  /** Something was ever written there. */
  hasAnyOf(pieceIndex: PieceIndex): boolean {
    const first = this.content.blockNumber(pieceIndex, 0);
    const end = first + this.content.geometry.blockCount(pieceIndex);
    return this.flavours.subarray(first, end).some((flavour) => flavour !== hole);
  }

  get isAllRight(): boolean {
    for (const pieceIndex of this.content.geometry.pieces()) if (!this.isRight(pieceIndex)) return false;
    return true;
  }

  isRecorded(pieceIndex: PieceIndex): boolean {
    return isMarked(this.record, pieceIndex);
  }

  isSynced(pieceIndex: PieceIndex): boolean {
    return !this.#unsynced.has(pieceIndex);
  }

  /** A verified piece is written; a power cut may still take it. */
  write(pieceIndex: PieceIndex): void {
    this.#fill(pieceIndex, 0);
    this.#unsynced.add(pieceIndex);
  }

  /** The write was acknowledged and never happened, or something ate a block of it. */
  damage(pieceIndex: PieceIndex, blockIndex: number, flavour: number): void {
    this.flavours[this.content.blockNumber(pieceIndex, blockIndex)] = flavour;
  }

  sync(pieces: Iterable<PieceIndex>): void {
    for (const pieceIndex of pieces) this.#unsynced.delete(pieceIndex);
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
    this.#unsynced.clear();
  }

  #fill(pieceIndex: PieceIndex, flavour: number): void {
    const first = this.content.blockNumber(pieceIndex, 0);
    this.flavours.fill(flavour, first, first + this.content.geometry.blockCount(pieceIndex));
  }
}

export function mark(bits: Uint8Array, pieceIndex: PieceIndex): void {
  bits[pieceIndex >> 3]! |= 0x80 >> (pieceIndex & 7);
}

export function isMarked(bits: Uint8Array, pieceIndex: PieceIndex): boolean {
  return (bits[pieceIndex >> 3]! & (0x80 >> (pieceIndex & 7))) !== 0;
}
