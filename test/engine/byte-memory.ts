/** Piece memory of real bytes that counts unreleased buffers, so that a test detects a leak. */
import type { PieceBuffer, PieceMemory } from '../../client/engine/contract.ts';

export class ByteBuffer implements PieceBuffer {
  readonly bytes: number;
  readonly content: Uint8Array;
  released = false;

  constructor(bytes: number) {
    this.bytes = bytes;
    this.content = new Uint8Array(bytes);
  }
}

export class ByteMemory implements PieceMemory {
  outstanding = 0;

  allocate(bytes: number): ByteBuffer {
    this.outstanding += 1;
    return new ByteBuffer(bytes);
  }

  write(target: PieceBuffer, offset: number, source: Uint8Array, from: number, to: number): void {
    (target as ByteBuffer).content.set(source.subarray(from, to), offset);
  }

  copy(target: PieceBuffer, offset: number, source: PieceBuffer): void {
    (target as ByteBuffer).content.set((source as ByteBuffer).content, offset);
  }

  release(buffer: PieceBuffer): void {
    if ((buffer as ByteBuffer).released) throw new Error('a piece buffer is released once');
    (buffer as ByteBuffer).released = true;
    this.outstanding -= 1;
  }
}
