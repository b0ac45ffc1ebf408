/**
 * Piece buffers in memory that the worker threads share, so that a piece is hashed and written where it was
 * assembled, without a copy. It is one WebAssembly memory, because our SIMD kernels hash only what lies in
 * one. The kernel commits a page when it is first touched, so the reserve is free until it is used.
 *
 * Buffers of one size are reused. When the reserve is used up (torrents with many piece lengths), a buffer
 * gets memory of its own and is hashed by OpenSSL.
 */
import { hasherBytes } from '../../../torrents/hashing/hasher.ts';
import type { PieceBuffer, PieceMemory } from '../../engine/contract.ts';
import { defaultLimits } from '../../engine/limits.ts';

const pageBytes = 65_536;
/**
 * The engine stops allocating at its limit; duplicate blocks and pieces being stored may exceed it a little.
 */
const slackBytes = 32 * 1024 * 1024;
/** How many workers can hash in this memory, each with its own scratch area. */
export const scratchAreas = 4;

export class SharedPieceBuffer implements PieceBuffer {
  readonly bytes: number;
  readonly view: Buffer<SharedArrayBuffer>;
  /** The buffer lies in the WebAssembly memory, at `view.byteOffset`. */
  readonly inArena: boolean;

  constructor(view: Buffer<SharedArrayBuffer>, inArena: boolean) {
    this.bytes = view.length;
    this.view = view;
    this.inArena = inArena;
  }
}

export class SharedPieceMemory implements PieceMemory {
  readonly arena: WebAssembly.Memory;
  readonly #shared: SharedArrayBuffer;
  readonly #idle = new Map<number, SharedPieceBuffer[]>();
  #used: number;

  constructor(bytesMax: number = defaultLimits.pieceMemoryBytesMax) {
    const scratch = scratchAreas * hasherBytes;
    const pages = Math.ceil((scratch + bytesMax + slackBytes) / pageBytes);
    this.arena = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.#shared = this.arena.buffer as unknown as SharedArrayBuffer;
    this.#used = Math.ceil(scratch / pageBytes) * pageBytes;
  }

  allocate(bytes: number): SharedPieceBuffer {
    const reused = this.#idle.get(bytes)?.pop();
    if (reused !== undefined) return reused;
    if (this.#used + bytes > this.#shared.byteLength) {
      return new SharedPieceBuffer(Buffer.from(new SharedArrayBuffer(bytes)), false);
    }
    const view = Buffer.from(this.#shared, this.#used, bytes);
    // The SIMD kernels need pieces aligned to 64 bytes.
    this.#used += Math.ceil(bytes / 64) * 64;
    return new SharedPieceBuffer(view, true);
  }

  write(target: PieceBuffer, offset: number, source: Uint8Array, from: number, to: number): void {
    // Not Uint8Array.set: into shared memory V8 copies word by word, at half the speed of memmove.
    asBuffer(source).copy((target as SharedPieceBuffer).view, offset, from, to);
  }

  copy(target: PieceBuffer, offset: number, source: PieceBuffer): void {
    (source as SharedPieceBuffer).view.copy((target as SharedPieceBuffer).view, offset);
  }

  release(buffer: PieceBuffer): void {
    if (!(buffer as SharedPieceBuffer).inArena) return;
    const idle = this.#idle.get(buffer.bytes);
    if (idle === undefined) this.#idle.set(buffer.bytes, [buffer as SharedPieceBuffer]);
    else idle.push(buffer as SharedPieceBuffer);
  }
}

/** Sockets deliver Buffers. Any other array gets a Buffer as a view, without a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
