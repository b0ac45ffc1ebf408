/**
 * Reads blocks that peers ask for. Peers ask for one block after the other, so a run of them is read at once and kept
 * for a while: one read serves sixteen requests, and every peer that asks for the same.
 *
 * Invariant: at most one read of an extent is under way; the cache holds at most `cacheBytesMax` of finished ones. The
 * memory of an extent is used again only when every block handed out of it has left; one that was dropped on the way
 * (cancelled, its peer gone) keeps its extent from that, and the garbage collector has it.
 */
import type { DiskTrouble } from '../../engine/contract.ts';

/** Sixteen blocks: large enough that the system call costs nothing, small enough for a peer that wants one block. */
export const extentBytes = 256 * 1024;
const cacheBytesMax = 32 * 1024 * 1024;
/** Extents kept for the next read: what one fast peer has under way. */
const spareMax = 64;

/** Reads `bytes` at `offset` of the torrent into `target`; calls back once. */
export type ReadExtent = (
  offset: number,
  target: Uint8Array,
  done: (trouble: DiskTrouble | undefined) => void,
) => void;

type Waiter = (extent: Uint8Array | undefined, trouble: DiskTrouble | undefined) => void;

interface Extent {
  readonly bytes: Uint8Array;
  /** Blocks handed out that have not left yet. */
  lent: number;
  cached: boolean;
  /** Undefined once it has been read. */
  waiters: Waiter[] | undefined;
}

export class BlockReader {
  readonly #extents = new Map<string, Extent>();
  /** Whose memory a block is. */
  readonly #owner = new WeakMap<ArrayBufferLike, Extent>();
  readonly #spare: Uint8Array[] = [];
  #cachedBytes = 0;

  /**
   * The extent `offset … offset + bytes` of what `key` names, from the cache or by `read`. What lies on the disk under one key
   * never changes.
   */
  read(key: string, offset: number, bytes: number, read: ReadExtent, done: Waiter): void {
    const name = `${key}:${offset}:${bytes}`;
    const known = this.#extents.get(name);
    if (known?.waiters !== undefined) return void known.waiters.push(done);
    if (known !== undefined) {
      // Back to the end: the Map's order is the order of use.
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
      // Handed out first: to keep it may push it out at once, and then it must count as lent.
      for (const waiter of waiters) waiter(trouble === undefined ? extent.bytes : undefined, trouble);
      if (trouble === undefined) this.#keep(extent);
    });
  }

  /** A block out of an extent is on its way to a peer. */
  lend(block: Uint8Array): void {
    const extent = this.#owner.get(block.buffer);
    if (extent !== undefined) extent.lent += 1;
  }

  /** The kernel has it. */
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
