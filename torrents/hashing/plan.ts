/**
 * What is to be hashed, in the shape that main thread and workers share: numbers and paths in shared memory.
 * Pieces are handed out in extents, by one counter that every worker adds to: whoever is done takes the next one, so
 * a slow disk or a busy core never leaves the others waiting, and no message is sent for a piece.
 *
 * Invariant: extents cover all pieces once. Left to others: reading (reader.ts), hashing (hash-worker.ts).
 */
import { isUtf8 } from 'node:buffer';
import type { Backend } from './backend.ts';

export interface PlannedFile {
  /** Undefined when it lies nowhere: reading it is a fault, unless it is a pad. Bytes where it is no text of UTF-8. */
  readonly path: string | Buffer | undefined;
  /** BEP 47: zeros, and no file. */
  readonly isPad?: boolean | undefined;
  readonly bytes: number;
  /** In the byte space of the torrent. Files are in the order of their offsets. */
  readonly offset: number;
  /** When given, a file with another time of change or another size is a fault. */
  readonly mtimeMs?: number | undefined;
}

export interface HashPlan {
  /** Gone through once, so they can be made on the way. */
  readonly files: Iterable<PlannedFile>;
  readonly totalBytes: number;
  readonly pieceLength: number;
  /**
   * `stop`: the first file that cannot be read, or changed, ends everything (creating). `skip`: its pieces are left
   * without a digest and the rest goes on (verifying).
   */
  readonly onFault: 'stop' | 'skip';
  /** SHA-1 of every piece, pads and all (BEP 3). */
  readonly sha1: boolean;
  /** Merkle root of every piece, without pads (BEP 52). Every file that is not a pad starts with a piece. */
  readonly sha256: boolean;
}

/** Long enough that taking one costs nothing, short enough that all workers end together. */
const extentBytes = 8 * 2 ** 20;

/** Slots of `control`. */
export const nextExtentSlot = 0;
export const piecesDoneSlot = 1;
export const stopSlot = 2;
const controlSlots = 3;

/** Everything a worker is started with. Arrays of files hold only those with bytes. */
export interface SharedPlan {
  /** All paths in one run of bytes, mostly UTF-8: cloned into every worker, 100,000 strings would cost more than the hashing. */
  readonly pathBytes: Uint8Array;
  /** Where in it each path ends; an empty one is nowhere. */
  readonly pathEnds: Uint32Array;
  /** 1 for a pad. */
  readonly pads: Uint8Array;
  readonly offsets: Float64Array;
  readonly sizes: Float64Array;
  /** NaN: not checked. */
  readonly mtimesMs: Float64Array;
  readonly totalBytes: number;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly piecesPerExtent: number;
  readonly onFault: 'stop' | 'skip';
  /** Undefined: each worker measures what is faster. */
  readonly backend: Backend | undefined;
  readonly control: Int32Array;
  /** 20 bytes a piece; undefined when it is not wanted. */
  readonly sha1Table: Uint8Array | undefined;
  /** 32 bytes a piece; undefined when it is not wanted. */
  readonly rootTable: Uint8Array | undefined;
  /** A byte a piece: 1 once its digest stands in the table. */
  readonly hashed: Uint8Array;
}

export function sharePlan(plan: HashPlan, backend?: Backend): SharedPlan {
  const paths = new SharedPaths();
  const pads: number[] = [];
  const offsets: number[] = [];
  const sizes: number[] = [];
  const mtimesMs: number[] = [];
  for (const { path = '', isPad = false, offset, bytes, mtimeMs = Number.NaN } of plan.files) {
    if (bytes === 0) continue;
    paths.push(path);
    pads.push(isPad ? 1 : 0);
    offsets.push(offset);
    sizes.push(bytes);
    mtimesMs.push(mtimeMs);
  }
  const pieceCount = Math.ceil(plan.totalBytes / plan.pieceLength);
  return {
    ...paths.shared(),
    pads: Uint8Array.from(pads),
    offsets: sharedFloats(offsets),
    sizes: sharedFloats(sizes),
    mtimesMs: sharedFloats(mtimesMs),
    totalBytes: plan.totalBytes,
    pieceLength: plan.pieceLength,
    pieceCount,
    piecesPerExtent: Math.max(1, Math.floor(extentBytes / plan.pieceLength)),
    onFault: plan.onFault,
    control: new Int32Array(new SharedArrayBuffer(controlSlots * 4)),
    backend,
    sha1Table: plan.sha1 ? new Uint8Array(new SharedArrayBuffer(pieceCount * 20)) : undefined,
    rootTable: plan.sha256 ? new Uint8Array(new SharedArrayBuffer(pieceCount * 32)) : undefined,
    hashed: new Uint8Array(new SharedArrayBuffer(pieceCount)),
  };
}

export function extentCount(plan: SharedPlan): number {
  return Math.ceil(plan.pieceCount / plan.piecesPerExtent);
}

/** The path of a file of the plan; undefined when it lies nowhere. */
export function pathOf(plan: SharedPlan, file: number): string | Buffer | undefined {
  const start = plan.pathEnds[file - 1] ?? 0;
  const end = plan.pathEnds[file] ?? start;
  if (start === end) return undefined;
  const path = Buffer.from(plan.pathBytes.subarray(start, end));
  return isUtf8(path) ? path.toString() : path;
}

/** Index of the last file that starts at or before `offset`; 0 when there is none. */
export function fileIndexAt(plan: SharedPlan, offset: number): number {
  let low = 0;
  let high = plan.offsets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (plan.offsets[middle]! <= offset) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Gathers paths into one run of bytes. */
class SharedPaths {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #length = 0;
  readonly #ends: number[] = [];

  push(path: string | Buffer): void {
    const needed = this.#length + Buffer.byteLength(path);
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    if (typeof path === 'string') this.#bytes.write(path, this.#length);
    else path.copy(this.#bytes, this.#length);
    this.#length = needed;
    this.#ends.push(needed);
  }

  shared(): Pick<SharedPlan, 'pathBytes' | 'pathEnds'> {
    const pathBytes = new Uint8Array(new SharedArrayBuffer(this.#length));
    pathBytes.set(this.#bytes.subarray(0, this.#length));
    const pathEnds = new Uint32Array(new SharedArrayBuffer(this.#ends.length * 4));
    pathEnds.set(this.#ends);
    return { pathBytes, pathEnds };
  }
}

function sharedFloats(values: readonly number[]): Float64Array {
  const array = new Float64Array(new SharedArrayBuffer(values.length * 8));
  array.set(values);
  return array;
}
