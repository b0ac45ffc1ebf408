/** Reads parts of a file, for readers that need only a few places of a large file. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface ByteSource {
  readonly size: number;
  /** Returns fewer bytes than asked for only at the end of the file. */
  read(at: number, length: number): Uint8Array;
}

export function bytesOf(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (at, length) => bytes.subarray(at, at + length) };
}

/** Closes the file when `use` returns. Throws the errors of the file system. */
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

/** As Latin-1. Shorter if the bytes end before. */
export function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}
