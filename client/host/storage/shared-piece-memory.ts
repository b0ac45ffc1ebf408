/**
 * Piece buffers in memory that workers see too, so that a piece is hashed and written where it was put together and is
 * never copied again. It is one WebAssembly memory: our SIMD kernels hash pieces only where they lie in one. The system
 * gives pages as they are first touched, so the reserve costs nothing until it is used.
 *
 * Buffers of one size are used over and over. When the reserve is out (torrents of many piece lengths), a buffer is
 * memory of its own, hashed by OpenSSL.
 */
import { hasherBytes } from '../../../torrents/hashing/hasher.ts';
import type { PieceBuffer, PieceMemory } from '../../engine/contract.ts';
import { defaultLimits } from '../../engine/limits.ts';

const pageBytes = 65_536;
/** The engine stops asking at its cap; duplicates on their way and pieces being stored lie a little above it. */
const slackBytes = 32 * 1024 * 1024;
/** Workers that may hash in this memory, each with a scratch area of its own. */
export const scratchAreas = 4;

export class SharedPieceBuffer implements PieceBuffer {
  readonly bytes: number;
  readonly view: Buffer<SharedArrayBuffer>;
  /** It lies in the WebAssembly memory, at view.byteOffset. */
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
    // The kernels want pieces on 64-byte boundaries.
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

/** Sockets hand out Buffers; anything else gets a Buffer's view, which copies nothing. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
