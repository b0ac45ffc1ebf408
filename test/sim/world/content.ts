/**
 * What simulated files contain: a function of the torrent and the place, so that a swarm of 500 peers and a gigabyte
 * holds no gigabyte. A block is a token of eight bytes, which no other block has, and then a pattern that is the same in
 * every block and different at every position of it.
 *
 * Blocks that lie in a pad hold zeros instead (BEP 47).
 *
 * Content is kept and carried as a *flavour* of each block: 0 is what the author had, any other number something else.
 * Where the engine wants bytes they are lent to it: one shared block, with the token of the moment in it. Such bytes are
 * good until the fact or call they came with is over.
 */
import { type Block, blockBytesMax, type Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { scramble } from '../kernel/randomness.ts';

export const tokenBytes = 8;
/** Of a block that was never written: on a disk those are zeros. */
export const hole = 0xffff_ffff;

const headerBytes = 13;
/** Header of a `piece` message and its block, as they arrive; and the block alone, as it is read. */
const message = new Uint8Array(headerBytes + blockBytesMax);
const lent = message.subarray(headerBytes);
for (let at = tokenBytes; at < blockBytesMax; at++) lent[at] = patternByte(at);
/** Views of the shared block by length: last blocks are shorter. */
const views = new Map<number, Uint8Array>([[blockBytesMax, lent]]);
const zeros = new Uint8Array(blockBytesMax);
const rightFlavour = (_blockNumber: number): number => 0;

/** What a block holds: data; nothing but zeros that are asked for like data; nothing but a pad. */
export type BlockKind = 'data' | 'zeros' | 'pad';

/** What stands at a position of every block, tokens apart: multiplied by primes, so that a shift by any count shows. */
export function patternByte(at: number): number {
  return (at * 167 + (at >> 8) * 59 + 101) & 255;
}

export class Content {
  readonly geometry: Geometry;
  /** Tells torrents apart: the author's tokens are made of it, so that a torrent of gigabytes takes no memory for them. */
  readonly #salt: number;
  /** Of blocks that are no data. */
  readonly #kinds: ReadonlyMap<number, BlockKind>;

  /** `kinds`: of the blocks that are no data, by number. */
  constructor(geometry: Geometry, salt: number, kinds: ReadonlyMap<number, BlockKind> = new Map()) {
    this.geometry = geometry;
    this.#salt = salt;
    this.#kinds = kinds;
  }

  /** Some of it is no data. */
  get hasGaps(): boolean {
    return this.#kinds.size > 0;
  }

  /** It is zeros that no disk holds and that peers are not asked for. */
  isPad(blockNumber: number): boolean {
    return this.#kinds.get(blockNumber) === 'pad';
  }

  /** It holds nothing but zeros. */
  isZeros(blockNumber: number): boolean {
    return this.#kinds.has(blockNumber);
  }

  /** Blocks of the torrent; pieces that are shorter leave numbers unused. */
  get blockCount(): number {
    return this.geometry.pieceCount * this.geometry.blocksPerPiece;
  }

  blockNumber(pieceIndex: PieceIndex, blockIndex: number): number {
    return pieceIndex * this.geometry.blocksPerPiece + blockIndex;
  }

  /** What a block with this token is, where this one belongs: 0 when it is the author's. */
  flavourOf(blockNumber: number, own: number, place: number, bytes: number): number {
    if (this.isZeros(blockNumber)) return (own | place) === 0 ? 0 : ((own ^ scramble(place)) | 1) >>> 0;
    // A block may be so short that it ends within its token.
    const difference = (own ^ this.#tokenOf(blockNumber)) & lowBytes(bytes);
    const misplaced = (place ^ blockNumber) & lowBytes(bytes - 4);
    return (misplaced === 0 ? difference : difference ^ (scramble(misplaced) | 1)) >>> 0;
  }

  /** The first half of the block's token. */
  own(blockNumber: number, flavour: number): number {
    return this.isZeros(blockNumber) ? flavour : (this.#tokenOf(blockNumber) ^ flavour) >>> 0;
  }

  /** The first half of the author's token. */
  #tokenOf(blockNumber: number): number {
    return scramble(this.#salt ^ scramble(blockNumber));
  }

  /** Lends the bytes of a block that starts where blocks start. */
  lend(block: Block, flavour: number): Uint8Array {
    const number = this.blockNumber(block.pieceIndex, block.begin / blockBytesMax);
    if (flavour === hole || (flavour === 0 && this.isZeros(number))) return zeros.subarray(0, block.bytes);
    return lendToken(this.own(number, flavour), number, block.bytes);
  }

  /** A copy of any range of a piece; without `flavourOf` as its author had it. */
  bytes(pieceIndex: PieceIndex, begin: number, count: number, flavourOf = rightFlavour): Uint8Array {
    const result = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const blockIndex = Math.floor((begin + at) / blockBytesMax);
      const from = begin + at - blockIndex * blockBytesMax;
      const run = Math.min(count - at, blockBytesMax - from);
      const number = this.blockNumber(pieceIndex, blockIndex);
      const flavour = flavourOf(number);
      if (flavour !== hole && !(flavour === 0 && this.isZeros(number))) {
        const block = lendToken(this.own(number, flavour), number, blockBytesMax);
        result.set(block.subarray(from, from + run), at);
      }
      at += run;
    }
    return result;
  }
}

/** The shared block with this token in it. */
function lendToken(own: number, place: number, bytes: number): Uint8Array {
  writeToken(own, place);
  let view = views.get(bytes);
  if (view === undefined) {
    view = message.subarray(headerBytes, headerBytes + bytes);
    views.set(bytes, view);
  }
  return view;
}

/** The shared block behind its header, as a connection delivers them: header and token are `source` from `from` on. */
export function lendMessage(source: Uint8Array, from: number): Uint8Array {
  for (let i = 0; i < headerBytes + tokenBytes; i++) message[i] = source[from + i]!;
  return message;
}

/** Whether these bytes are lent ones: then they hold the pattern, and need not be looked at one by one. */
export function isLent(bytes: Uint8Array): boolean {
  return bytes.buffer === message.buffer;
}

/** Whether these bytes are a lent block from its start. */
export function isLentBlock(bytes: Uint8Array): boolean {
  return bytes.buffer === message.buffer && bytes.byteOffset === lent.byteOffset;
}

/** The first half of the token that is lent at the moment. */
export function lentOwn(): number {
  return readWord(0);
}

export function lentPlace(): number {
  return readWord(4);
}

/** Least significant byte first, so that even a block of one byte shows a flavour below 256. */
function writeToken(own: number, place: number): void {
  for (let i = 0; i < 4; i++) {
    lent[i] = (own >>> (8 * i)) & 255;
    lent[4 + i] = (place >>> (8 * i)) & 255;
  }
}

function readWord(at: number): number {
  return (lent[at]! | (lent[at + 1]! << 8) | (lent[at + 2]! << 16) | (lent[at + 3]! << 24)) >>> 0;
}

function lowBytes(count: number): number {
  return count >= 4 ? -1 : count <= 0 ? 0 : (1 << (8 * count)) - 1;
}
