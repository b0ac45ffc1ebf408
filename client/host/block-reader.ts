/**
 * Reads blocks that peers ask for. Peers ask for one block after the other, so a run of them is read at once and kept
 * for a while: one read serves sixteen requests, and every peer that asks for the same.
 *
 * Invariant: at most one read of an extent is under way; the cache holds at most `cacheBytesMax` of finished ones.
 */
import type { DiskTrouble } from '../engine/contract.ts';

/** Sixteen blocks: large enough that the system call costs nothing, small enough for a peer that wants one block. */
export const extentBytes = 256 * 1024;
const cacheBytesMax = 32 * 1024 * 1024;

/** Reads `bytes` at `offset` of the torrent into `target`; calls back once. */
export type ReadExtent = (
  offset: number,
  target: Uint8Array,
  done: (trouble: DiskTrouble | undefined) => void,
) => void;

type Waiter = (extent: Uint8Array | undefined, trouble: DiskTrouble | undefined) => void;

interface Extent {
  readonly bytes: Uint8Array;
  /** Undefined once it has been read. */
  waiters: Waiter[] | undefined;
}

export class BlockReader {
  readonly #extents = new Map<string, Extent>();
  #cachedBytes = 0;

  /** The extent `offset … offset + bytes` of torrent `key`, from the cache or by `read`. */
  read(key: number, offset: number, bytes: number, read: ReadExtent, done: Waiter): void {
    const name = `${key}:${offset}:${bytes}`;
    const known = this.#extents.get(name);
    if (known?.waiters !== undefined) return void known.waiters.push(done);
    if (known !== undefined) {
      // Back to the end: the Map's order is the order of use.
      this.#extents.delete(name);
      this.#extents.set(name, known);
      return done(known.bytes, undefined);
    }
    const extent: Extent = { bytes: Buffer.allocUnsafeSlow(bytes), waiters: [done] };
    this.#extents.set(name, extent);
    read(offset, extent.bytes, (trouble) => {
      const waiters = extent.waiters ?? [];
      extent.waiters = undefined;
      if (trouble !== undefined) this.#extents.delete(name);
      else this.#keep(bytes);
      for (const waiter of waiters) waiter(trouble === undefined ? extent.bytes : undefined, trouble);
    });
  }

  #keep(bytes: number): void {
    this.#cachedBytes += bytes;
    for (const [name, extent] of this.#extents) {
      if (this.#cachedBytes <= cacheBytesMax) return;
      if (extent.waiters !== undefined) continue;
      this.#extents.delete(name);
      this.#cachedBytes -= extent.bytes.length;
    }
  }
}
