/**
 * Reads the blocks that peers request. Peers request consecutive blocks, so a whole extent is read at once
 * and cached: one read serves 16 requests, and every other peer that requests the same blocks.
 *
 * Invariant: at most one read of an extent is under way, and the cache holds at most `cacheBytesMax` of
 * finished extents. The memory of an extent is reused only when every block lent from it was given back. A
 * block that is never given back (cancelled, or its peer disconnected) prevents the reuse: the garbage
 * collector frees that extent.
 */
import type { DiskTrouble } from '../../engine/contract.ts';

/**
 * 16 blocks: large enough that the cost of a system call does not matter, small enough for a peer that wants
 * only one block.
 */
export const extentBytes = 256 * 1024;
const cacheBytesMax = 32 * 1024 * 1024;
/** Extents kept for the next reads: as many as one fast peer has under way. */
const spareMax = 64;

/** Reads `target.length` bytes at `offset` of the torrent into `target`, and calls `done` once. */
export type ReadExtent = (
  offset: number,
  target: Uint8Array,
  done: (trouble: DiskTrouble | undefined) => void,
) => void;

type Waiter = (extent: Uint8Array | undefined, trouble: DiskTrouble | undefined) => void;

interface Extent {
  readonly bytes: Uint8Array;
  /** Blocks lent and not yet given back. */
  lent: number;
  cached: boolean;
  /** Undefined once the extent has been read. */
  waiters: Waiter[] | undefined;
}

export class BlockReader {
  readonly #extents = new Map<string, Extent>();
  /** The extent that the memory of a block belongs to. */
  readonly #owner = new WeakMap<ArrayBufferLike, Extent>();
  readonly #spare: Uint8Array[] = [];
  #cachedBytes = 0;

  /**
   * The extent of `bytes` at `offset`, from the cache or by `read`. The content on the disk under one `key`
   * never changes.
   */
  read(key: string, offset: number, bytes: number, read: ReadExtent, done: Waiter): void {
    const name = `${key}:${offset}:${bytes}`;
    const known = this.#extents.get(name);
    if (known?.waiters !== undefined) return void known.waiters.push(done);
    if (known !== undefined) {
      // Move to the end: the order of the Map is least recently used first.
      this.#extents.delete(name);
      this.#extents.set(name, known);
      return done(known.bytes, undefined);
    }
    const memory = (bytes === extentBytes && this.#spare.pop()) || Buffer.allocUnsafeSlow(bytes);
    const extent: Extent = { bytes: memory, lent: 0, cached: false, waiters: [done] };
    this.#owner.set(memory.buffer, extent);
    this.#extents.set(name, extent);
    read(offset, extent.bytes, (trouble) => {
      const waiters = extent.waiters ?? [];
      extent.waiters = undefined;
      if (trouble !== undefined) this.#extents.delete(name);
      // Waiters come first: keeping the extent may evict it at once, and by then it must count as lent.
      for (const waiter of waiters) waiter(trouble === undefined ? extent.bytes : undefined, trouble);
      if (trouble === undefined) this.#keep(extent);
    });
  }

  /** A block of an extent is queued for a peer. */
  lend(block: Uint8Array): void {
    const extent = this.#owner.get(block.buffer);
    if (extent !== undefined) extent.lent += 1;
  }

  /** The kernel has taken the block. */
  giveBack(block: Uint8Array): void {
    const extent = this.#owner.get(block.buffer);
    if (extent === undefined) return;
    extent.lent -= 1;
    this.#recycle(extent);
  }

  #recycle(extent: Extent): void {
    const isWhole = extent.bytes.length === extentBytes;
    if (extent.cached || extent.lent > 0 || !isWhole || this.#spare.length >= spareMax) return;
    this.#owner.delete(extent.bytes.buffer);
    this.#spare.push(extent.bytes);
  }

  #keep(kept: Extent): void {
    kept.cached = true;
    this.#cachedBytes += kept.bytes.length;
    for (const [name, extent] of this.#extents) {
      if (this.#cachedBytes <= cacheBytesMax) return;
      if (extent.waiters !== undefined) continue;
      this.#extents.delete(name);
      this.#cachedBytes -= extent.bytes.length;
      extent.cached = false;
      this.#recycle(extent);
    }
  }
}
