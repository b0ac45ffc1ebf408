/**
 * Bytes that live as long as a connection: an id, a bitfield. Small ones are cut from a memory that they share, as Node cuts
 * its Buffers: of its own, each weighs some 300 bytes more than what is in it, and there are a few for every connection.
 */

/** Larger ones have a memory of their own, so that what one of them keeps alive is never much more than itself. */
const smallMax = 512;
const sharedBytes = 4 * 1024;
let shared = new ArrayBuffer(0);
let sharedUsed = 0;

/** Zeros, which are the caller's. */
export function smallBytes(count: number): Uint8Array<ArrayBuffer> {
  if (count > smallMax) return new Uint8Array(count);
  if (sharedUsed + count > shared.byteLength) {
    shared = new ArrayBuffer(sharedBytes);
    sharedUsed = 0;
  }
  sharedUsed += count;
  return new Uint8Array(shared, sharedUsed - count, count);
}

/** source[from, to), which are the caller's. */
export function smallCopy(source: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const copy = smallBytes(to - from);
  for (let i = from; i < to; i++) copy[i - from] = source[i]!;
  return copy;
}
