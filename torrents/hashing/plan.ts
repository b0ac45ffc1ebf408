/**
 * What is to be hashed, in the shape that main thread and workers share: numbers in shared memory, paths cloned once.
 * Pieces are handed out in extents, by one counter that every worker adds to: whoever is done takes the next one, so
 * a slow disk or a busy core never leaves the others waiting, and no message is sent for a piece.
 *
 * Invariant: extents cover all pieces once. Left to others: reading (reader.ts), hashing (hash-worker.ts).
 */
import type { Backend } from './backend.ts';

export interface PlannedFile {
  /** Undefined for bytes that are no file: pads read as zeros. */
  readonly path: string | undefined;
  readonly bytes: number;
  /** In the byte space of the torrent. Files are in the order of their offsets. */
  readonly offset: number;
  /** When given, a file with another time of change or another size is a fault. */
  readonly mtimeMs?: number | undefined;
}

export interface HashPlan {
  readonly files: readonly PlannedFile[];
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
  readonly paths: readonly (string | undefined)[];
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
  const files = plan.files.filter((file) => file.bytes > 0);
  const pieceCount = Math.ceil(plan.totalBytes / plan.pieceLength);
  return {
    paths: files.map((file) => file.path),
    offsets: sharedFloats(files.map((file) => file.offset)),
    sizes: sharedFloats(files.map((file) => file.bytes)),
    mtimesMs: sharedFloats(files.map((file) => file.mtimeMs ?? Number.NaN)),
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

function sharedFloats(values: readonly number[]): Float64Array {
  const array = new Float64Array(new SharedArrayBuffer(values.length * 8));
  array.set(values);
  return array;
}
