/**
 * Byte arrays that live as long as a connection: a peer id, a bitfield. Small ones are cut from a shared
 * buffer, as Node does for its Buffers: a separate one has an overhead of about 300 bytes, and every
 * connection has a few.
 */

/**
 * Larger arrays have a buffer of their own, so that one array never keeps much more memory alive than its own
 * size.
 */
const smallMax = 512;
const sharedBytes = 4 * 1024;
let shared = new ArrayBuffer(0);
let sharedUsed = 0;

/** All zero; the caller owns them. */
export function smallBytes(count: number): Uint8Array<ArrayBuffer> {
  if (count > smallMax) return new Uint8Array(count);
  if (sharedUsed + count > shared.byteLength) {
    shared = new ArrayBuffer(sharedBytes);
    sharedUsed = 0;
  }
  sharedUsed += count;
  return new Uint8Array(shared, sharedUsed - count, count);
}

/** A copy of source[from, to); the caller owns it. */
export function smallCopy(source: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const copy = smallBytes(to - from);
  for (let i = from; i < to; i++) copy[i - from] = source[i]!;
  return copy;
}
