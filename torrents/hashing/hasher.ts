/**
 * Hashes pieces that lie in a WebAssembly memory, with whichever back end is faster here. It serves the workers that
 * read files (hash-worker.ts) and those that store what was downloaded, whose memory the network writes into.
 *
 * Invariant: it writes only into the `hasherBytes` at its scratch offset, and into targets. One object a thread.
 * Left to others: reading, and comparing digests.                                                         BEP 3, 52
 */
import { createHash, hash } from 'node:crypto';
import { leafBytes, hashBytes as sha256Bytes } from '../merkle.ts';
import type { Backends } from './backend.ts';
import { Lanes, laneBytes, lanes } from './lanes.ts';

/** A partial batch costs as much as a full one: with fewer messages OpenSSL is done sooner. */
const lanesWorth = 3;
/** Hashes of the leaves of one piece of 256 MiB. */
const leafAreaBytes = 16_384 * sha256Bytes;
/** What a hasher takes of the memory. */
export const hasherBytes = 2 * Math.ceil(laneBytes / 64) * 64 + leafAreaBytes;

const sha1Bytes = 20;

export class Hasher {
  readonly backends: Backends;
  readonly #bytes: Uint8Array;
  readonly #sha1: Lanes | undefined;
  readonly #makeSha256: () => Lanes;
  #sha256Lanes: Lanes | undefined;
  readonly #leafArea: number;

  /** `scratchOffset`: where `hasherBytes` are free; a multiple of 64. The memory must not grow while this is in use. */
  constructor(memory: WebAssembly.Memory, scratchOffset: number, backends: Backends) {
    const step = Math.ceil(laneBytes / 64) * 64;
    this.backends = backends;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#sha1 = backends.sha1 === 'simd' ? new Lanes('sha1', memory, scratchOffset) : undefined;
    this.#makeSha256 = () => new Lanes('sha256', memory, scratchOffset + step);
    this.#leafArea = scratchOffset + 2 * step;
  }

  /** How many pieces of equal length are best given to sha1() at once. */
  get sha1Batch(): number {
    return this.#sha1 === undefined ? 1 : lanes;
  }

  /** SHA-1 of up to four pieces of `bytes` bytes each at `offsets` in the memory, one after the other into `target`. */
  sha1(offsets: readonly number[], bytes: number, target: Uint8Array, targetOffset = 0): void {
    if (this.#sha1 !== undefined && offsets.length >= lanesWorth) {
      this.#sha1.hash(offsets, bytes, target, targetOffset);
      return;
    }
    for (const [index, offset] of offsets.entries()) {
      target.set(hash('sha1', this.#view(offset, bytes), 'buffer'), targetOffset + index * sha1Bytes);
    }
  }

  /** The same for pieces that come in parts. Only one batch at a time. */
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

  /** Leaves of BEP 52 over `bytes` bytes at `offset`: a SHA-256 for every 16 KiB and one for what is left. */
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

  /** The Merkle root over `leaves`, widened to `width` leaves (a power of two, up to 16,384) with zeros. */
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
        // In place: four parents are written where the first two pairs of children lay, after all were read.
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
   * Made when first wanted: v1 never needs it. Whatever the back end, parents are hashed with it: for messages as short
   * as two hashes OpenSSL spends its time on everything but hashing.
   */
  get #sha256(): Lanes {
    return (this.#sha256Lanes ??= this.#makeSha256());
  }

  #view(offset: number, bytes: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + bytes);
  }
}

/** `update` takes a multiple of 64 bytes of each piece, `finish` the rest; `offsets` has one entry a piece. */
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
