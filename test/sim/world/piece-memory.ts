/**
 * Piece memory that keeps a token and a length per block instead of its bytes. Written bytes are compared
 * with the pattern: borrowed ones (content.ts) at both ends of the run, all others completely. So a changed,
 * shifted or missing byte makes another block, as in real memory.
 */
import type { PieceBuffer, PieceMemory } from '../../../client/engine/contract.ts';
import { blockBytesMax } from '../../../torrents/geometry.ts';
import { scramble } from '../kernel/randomness.ts';
import { isLent, patternByte, tokenBytes } from './content.ts';

/** Bytes compared at either end of a borrowed run. */
const checkedBytes = 4;
const pattern = Buffer.from(Uint8Array.from({ length: blockBytesMax }, (_, at) => patternByte(at)));
const zeros = Buffer.alloc(blockBytesMax);

/** Per block: the two halves of its token, and the extents of its written bytes and zeros. */
const wordsPerBlock = 3;
/**
 * Memory is allocated for this many blocks at once: separately, each small piece would need 600 bytes for
 * twelve.
 */
const blocksAtOnce = 512;
let memory = new Uint32Array(0);
let memoryUsed = 0;

function takeWords(count: number): number {
  if (memoryUsed + count > memory.length) {
    memory = new Uint32Array(Math.max(count, blocksAtOnce * wordsPerBlock));
    memoryUsed = 0;
  }
  memoryUsed += count;
  return memoryUsed - count;
}

export class SimBuffer implements PieceBuffer {
  readonly bytes: number;
  readonly #first: number;
  /** The words of this buffer and others; its own start at `#first` (see `wordsPerBlock`). */
  readonly #words: Uint32Array;
  /** Bytes that differ from the pattern, by their offset in the piece. */
  strange: Map<number, number> | undefined;
  released = false;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.#first = takeWords(wordsPerBlock * this.blockCount);
    this.#words = memory;
  }

  get blockCount(): number {
    return Math.ceil(this.bytes / blockBytesMax);
  }

  /** Resets a reused buffer. */
  clear(): void {
    this.released = false;
    for (let i = 0; i < this.blockCount; i++) this.#setExtent(i, 0, 0);
    this.strange = undefined;
  }

  /** The first half of the token; `place` is the second. */
  own(blockIndex: number): number {
    return this.#words[this.#first + wordsPerBlock * blockIndex]!;
  }

  place(blockIndex: number): number {
    return this.#words[this.#first + wordsPerBlock * blockIndex + 1]!;
  }

  /** The number of bytes written from the start of the block. */
  #filled(blockIndex: number): number {
    return this.#words[this.#first + wordsPerBlock * blockIndex + 2]! & 0xffff;
  }

  /** The number of zeros from the start of the block, while nothing else was written to it. */
  #zeros(blockIndex: number): number {
    return this.#words[this.#first + wordsPerBlock * blockIndex + 2]! >>> 16;
  }

  #setExtent(blockIndex: number, filled: number, zeros: number): void {
    this.#words[this.#first + wordsPerBlock * blockIndex + 2] = filled | (zeros << 16);
  }

  #setToken(blockIndex: number, own: number, place: number): void {
    this.#words[this.#first + wordsPerBlock * blockIndex] = own;
    this.#words[this.#first + wordsPerBlock * blockIndex + 1] = place;
  }

  /** Copies a whole block of another buffer. */
  copyBlock(to: number, source: SimBuffer, from: number): void {
    this.#setToken(to, source.own(from), source.place(from));
    this.#setExtent(to, source.#filled(from), source.#zeros(from));
  }
  blockBytes(blockIndex: number): number {
    return Math.min(blockBytesMax, this.bytes - blockIndex * blockBytesMax);
  }

  /** 0 when the block is whole and holds only its token and the pattern. */
  damage(blockIndex: number): number {
    const from = blockIndex * blockBytesMax;
    const bytes = this.blockBytes(blockIndex);
    const filled = this.#filled(blockIndex);
    const known = this.#zeros(blockIndex);
    let damage = filled === bytes ? 0 : scramble(filled) | 1;
    // The first pattern byte after the token is not zero.
    if (known > tokenBytes) damage = (damage + scramble(known)) | 1;
    // Mostly empty, and this runs for every stored piece.
    if (this.strange === undefined) return damage >>> 0;
    for (const [at, byte] of this.strange) {
      if (at >= from && at < from + bytes) damage = (damage + scramble(scramble(at - from) ^ byte)) | 1;
    }
    return damage >>> 0;
  }

  /** Whether the whole block is zeros. */
  isZeros(blockIndex: number): boolean {
    return this.#zeros(blockIndex) === this.blockBytes(blockIndex);
  }

  /** Writes one run that lies within a block. */
  write(offset: number, source: Uint8Array, from: number, to: number): void {
    const blockIndex = Math.floor(offset / blockBytesMax);
    const begin = offset - blockIndex * blockBytesMax;
    const known = this.#zeros(blockIndex);
    const isPure = this.#filled(blockIndex) === known;
    if ((begin === 0 || (isPure && begin <= known)) && isZeros(source, from, to)) {
      if (!isPure) this.forgetStrange(offset, offset + this.blockBytes(blockIndex));
      this.#setToken(blockIndex, 0, 0);
      const end = begin + to - from;
      const extent = isPure ? Math.max(known, end) : end;
      return this.#setExtent(blockIndex, extent, extent);
    }
    if (known > 0) {
      // Not a block of zeros after all: its zeros are written as ordinary bytes.
      this.#setExtent(blockIndex, this.#filled(blockIndex), 0);
      this.#write(blockIndex, 0, zeros, 0, known);
    }
    this.#write(blockIndex, begin, source, from, to);
  }

  #write(blockIndex: number, begin: number, source: Uint8Array, from: number, to: number): void {
    const offset = blockIndex * blockBytesMax + begin;
    const end = begin + to - from;
    for (let at = begin; at < end && at < tokenBytes; at++)
      this.#writeToken(blockIndex, at, source[from + at - begin]!);
    const body = Math.max(begin, tokenBytes);
    const shift = from - begin;
    if (body < end && !matchesPattern(source, body + shift, body, end - body)) {
      this.#writeStrange(offset - begin, source, shift, body, end);
    } else if (this.strange !== undefined) {
      for (let at = body; at < end; at++) this.strange.delete(offset - begin + at);
    }
    // Bytes after a gap do not count until it is filled.
    const filled = this.#filled(blockIndex);
    if (begin <= filled && end > filled) this.#setExtent(blockIndex, end, this.#zeros(blockIndex));
  }

  forgetStrange(from: number, to: number): void {
    for (const at of [...(this.strange?.keys() ?? [])]) if (at >= from && at < to) this.strange!.delete(at);
  }

  #writeToken(blockIndex: number, at: number, byte: number): void {
    const half = this.#first + wordsPerBlock * blockIndex + (at < 4 ? 0 : 1);
    const shift = 8 * (at & 3);
    this.#words[half] = (this.#words[half]! & ~(255 << shift)) | (byte << shift);
  }

  #writeStrange(base: number, source: Uint8Array, shift: number, from: number, to: number): void {
    this.strange ??= new Map();
    for (let at = from; at < to; at++) {
      const byte = source[at + shift]!;
      if (byte === patternByte(at)) this.strange.delete(base + at);
      else this.strange.set(base + at, byte);
    }
  }
}

/**
 * Free buffers of all hosts, by length. A torrent has one or two lengths, and while some hosts use many
 * buffers, others use few.
 */
const spare = new Map<number, SimBuffer[]>();
/** Later runs in one process have other lengths: then the buffers of earlier ones are dropped. */
const lengthsMax = 16;

/** Counts allocated buffers to detect leaks. */
export class SimMemory implements PieceMemory {
  outstanding = 0;
  outstandingBytes = 0;

  allocate(bytes: number): SimBuffer {
    this.outstanding += 1;
    this.outstandingBytes += bytes;
    const buffer = spare.get(bytes)?.pop();
    if (buffer === undefined) return new SimBuffer(bytes);
    buffer.clear();
    return buffer;
  }

  write(target: PieceBuffer, offset: number, source: Uint8Array, from: number, to: number): void {
    const buffer = target as SimBuffer;
    if (buffer.released) throw new Error('nothing is written into a piece buffer that was given back');
    if (offset < 0 || offset + to - from > buffer.bytes)
      throw new RangeError('written beyond the end of a piece');
    for (let at = from; at < to; ) {
      const run = Math.min(to - at, blockBytesMax - ((offset + at - from) % blockBytesMax));
      buffer.write(offset + at - from, source, at, at + run);
      at += run;
    }
  }

  /** The engine copies whole blocks only. */
  copy(target: PieceBuffer, offset: number, source: PieceBuffer): void {
    const to = target as SimBuffer;
    const from = source as SimBuffer;
    const first = offset / blockBytesMax;
    if (!Number.isInteger(first)) throw new RangeError(`a copy to ${offset}, which is no start of a block`);
    for (let i = 0; i < from.blockCount; i++) to.copyBlock(first + i, from, i);
    to.forgetStrange(offset, offset + from.bytes);
    for (const [at, byte] of from.strange ?? []) (to.strange ??= new Map()).set(offset + at, byte);
  }

  release(buffer: PieceBuffer): void {
    const released = buffer as SimBuffer;
    if (released.released) throw new Error('a piece buffer is released once');
    released.released = true;
    this.outstanding -= 1;
    this.outstandingBytes -= released.bytes;
    const alike = spare.get(released.bytes);
    if (alike !== undefined) return void alike.push(released);
    if (spare.size >= lengthsMax) spare.clear();
    spare.set(released.bytes, [released]);
  }
}

function isZeros(source: Uint8Array, from: number, to: number): boolean {
  // Most runs differ at their ends.
  if (source[from] !== 0 || source[to - 1] !== 0) return false;
  return zeros.compare(source, from, to, 0, to - from) === 0;
}

/**
 * Whether `count` bytes from `from` equal the pattern from `at` on. For borrowed bytes only the ends are
 * compared.
 */
function matchesPattern(source: Uint8Array, from: number, at: number, count: number): boolean {
  if (!isLent(source)) return pattern.compare(source, from, from + count, at, at + count) === 0;
  const checked = Math.min(checkedBytes, count);
  for (let i = 0; i < checked; i++) {
    if (source[from + i] !== patternByte(at + i)) return false;
    if (source[from + count - 1 - i] !== patternByte(at + count - 1 - i)) return false;
  }
  return true;
}
