/**
 * Hashes files into a table of piece digests, for creating and for verifying: starts the workers, watches their
 * counters, and stops them when asked.
 *
 * Invariant: when the promise settles, whichever way, no worker runs and no file is open.
 * Left to others: what is hashed (the plan), what the digests are compared with (create.ts, verify.ts).
 */

import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Backend } from './backend.ts';
import type { WorkerReport } from './hash-worker.ts';
import { extentCount, type HashPlan, piecesDoneSlot, type SharedPlan, sharePlan, stopSlot } from './plan.ts';
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
  /** Workers; as many as there are cores if left out. */
  readonly threads?: number | undefined;
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

/** A worker makes nothing that lives long: with a small nursery it stays small over 100,000 files. */
const youngGenerationMb = 4;
/** As often as a line on a terminal is worth redrawing. */
const progressIntervalMs = 200;

export async function hashFiles(plan: HashPlan, control: HashControl = {}): Promise<HashResult> {
  const { signal, onProgress } = control;
  signal?.throwIfAborted();
  const shared = sharePlan(plan, control.backend);
  const threads = Math.max(1, Math.min(control.threads ?? availableParallelism(), extentCount(shared)));
  const startedMs = performance.now();
  const report = () => onProgress?.(progressOf(shared, performance.now() - startedMs));
  const stop = () => Atomics.store(shared.control, stopSlot, 1);

  const timer = onProgress === undefined ? undefined : setInterval(report, progressIntervalMs);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const workers = Array.from({ length: threads }, () => runWorker(shared, stop));
    // All of them are waited for, also when one failed: nothing may go on reading after this has returned.
    const settled = await Promise.allSettled(workers);
    signal?.throwIfAborted();
    const faults: FileFault[] = [];
    for (const worker of settled) {
      if (worker.status === 'rejected') throw worker.reason;
      faults.push(...worker.value.faults);
    }
    report();
    const { sha1Table = new Uint8Array(), rootTable = new Uint8Array() } = shared;
    return { sha1Table, rootTable, hashed: shared.hashed, faults };
  } finally {
    clearInterval(timer);
    signal?.removeEventListener('abort', stop);
  }
}

function runWorker(plan: SharedPlan, stop: () => void): Promise<WorkerReport> {
  // The published package is compiled: the worker lies beside this file under the same extension.
  const script = new URL(`./hash-worker${extname(import.meta.url)}`, import.meta.url);
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, {
      workerData: plan,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb },
    });
    let report: WorkerReport | undefined;
    worker.on('message', (message: WorkerReport) => {
      report = message;
    });
    worker.on('error', (error) => {
      stop();
      reject(error);
    });
    worker.on('exit', (code) => {
      if (report !== undefined) resolve(report);
      else reject(new Error(`a hashing worker ended with code ${code} before it was done`));
    });
  });
}

function progressOf(plan: SharedPlan, elapsedMs: number): HashProgress {
  const pieces = Atomics.load(plan.control, piecesDoneSlot);
  const bytes = Math.min(plan.totalBytes, pieces * plan.pieceLength);
  const bytesPerSecond = elapsedMs > 0 ? (bytes / elapsedMs) * 1000 : 0;
  const etaSeconds = bytesPerSecond > 0 ? (plan.totalBytes - bytes) / bytesPerSecond : undefined;
  return { bytes, totalBytes: plan.totalBytes, bytesPerSecond, etaSeconds };
}
