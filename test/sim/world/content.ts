/**
 * The content of simulated files: a function of the torrent and the offset, so that a swarm of 500 peers and
 * a gigabyte holds no gigabyte. A block is a unique token of eight bytes, then a pattern that is the same in
 * every block and differs at every position.
 *
 * Blocks in a pad file are zeros instead (BEP 47).
 *
 * Content is stored and carried as a *flavour* of each block: 0 is the right content, any other number a
 * wrong one. Where the engine needs bytes it borrows them: one shared block that holds the present token.
 * Borrowed bytes are valid until the end of the fact or call that brought them.
 */
import { type Block, blockBytesMax, type Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { scramble } from '../kernel/randomness.ts';

export const tokenBytes = 8;
/** The flavour of a block that was never written: zeros on a disk. */
export const hole = 0xffff_ffff;

const headerBytes = 13;
/** The header of a `piece` message and its block, as they arrive; and the block alone, as it is read. */
const message = new Uint8Array(headerBytes + blockBytesMax);
const lent = message.subarray(headerBytes);
for (let at = tokenBytes; at < blockBytesMax; at++) lent[at] = patternByte(at);
/** Views of the shared block by length: last blocks are shorter. */
const views = new Map<number, Uint8Array>([[blockBytesMax, lent]]);
const zeros = new Uint8Array(blockBytesMax);
const rightFlavour = (_blockNumber: number): number => 0;

/** The content of a block: data, zeros that are requested like data, or pad bytes only. */
export type BlockKind = 'data' | 'zeros' | 'pad';

/**
 * The byte at a position of every block, apart from tokens. The factors are primes, so that any shift is
 * detected.
 */
export function patternByte(at: number): number {
  return (at * 167 + (at >> 8) * 59 + 101) & 255;
}

export class Content {
  readonly geometry: Geometry;
  /** Distinguishes torrents: the right tokens are computed from it and take no memory. */
  readonly #salt: number;
  /** Blocks that are not data. */
  readonly #kinds: ReadonlyMap<number, BlockKind>;

  /** `kinds`: of the blocks that are not data, by number. */
  constructor(geometry: Geometry, salt: number, kinds: ReadonlyMap<number, BlockKind> = new Map()) {
    this.geometry = geometry;
    this.#salt = salt;
    this.#kinds = kinds;
  }

  /** Whether some blocks are not data. */
  get hasGaps(): boolean {
    return this.#kinds.size > 0;
  }

  /** Whether the block is pad bytes only: no disk holds it, and it is not requested from peers. */
  isPad(blockNumber: number): boolean {
    return this.#kinds.get(blockNumber) === 'pad';
  }

  /** Whether the block is zeros only. */
  isZeros(blockNumber: number): boolean {
    return this.#kinds.has(blockNumber);
  }

  /** Block numbers of the torrent; short pieces leave some unused. */
  get blockCount(): number {
    return this.geometry.pieceCount * this.geometry.blocksPerPiece;
  }

  blockNumber(pieceIndex: PieceIndex, blockIndex: number): number {
    return pieceIndex * this.geometry.blocksPerPiece + blockIndex;
  }

  /** The flavour of a block with this token at this place: 0 when it is right. */
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

  /** The first half of the right token. */
  #tokenOf(blockNumber: number): number {
    return scramble(this.#salt ^ scramble(blockNumber));
  }

  /** Lends the bytes of an aligned block. */
  lend(block: Block, flavour: number): Uint8Array {
    const number = this.blockNumber(block.pieceIndex, block.begin / blockBytesMax);
    if (flavour === hole || (flavour === 0 && this.isZeros(number))) return zeros.subarray(0, block.bytes);
    return lendToken(this.own(number, flavour), number, block.bytes);
  }

  /** A copy of any range of a piece; without `flavourOf` the right content. */
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

/**
 * The shared block behind its header, as a connection delivers them. Header and token are copied from
 * `source`.
 */
export function lendMessage(source: Uint8Array, from: number): Uint8Array {
  for (let i = 0; i < headerBytes + tokenBytes; i++) message[i] = source[from + i]!;
  return message;
}

/** Whether these bytes are borrowed ones: they hold the pattern and need not be compared one by one. */
export function isLent(bytes: Uint8Array): boolean {
  return bytes.buffer === message.buffer;
}

/** Whether these bytes are a borrowed block from its start. */
export function isLentBlock(bytes: Uint8Array): boolean {
  return bytes.buffer === message.buffer && bytes.byteOffset === lent.byteOffset;
}

/** The first half of the token that is lent at present. */
export function lentOwn(): number {
  return readWord(0);
}

export function lentPlace(): number {
  return readWord(4);
}

/** Little-endian, so that even a block of one byte shows a flavour below 256. */
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
