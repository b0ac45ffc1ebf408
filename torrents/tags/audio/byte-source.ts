/** Some bytes of a file at a time, for readers that look at few places of a large one. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface ByteSource {
  readonly size: number;
  /** Fewer than asked for only where the file ends. */
  read(at: number, length: number): Uint8Array;
}

export function bytesOf(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (at, length) => bytes.subarray(at, at + length) };
}

/** Closed when `use` has ended. Throws what the disk answers. */
export function withFile<Value>(path: string, use: (source: ByteSource) => Value): Value {
  const descriptor = openSync(path, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const read = (at: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(Math.max(0, Math.min(length, size - at)));
      return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, at));
    };
    return use({ size, read });
  } finally {
    closeSync(descriptor);
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Latin-1; shorter where the bytes end. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
