/**
 * Piece buffers in memory that workers see too, so that a piece is hashed and written where it was put together and
 * is never copied again. Buffers of one size are used over and over.
 */
import type { PieceBuffer, PieceMemory } from '../engine/contract.ts';

/** Buffers kept for the next piece; what is beyond goes back to the system. */
const idleBytesMax = 64 * 1024 * 1024;

export class SharedPieceBuffer implements PieceBuffer {
  readonly bytes: number;
  readonly shared: SharedArrayBuffer;
  readonly view: Uint8Array;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.shared = new SharedArrayBuffer(bytes);
    this.view = new Uint8Array(this.shared);
  }
}

export class SharedPieceMemory implements PieceMemory {
  readonly #idle = new Map<number, SharedPieceBuffer[]>();
  #idleBytes = 0;

  allocate(bytes: number): SharedPieceBuffer {
    const reused = this.#idle.get(bytes)?.pop();
    if (reused === undefined) return new SharedPieceBuffer(bytes);
    this.#idleBytes -= bytes;
    return reused;
  }

  write(target: PieceBuffer, offset: number, source: Uint8Array, from: number, to: number): void {
    (target as SharedPieceBuffer).view.set(source.subarray(from, to), offset);
  }

  copy(target: PieceBuffer, offset: number, source: PieceBuffer): void {
    (target as SharedPieceBuffer).view.set((source as SharedPieceBuffer).view, offset);
  }

  release(buffer: PieceBuffer): void {
    const { bytes } = buffer;
    if (this.#idleBytes + bytes > idleBytesMax) return;
    this.#idleBytes += bytes;
    const idle = this.#idle.get(bytes);
    if (idle === undefined) this.#idle.set(bytes, [buffer as SharedPieceBuffer]);
    else idle.push(buffer as SharedPieceBuffer);
  }
}
