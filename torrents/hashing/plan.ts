/**
 * What is to be hashed, in the shape that main thread and workers share: numbers in shared memory, paths cloned once.
 * Pieces are handed out in extents, by one counter that every worker adds to: whoever is done takes the next one, so
 * a slow disk or a busy core never leaves the others waiting, and no message is sent for a piece.
 *
 * Invariant: extents cover all pieces once. Left to others: reading (reader.ts), hashing (hash-worker.ts).
 */

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
  readonly control: Int32Array;
  /** 20 bytes a piece. */
  readonly sha1Table: Uint8Array;
  /** A byte a piece: 1 once its digest stands in the table. */
  readonly hashed: Uint8Array;
}

export function sharePlan(plan: HashPlan): SharedPlan {
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
    sha1Table: new Uint8Array(new SharedArrayBuffer(pieceCount * 20)),
    hashed: new Uint8Array(new SharedArrayBuffer(pieceCount)),
  };
}

export function extentCount(plan: SharedPlan): number {
  return Math.ceil(plan.pieceCount / plan.piecesPerExtent);
}

function sharedFloats(values: readonly number[]): Float64Array {
  const array = new Float64Array(new SharedArrayBuffer(values.length * 8));
  array.set(values);
  return array;
}
