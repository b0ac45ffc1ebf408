/**
 * A worker of the hashing engine: takes extents from the shared counter until none is left. It reads their
 * pieces into its WebAssembly memory, hashes them there, and puts the digests into the shared tables.
 *
 * Invariant: when hash() returns, no file is open.
 * Left to others: the thread that it runs on (hash-thread.ts, pool.ts).
 */
import { hashBytes, leafBytes, treeWidth } from '../merkle.ts';
import { type Backends, chooseBackends } from './backend.ts';
import { Hasher, hasherBytes } from './hasher.ts';
import { type Algorithm, lanes } from './lanes.ts';
import {
  extentCount,
  fileIndexAt,
  nextExtentSlot,
  piecesDoneSlot,
  type SharedPlan,
  stopSlot,
} from './plan.ts';
import { type FileFault, FileFaultError, Reader } from './reader.ts';

/** Bytes of a piece read at once: whole leaves, and small enough to stay in the L2 cache until hashed. */
const sliceBytesMax = 256 * 1024;
const wasmPageBytes = 65536;
/** After the memory that the hasher needs. */
const firstSlice = Math.ceil(hasherBytes / wasmPageBytes) * wasmPageBytes;

function backendsFor({ backend, totalBytes, sha1Table, rootTable }: SharedPlan): Backends {
  if (backend !== undefined) return { sha1: backend, sha256: backend };
  const wanted: Algorithm[] = [];
  if (sha1Table !== undefined) wanted.push('sha1');
  if (rootTable !== undefined) wanted.push('sha256');
  return chooseBackends(totalBytes, wanted);
}

/** Serves one plan after the other with one memory: new memories would not be collected fast enough. */
export class HashWorker {
  readonly #memory = new WebAssembly.Memory({
    initial: (firstSlice + lanes * sliceBytesMax) / wasmPageBytes,
  });
  readonly #hashers = new Map<string, Hasher>();

  /** Returns the files that could not be read, each once. */
  hash(plan: SharedPlan): readonly FileFault[] {
    const backends = backendsFor(plan);
    const key = `${backends.sha1} ${backends.sha256}`;
    let hasher = this.#hashers.get(key);
    if (hasher === undefined) this.#hashers.set(key, (hasher = new Hasher(this.#memory, 0, backends)));
    return new PieceWork(plan, hasher, new Uint8Array(this.#memory.buffer)).run();
  }
}

/** The work of one worker for one plan. */
class PieceWork {
  readonly #plan: SharedPlan;
  readonly #reader: Reader;
  readonly #hasher: Hasher;
  readonly #bytes: Uint8Array;
  readonly #sliceBytes: number;
  /** Up to four pieces: the offset of each one's slice, and its leaves. */
  readonly #lanes: readonly { readonly at: number; readonly leaves: Uint8Array }[];
  readonly #faults = new Map<string, FileFault>();

  constructor(plan: SharedPlan, hasher: Hasher, bytes: Uint8Array) {
    this.#plan = plan;
    this.#reader = new Reader(plan);
    this.#sliceBytes = Math.min(sliceBytesMax, Math.ceil(plan.pieceLength / leafBytes) * leafBytes);
    this.#bytes = bytes;
    this.#hasher = hasher;
    const leaves = Math.ceil(plan.pieceLength / leafBytes);
    this.#lanes = Array.from({ length: lanes }, (_, lane) => ({
      at: firstSlice + lane * this.#sliceBytes,
      leaves: new Uint8Array(leaves * hashBytes),
    }));
  }

  run(): readonly FileFault[] {
    const plan = this.#plan;
    const extents = extentCount(plan);
    const batch = plan.sha1Table === undefined ? 1 : this.#hasher.sha1Batch;
    for (;;) {
      const extent = Atomics.add(plan.control, nextExtentSlot, 1);
      if (extent >= extents || this.#stopped()) return [...this.#faults.values()];
      let piece = extent * plan.piecesPerExtent;
      const end = Math.min(plan.pieceCount, piece + plan.piecesPerExtent);
      while (piece < end && !this.#stopped()) {
        const count = Math.min(batch, end - piece);
        this.#hashPieces(piece, count);
        Atomics.add(plan.control, piecesDoneSlot, count);
        piece += count;
      }
      this.#guarded(() => this.#reader.finish());
    }
  }

  #hashPieces(first: number, count: number): void {
    // Only pieces of equal length are hashed together. The last piece of the torrent may be shorter.
    const together = count > 1 && this.#bytesOf(first + count - 1) === this.#plan.pieceLength;
    if (together && this.#guarded(() => this.#hashBatch(first, count))) {
      this.#plan.hashed.fill(1, first, first + count);
      return;
    }
    // One by one, so that an unreadable file costs only its own pieces.
    for (let piece = first; piece < first + count && !this.#stopped(); piece++) {
      if (this.#guarded(() => this.#hashBatch(piece, 1))) this.#plan.hashed[piece] = 1;
    }
  }

  #hashBatch(first: number, count: number): void {
    const { pieceLength, sha1Table, rootTable } = this.#plan;
    const bytes = this.#bytesOf(first);
    const sha1 = sha1Table && this.#hasher.sha1Parts(count);
    const pieces = this.#lanes.slice(0, count);
    const slices = pieces.map(({ at }) => at);
    for (let done = 0; done < bytes && !this.#stopped(); done += this.#sliceBytes) {
      const part = Math.min(this.#sliceBytes, bytes - done);
      for (const [lane, { at, leaves }] of pieces.entries()) {
        this.#reader.read((first + lane) * pieceLength + done, this.#bytes.subarray(at, at + part));
        if (rootTable !== undefined) {
          const real = Math.min(part, this.#tree(first + lane).bytes - done);
          if (real > 0) this.#hasher.leaves(at, real, leaves, (done / leafBytes) * hashBytes);
        }
      }
      if (done + part < bytes) sha1?.update(slices, part);
      else if (sha1Table !== undefined) sha1?.finish(slices, part, bytes, sha1Table, first * 20);
    }
    if (rootTable === undefined) return;
    for (const [lane, { leaves }] of pieces.entries()) {
      const { bytes: real, width } = this.#tree(first + lane);
      const own = leaves.subarray(0, Math.ceil(real / leafBytes) * hashBytes);
      this.#hasher.root(own, width, rootTable, (first + lane) * hashBytes);
    }
  }

  /** The bytes of a piece to read: with SHA-1 to the end of the piece, without it to the end of the file. */
  #bytesOf(piece: number): number {
    if (this.#plan.sha1Table === undefined) return this.#tree(piece).bytes;
    return Math.min(this.#plan.pieceLength, this.#plan.totalBytes - piece * this.#plan.pieceLength);
  }

  /**
   * BEP 52: the bytes of a piece that belong to its file, and the number of leaves of its tree. A file that
   * fits into one piece has a tree of its own width. The pieces of longer files all have the width of a whole
   * piece.
   */
  #tree(piece: number): { bytes: number; width: number } {
    const { pieceLength, offsets, sizes } = this.#plan;
    const file = fileIndexAt(this.#plan, piece * pieceLength);
    // A torrent of empty files has no bytes to hash.
    const size = sizes[file] ?? 0;
    const bytes = Math.min(pieceLength, (offsets[file] ?? 0) + size - piece * pieceLength);
    return { bytes, width: size <= pieceLength ? treeWidth(size) : pieceLength / leafBytes };
  }

  /** Whether `work` succeeded. False if a file could not be read: its fault is then recorded. */
  #guarded(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof FileFaultError)) throw error;
      this.#reader.abandon();
      this.#faults.set(error.fault.path, error.fault);
      if (this.#plan.onFault === 'stop') Atomics.store(this.#plan.control, stopSlot, 1);
      return false;
    }
  }

  #stopped(): boolean {
    return Atomics.load(this.#plan.control, stopSlot) !== 0;
  }
}
