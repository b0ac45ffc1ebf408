/**
 * The work of a storage thread for one piece: hashes it in memory and writes it if it is correct, or hashes
 * it on the disk. Unverified bytes never reach a file.                                              BEP 3 52
 *
 * A function of the job and the file system: storage-worker.ts runs it in a thread, test/sim in virtual time.
 */
import { createHash, type Hash } from 'node:crypto';
import { blockBytesMax } from '../../../torrents/geometry.ts';
import { leafBytes, leafHash, hashBytes as rootBytes, rootOf, zeroHash } from '../../../torrents/merkle.ts';
import type { DiskTrouble } from '../../engine/contract.ts';
import { troubleOf } from '../disk/disk-errors.ts';
import type { FileStamp } from '../disk/file-stamp.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { type DiskFile, openKnown, stampOfOpen } from '../disk/part-file.ts';

/** A run of the piece's bytes, and where it is written. */
export interface StoreSegment {
  readonly file: Omit<DiskFile, 'lost'>;
  /**
   * Opened by the main thread, and valid in the whole process. Undefined: the thread opens the file for this
   * one write.
   */
  readonly descriptor: number | undefined;
  /** Position in the file, in bytes. */
  readonly position: number;
  readonly bytes: number;
  /** Offset in the piece. */
  readonly offset: number;
}

export interface ExpectedHashes {
  /** SHA-1 of the whole piece, 20 bytes. */
  readonly sha1: Uint8Array | undefined;
  /**
   * Merkle root of the piece, 32 bytes, over the bytes before the padding. `width`: the number of leaves, a
   * power of two.                                                                                      BEP 52
   */
  readonly root: { readonly hash: Uint8Array; readonly bytes: number; readonly width: number } | undefined;
}

export interface PieceLocation {
  readonly shared: SharedArrayBuffer;
  readonly offset: number;
  readonly bytes: number;
  /** The piece lies in the WebAssembly memory of the worker, where several pieces can be hashed at once. */
  readonly inArena: boolean;
}

export interface StoreJob {
  readonly id: number;
  readonly piece: PieceLocation;
  /** The hashes that the torrent has for the piece: v1, v2, or both. */
  readonly expected: ExpectedHashes;
  readonly segments: readonly StoreSegment[];
  readonly wantDigests: boolean;
}

/** Checks whether a piece that lies in these files is correct. */
export interface CheckJob {
  readonly id: number;
  readonly bytes: number;
  readonly expected: ExpectedHashes;
  readonly segments: readonly {
    readonly path: string;
    readonly position: number;
    readonly bytes: number;
    readonly offset: number;
  }[];
}

/** Calls fsync for these files. */
export interface SyncJob {
  readonly id: number;
  readonly sync: readonly Omit<DiskFile, 'lost'>[];
}

export type StorageJob = StoreJob | CheckJob | SyncJob;
/** A job before the pool gives it an id. */
export type NewJob = Omit<StoreJob, 'id'> | Omit<CheckJob, 'id'> | Omit<SyncJob, 'id'>;

/** The result of one fsync: the file's stamp from before the fsync, or why it failed. */
export type SyncedFile =
  | { readonly stamp: FileStamp | undefined }
  /** `isDropped`: the fsync itself failed, so the kernel may have dropped what it should have saved. */
  | { readonly trouble: DiskTrouble; readonly isDropped: boolean };

/**
 * `stamps`: by segment, the file's stamp right after it was written. The thread that wrote takes it at once,
 * so that a change by another program is not mistaken for ours. `synced`: one entry per file of a `SyncJob`.
 * Such a job has the outcome `stored` even when some of its fsyncs failed.
 */
export type StoreResult = {
  readonly id: number;
  readonly stamps?: readonly (FileStamp | undefined)[];
  readonly synced?: readonly SyncedFile[];
} & (
  | { readonly outcome: 'stored'; readonly digests?: readonly string[] }
  | { readonly outcome: 'corrupt'; readonly digests: readonly string[] }
  | { readonly outcome: 'failed'; readonly code: string; readonly message: string }
);

/** Runs jobs, several at a time. Each is answered exactly once. */
export interface StorageJobs {
  run(job: NewJob, answer: (result: StoreResult) => void): void;
  stop(): PromiseLike<void>;
}

/** `sha1`: the SHA-1 of the piece, if it was computed already. */
export function runStorageJob(fs: FileSystem, job: StorageJob, sha1?: Uint8Array): StoreResult {
  if ('sync' in job) return sync(fs, job);
  return 'piece' in job ? store(fs, job, sha1) : check(fs, job);
}

/**
 * How much of a piece on the disk is read at once. A piece may have 256 MiB, and every thread may check one.
 * A multiple of the leaf size.
 */
const runBytesMax = 2 ** 20;

function check(fs: FileSystem, { id, bytes, expected, segments }: CheckJob): StoreResult {
  const digest = new PieceDigest(expected);
  const run = Buffer.alloc(Math.min(bytes, runBytesMax));
  let opened: { readonly path: string; readonly descriptor: number } | undefined;
  const close = () => {
    if (opened !== undefined) fs.close(opened.descriptor);
    opened = undefined;
  };
  try {
    for (let start = 0; start < bytes; start += run.length) {
      const part = run.subarray(0, Math.min(run.length, bytes - start)).fill(0);
      for (const { path, position, bytes: count, offset } of segments) {
        const from = Math.max(offset, start);
        const to = Math.min(offset + count, start + part.length);
        if (from >= to) continue;
        if (opened?.path !== path) {
          close();
          opened = { path, descriptor: fs.open(path, 'read') };
        }
        fs.read(opened.descriptor, part, from - start, to - from, position + from - offset);
      }
      digest.update(part);
    }
    if (digest.isRight()) return { id, outcome: 'stored' };
  } catch {
    // A piece that cannot be read counts as wrong.
  } finally {
    close();
  }
  return { id, outcome: 'corrupt', digests: [] };
}

/** A failed fsync does not stop those of the other files. */
function sync(fs: FileSystem, { id, sync: files }: SyncJob): StoreResult {
  return { id, outcome: 'stored', synced: files.map((file) => syncOne(fs, file)) };
}

function syncOne(fs: FileSystem, file: Omit<DiskFile, 'lost'>): SyncedFile {
  let isDropped = false;
  try {
    const descriptor = openKnown(fs, file);
    try {
      const stamp = stampOfOpen(fs, descriptor);
      isDropped = true;
      fs.sync(descriptor);
      isDropped = false;
      return { stamp };
    } finally {
      fs.close(descriptor);
    }
  } catch (error) {
    return { trouble: troubleOf(error), isDropped };
  }
}

function failure(id: number, error: unknown, stamps: readonly (FileStamp | undefined)[]): StoreResult {
  const { code = 'EIO', message } = error as NodeJS.ErrnoException;
  return { id, outcome: 'failed', code, message, stamps };
}

function store(fs: FileSystem, job: StoreJob, sha1: Uint8Array | undefined): StoreResult {
  const { id, expected } = job;
  const { shared, offset, bytes } = job.piece;
  const piece = new Uint8Array(shared, offset, bytes);
  if (!isRight(piece, expected, sha1)) return { id, outcome: 'corrupt', digests: blockDigests(piece) };
  const stamps: (FileStamp | undefined)[] = [];
  try {
    for (const segment of job.segments) {
      const descriptor = segment.descriptor ?? openKnown(fs, segment.file);
      const isPart = segment.file.state === 'part';
      try {
        const bytes = piece.subarray(segment.offset, segment.offset + segment.bytes);
        if (isPart) write(fs, descriptor, segment.position, bytes);
        else compare(fs, descriptor, segment, bytes);
      } finally {
        stamps.push(isPart ? stampOfOpen(fs, descriptor) : undefined);
        if (segment.descriptor === undefined) fs.close(descriptor);
      }
    }
  } catch (error) {
    return failure(id, error, stamps);
  }
  return job.wantDigests
    ? { id, outcome: 'stored', digests: blockDigests(piece), stamps }
    : { id, outcome: 'stored', stamps };
}

function isRight(piece: Uint8Array, expected: ExpectedHashes, known?: Uint8Array): boolean {
  const digest = new PieceDigest(expected, known);
  digest.update(piece);
  return digest.isRight();
}

/**
 * A hybrid torrent's piece must be correct in both formats: a torrent whose halves differ would split the
 * swarm.
 */
class PieceDigest {
  readonly #expected: ExpectedHashes;
  readonly #known: Uint8Array | undefined;
  readonly #sha1: Hash | undefined;
  readonly #leaves: Uint8Array | undefined;
  #bytes = 0;

  /** `known`: the SHA-1 of the piece, if it was computed already. */
  constructor(expected: ExpectedHashes, known?: Uint8Array) {
    const { sha1, root } = expected;
    this.#expected = expected;
    this.#known = known;
    this.#sha1 = sha1 === undefined || known !== undefined ? undefined : createHash('sha1');
    this.#leaves = root && Buffer.alloc(root.width * rootBytes, zeroHash(0));
  }

  /** Takes the next bytes. All but the last call pass whole leaves. */
  update(part: Uint8Array): void {
    const start = this.#bytes;
    this.#bytes += part.length;
    this.#sha1?.update(part);
    const end = Math.min(this.#bytes, this.#expected.root?.bytes ?? 0);
    for (let at = start; at < end; at += leafBytes) {
      const leaf = leafHash(part.subarray(at - start, Math.min(at + leafBytes, end) - start));
      this.#leaves!.set(leaf, (at / leafBytes) * rootBytes);
    }
  }

  isRight(): boolean {
    const { sha1, root } = this.#expected;
    if (sha1 !== undefined && Buffer.compare(this.#known ?? this.#sha1!.digest(), sha1) !== 0) return false;
    // Without any hash, a piece is never correct.
    if (root === undefined) return sha1 !== undefined;
    return Buffer.compare(rootOf(this.#leaves!, 0), root.hash) === 0;
  }
}

function write(fs: FileSystem, descriptor: number, position: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) {
    written += fs.write(descriptor, bytes, written, bytes.length - written, position + written);
  }
}

/** The file existed before the download: it is compared, never written. */
function compare(
  fs: FileSystem,
  descriptor: number,
  { file, position }: StoreSegment,
  bytes: Uint8Array,
): void {
  const there = Buffer.alloc(Math.min(bytes.length, runBytesMax));
  let isSame = true;
  for (let at = 0; isSame && at < bytes.length; at += there.length) {
    const part = bytes.subarray(at, at + there.length);
    const count = fs.read(descriptor, there, 0, part.length, position + at);
    isSame = count === part.length && there.subarray(0, count).equals(part);
  }
  if (isSame) return;
  throw Object.assign(new Error(`${file.finalPath} is there already and differs from the torrent`), {
    code: 'EEXIST',
  });
}

/** Compared with the next correct copy, these tell which blocks of a corrupt piece were wrong. */
function blockDigests(piece: Uint8Array): string[] {
  const digests: string[] = [];
  for (let at = 0; at < piece.length; at += blockBytesMax) {
    digests.push(
      createHash('sha1')
        .update(piece.subarray(at, at + blockBytesMax))
        .digest('hex'),
    );
  }
  return digests;
}
