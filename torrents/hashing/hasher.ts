/**
 * Hashes pieces in a WebAssembly memory, with the faster backend of this machine. Used by the workers that
 * read files (hash-worker.ts), and by those that store downloaded pieces, whose memory the network writes
 * into.
 *
 * Invariant: writes only into the `hasherBytes` at its scratch offset, and into targets. Needs one object per
 * thread.
 * Left to others: reading, and comparing digests.                                                   BEP 3, 52
 */
import { createHash, hash } from 'node:crypto';
import { leafBytes, hashBytes as sha256Bytes } from '../merkle.ts';
import type { Backends } from './backend.ts';
import { Lanes, laneBytes, lanes } from './lanes.ts';

/** A partial batch takes as long as a full one. With fewer messages OpenSSL is faster. */
const lanesWorth = 3;
/** The leaf hashes of one piece of 256 MiB. */
const leafAreaBytes = 16_384 * sha256Bytes;
/** Bytes of the memory that a hasher takes. */
export const hasherBytes = 2 * Math.ceil(laneBytes / 64) * 64 + leafAreaBytes;

const sha1Bytes = 20;

export class Hasher {
  readonly backends: Backends;
  readonly #bytes: Uint8Array;
  readonly #sha1: Lanes | undefined;
  readonly #makeSha256: () => Lanes;
  #sha256Lanes: Lanes | undefined;
  readonly #leafArea: number;

  /** `scratchOffset`: a multiple of 64 where `hasherBytes` are free. The memory must not grow after this. */
  constructor(memory: WebAssembly.Memory, scratchOffset: number, backends: Backends) {
    const step = Math.ceil(laneBytes / 64) * 64;
    this.backends = backends;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#sha1 = backends.sha1 === 'simd' ? new Lanes('sha1', memory, scratchOffset) : undefined;
    this.#makeSha256 = () => new Lanes('sha256', memory, scratchOffset + step);
    this.#leafArea = scratchOffset + 2 * step;
  }

  /** The best number of pieces of equal length for one call of sha1(). */
  get sha1Batch(): number {
    return this.#sha1 === undefined ? 1 : lanes;
  }

  /** SHA-1 of up to four pieces of `bytes` bytes at `offsets` in the memory, written to `target` in order. */
  sha1(offsets: readonly number[], bytes: number, target: Uint8Array, targetOffset = 0): void {
    if (this.#sha1 !== undefined && offsets.length >= lanesWorth) {
      this.#sha1.hash(offsets, bytes, target, targetOffset);
      return;
    }
    for (const [index, offset] of offsets.entries()) {
      target.set(hash('sha1', this.#view(offset, bytes), 'buffer'), targetOffset + index * sha1Bytes);
    }
  }

  /** The same for pieces that arrive in parts. Only one batch at a time. */
  sha1Parts(pieces: number): Sha1Parts {
    const simd = this.#sha1;
    if (simd !== undefined && pieces >= lanesWorth) {
      simd.start();
      return {
        update: (offsets, bytes) => simd.update(offsets, bytes),
        finish: (offsets, bytes, totalBytes, target, at) =>
          simd.finish(offsets, bytes, totalBytes, target, at),
      };
    }
    const hashes = Array.from({ length: pieces }, () => createHash('sha1'));
    const update = (offsets: readonly number[], bytes: number) => {
      for (const [index, offset] of offsets.entries()) hashes[index]!.update(this.#view(offset, bytes));
    };
    return {
      update,
      finish: (offsets, bytes, _totalBytes, target, at) => {
        update(offsets, bytes);
        for (const [index, one] of hashes.entries()) target.set(one.digest(), at + index * sha1Bytes);
      },
    };
  }

  /** Leaves of BEP 52 over `bytes` bytes at `offset`: a SHA-256 per 16 KiB, and one for the rest. */
  leaves(offset: number, bytes: number, target: Uint8Array, targetOffset: number): void {
    let done = 0;
    if (this.backends.sha256 === 'simd') {
      for (let left = Math.floor(bytes / leafBytes); left >= lanesWorth; left -= lanes) {
        const count = Math.min(lanes, left);
        const offsets = Array.from({ length: count }, (_, index) => offset + done + index * leafBytes);
        this.#sha256.hash(offsets, leafBytes, target, targetOffset + (done / leafBytes) * sha256Bytes);
        done += count * leafBytes;
      }
    }
    for (; done < bytes; done += leafBytes) {
      const leaf = hash('sha256', this.#view(offset + done, Math.min(leafBytes, bytes - done)), 'buffer');
      target.set(leaf, targetOffset + (done / leafBytes) * sha256Bytes);
    }
  }

  /** The Merkle root over `leaves`, filled up with zeros to `width` leaves (a power of two, up to 16,384). */
  root(leaves: Uint8Array, width: number, target: Uint8Array, targetOffset: number): void {
    const area = this.#leafArea;
    this.#bytes.set(leaves, area);
    this.#bytes.fill(0, area + leaves.length, area + width * sha256Bytes);
    for (let parents = width / 2; parents >= 1; parents /= 2) {
      for (let parent = 0; parent < parents; parent += lanes) {
        const count = Math.min(lanes, parents - parent);
        const offsets = Array.from(
          { length: count },
          (_, index) => area + (parent + index) * 2 * sha256Bytes,
        );
        // In place: four parents are written where the first two pairs of children were, after all were read.
        this.#sha256.hash(offsets, 2 * sha256Bytes, this.#bytes, area + parent * sha256Bytes);
      }
    }
    target.set(this.#view(area, sha256Bytes), targetOffset);
  }

  /** The Merkle root of a whole piece of `bytes` bytes at `offset`. */
  pieceRoot(offset: number, bytes: number, width: number, target: Uint8Array, targetOffset = 0): void {
    const leaves = new Uint8Array(Math.ceil(bytes / leafBytes) * sha256Bytes);
    this.leaves(offset, bytes, leaves, 0);
    this.root(leaves, width, target, targetOffset);
  }

  /**
   * Made on first use: v1 never needs it. Parents are hashed with the kernel on any backend. For messages as
   * short as two hashes, OpenSSL spends most of its time outside the hashing itself.
   */
  get #sha256(): Lanes {
    return (this.#sha256Lanes ??= this.#makeSha256());
  }

  #view(offset: number, bytes: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + bytes);
  }
}

/**
 * `update` takes a multiple of 64 bytes of each piece, `finish` the rest. `offsets` has one entry per piece.
 */
export interface Sha1Parts {
  update(offsets: readonly number[], bytes: number): void;
  finish(
    offsets: readonly number[],
    bytes: number,
    totalBytes: number,
    target: Uint8Array,
    targetOffset: number,
  ): void;
}
