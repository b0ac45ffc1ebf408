/**
 * A hashing job, in the form that the main thread and workers share: numbers and paths in shared memory. A
 * shared counter hands out extents of pieces: a worker that is done takes the next one. So a slow disk or a
 * busy core never makes other workers wait, and no message is sent per piece.
 *
 * Invariant: the extents cover each piece once.
 * Left to others: reading (reader.ts), hashing (hash-worker.ts).
 */
import { isUtf8 } from 'node:buffer';
import type { Backend } from './backend.ts';

export interface PlannedFile {
  /**
   * Undefined if the file has no place on disk: reading it is then a fault, unless it is a pad. A Buffer if
   * it is not UTF-8.
   */
  readonly path: string | Buffer | undefined;
  /** BEP 47: zeros, without a file on disk. */
  readonly isPad?: boolean | undefined;
  readonly bytes: number;
  /** From the start of the torrent, in bytes. Files are in the order of their offsets. */
  readonly offset: number;
  /** If given, it is a fault if the file has another modification time or size after reading. */
  readonly mtimeMs?: number | undefined;
}

export interface HashPlan {
  /** Read once, so it may be a generator. */
  readonly files: Iterable<PlannedFile>;
  readonly totalBytes: number;
  readonly pieceLength: number;
  /**
   * `stop`: the first file that changed or cannot be read stops the job (creating). `skip`: its pieces get no
   * digest, and the job goes on (verifying).
   */
  readonly onFault: 'stop' | 'skip';
  /** SHA-1 of each piece, with pads (BEP 3). */
  readonly sha1: boolean;
  /**
   * Merkle root of each piece, without pads (BEP 52). Each file except a pad must start at a piece boundary.
   */
  readonly sha256: boolean;
}

/**
 * Long enough that taking an extent costs nothing, short enough that all workers end at about the same time.
 */
const extentBytes = 8 * 2 ** 20;

/** Slots of `control`. */
export const nextExtentSlot = 0;
export const piecesDoneSlot = 1;
export const stopSlot = 2;
const controlSlots = 3;

/** The data that a worker starts with. The arrays of files leave out empty files. */
export interface SharedPlan {
  /**
   * All paths in one run of bytes, mostly UTF-8. Cloning 100,000 strings into each worker would take longer
   * than the hashing.
   */
  readonly pathBytes: Uint8Array;
  /** Where each path ends in `pathBytes`. An empty path: no place on disk. */
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
  /** Undefined: each worker measures which backend is faster. */
  readonly backend: Backend | undefined;
  readonly control: Int32Array;
  /** 20 bytes per piece. Undefined if it was not requested. */
  readonly sha1Table: Uint8Array | undefined;
  /** 32 bytes per piece. Undefined if it was not requested. */
  readonly rootTable: Uint8Array | undefined;
  /** One byte per piece: 1 once its digest is in the tables. */
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

/** The path of a file of the plan. Undefined if it has no place on disk. */
export function pathOf(plan: SharedPlan, file: number): string | Buffer | undefined {
  const start = plan.pathEnds[file - 1] ?? 0;
  const end = plan.pathEnds[file] ?? start;
  if (start === end) return undefined;
  const path = Buffer.from(plan.pathBytes.subarray(start, end));
  return isUtf8(path) ? path.toString() : path;
}

/** Index of the last file that starts at or before `offset`. 0 if none does. */
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

/** Collects paths in one run of bytes. */
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
