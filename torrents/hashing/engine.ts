/**
 * Hashes files into a table of piece digests, for creating and for verifying: hands them to the workers, watches their
 * counters, and stops them when asked.
 *
 * Invariant: when the promise settles, whichever way, no worker works on it and no file of it is open.
 * Left to others: what is hashed (the plan), what the digests are compared with (create.ts, verify.ts), threads (pool.ts).
 */
import type { Backend } from './backend.ts';
import { type HashPlan, piecesDoneSlot, type SharedPlan, sharePlan } from './plan.ts';
import { HashPool } from './pool.ts';
import type { FileFault } from './reader.ts';

export interface HashProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  /** Average since the beginning. */
  readonly bytesPerSecond: number;
  /** Undefined until there is a rate. */
  readonly etaSeconds: number | undefined;
}

export interface HashControl {
  /** Aborting rejects with the signal's reason, once all workers have ended. */
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second, and once at the end. */
  readonly onProgress?: ((progress: HashProgress) => void) | undefined;
  /** Workers; as many as there are cores if left out. Of no use with a `pool`, which has its own number. */
  readonly threads?: number | undefined;
  /** Workers that are shared with others, and stay for the next; without it they are started for this alone. */
  readonly pool?: HashPool | undefined;
  /** Measured at the start if left out. */
  readonly backend?: Backend | undefined;
}

export interface HashResult {
  /** SHA-1, 20 bytes a piece; empty when it was not asked for. */
  readonly sha1Table: Uint8Array;
  /** Merkle roots, 32 bytes a piece; empty when they were not asked for. */
  readonly rootTable: Uint8Array;
  /** A byte a piece: 1 where the digest stands, 0 where a file could not be read. */
  readonly hashed: Uint8Array;
  /** Files that could not be read or changed meanwhile. */
  readonly faults: readonly FileFault[];
}

/** As often as a line on a terminal is worth redrawing. */
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
