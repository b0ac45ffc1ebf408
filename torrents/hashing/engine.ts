/**
 * Hashes files into a table of piece digests, for creating and verifying torrents: gives the plan to the
 * workers, reads their counters, and stops them on request.
 *
 * Invariant: when the promise settles, resolved or rejected, no worker uses the plan and none of its files is
 * open.
 * Left to others: what is hashed (the plan), what the digests are compared with (create.ts, verify.ts),
 * threads (pool.ts).
 */
import type { Backend } from './backend.ts';
import { type HashPlan, piecesDoneSlot, type SharedPlan, sharePlan } from './plan.ts';
import { HashPool } from './pool.ts';
import type { FileFault } from './reader.ts';

export interface HashProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  /** Average since the start. */
  readonly bytesPerSecond: number;
  /** Undefined until a rate is known. */
  readonly etaSeconds: number | undefined;
}

export interface HashControl {
  /** Aborting rejects with the signal's reason, after all workers have stopped. */
  readonly signal?: AbortSignal | undefined;
  /** Called a few times per second, and once at the end. */
  readonly onProgress?: ((progress: HashProgress) => void) | undefined;
  /** Number of workers. Default: the number of cores. Ignored with a `pool`, which has its own number. */
  readonly threads?: number | undefined;
  /**
   * Shared workers, which are kept for later plans. Without a pool, workers are started for this plan only.
   */
  readonly pool?: HashPool | undefined;
  /** Default: measured at the start. */
  readonly backend?: Backend | undefined;
}

export interface HashResult {
  /** SHA-1, 20 bytes per piece. Empty if it was not requested. */
  readonly sha1Table: Uint8Array;
  /** Merkle roots, 32 bytes per piece. Empty if they were not requested. */
  readonly rootTable: Uint8Array;
  /** One byte per piece: 1 if its digest is in the tables, 0 if a file could not be read. */
  readonly hashed: Uint8Array;
  /** Files that could not be read, or changed while they were read. */
  readonly faults: readonly FileFault[];
}

/** As often as a line on a terminal is redrawn. */
const progressIntervalMs = 200;

export async function hashFiles(plan: HashPlan, control: HashControl = {}): Promise<HashResult> {
  const { signal, onProgress } = control;
  signal?.throwIfAborted();
  const shared = sharePlan(plan, control.backend);
  const pool = control.pool ?? new HashPool(control.threads);
  const startedMs = performance.now();
  const report = () => onProgress?.(progressOf(shared, performance.now() - startedMs));

  const timer = onProgress === undefined ? undefined : setInterval(report, progressIntervalMs);
  try {
    const faults = await pool.run(shared, signal);
    report();
    const { sha1Table = new Uint8Array(), rootTable = new Uint8Array() } = shared;
    return { sha1Table, rootTable, hashed: shared.hashed, faults };
  } finally {
    clearInterval(timer);
    if (control.pool === undefined) await pool.close();
  }
}

function progressOf(plan: SharedPlan, elapsedMs: number): HashProgress {
  const pieces = Atomics.load(plan.control, piecesDoneSlot);
  const bytes = Math.min(plan.totalBytes, pieces * plan.pieceLength);
  const bytesPerSecond = elapsedMs > 0 ? (bytes / elapsedMs) * 1000 : 0;
  const etaSeconds = bytesPerSecond > 0 ? (plan.totalBytes - bytes) / bytesPerSecond : undefined;
  return { bytes, totalBytes: plan.totalBytes, bytesPerSecond, etaSeconds };
}
