/**
 * Threads that hash, for any number of plans: started when first needed, kept for the next plan, ended when none has come
 * for a while. Plans are taken in the order in which they came; a large one has all threads, small ones one each.
 *
 * Invariant: each plan is answered once, and then no thread works on it. Left to others: what is hashed (the plan).
 */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HashWorker } from './hash-worker.ts';
import { extentCount, type SharedPlan, stopSlot } from './plan.ts';
import type { FileFault } from './reader.ts';

/** A worker makes nothing that lives long: with a small nursery it stays small over 100,000 files. */
const youngGenerationMb = 4;
/**
 * Hashed by the calling thread, without any worker: a worker takes some 40 ms to start, these bytes 1 to 4 ms. More would
 * keep the caller's sockets and terminal waiting where a disk is slow.
 */
const hereBytesMax = 2 ** 20;
/** Pads count, too. Opening a file takes about as long as hashing 30 KiB. */
const hereFilesMax = 128;
/** An idle thread holds some 15 MiB; the next one of many plans comes much sooner. */
const idleMs = 2_000;

interface Job {
  readonly plan: SharedPlan;
  /** How many more threads have something to do in it. */
  places: number;
  /** Threads at work on it. */
  active: number;
  readonly faults: FileFault[];
  /** Why it is not going to be finished. */
  error: unknown;
  readonly settled: PromiseWithResolvers<readonly FileFault[]>;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
}

export class HashPool {
  readonly #threadsMax: number;
  readonly #threads: Thread[] = [];
  /** Those that have places left. */
  readonly #waiting: Job[] = [];
  #here: Promise<HashWorker> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  /** As many threads as there are cores, if left out. */
  constructor(threadsMax?: number) {
    this.#threadsMax = Math.max(1, threadsMax ?? availableParallelism());
  }

  /** How many there are now, at work or idle. */
  get threads(): number {
    return this.#threads.length;
  }

  /**
   * Answers the files that could not be read. Rejects when a thread breaks down, and with the signal's reason, once all
   * threads have let go of the plan.
   */
  async run(plan: SharedPlan, signal?: AbortSignal): Promise<readonly FileFault[]> {
    if (plan.totalBytes <= hereBytesMax && plan.offsets.length <= hereFilesMax) {
      this.#here ??= import('./hash-worker.ts').then((module) => new module.HashWorker());
      const worker = await this.#here;
      // Others have a turn between two of many small plans.
      await new Promise(setImmediate);
      signal?.throwIfAborted();
      return worker.hash(plan);
    }
    const places = Math.min(this.#threadsMax, extentCount(plan));
    const settled = Promise.withResolvers<readonly FileFault[]>();
    const job: Job = { plan, places, active: 0, faults: [], error: undefined, settled };
    const stop = () => this.#fail(job, signal?.reason);
    this.#waiting.push(job);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      this.#assign();
      return await settled.promise;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Ends the threads; plans under way fail. What comes later has new ones. */
  async close(): Promise<void> {
    clearTimeout(this.#idleTimer);
    const threads = this.#threads.splice(0);
    const error = new Error('the hash workers were ended');
    for (const job of this.#waiting.filter(({ active }) => active === 0)) this.#fail(job, error);
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    for (const thread of threads) this.#drop(thread, error);
  }

  #assign(): void {
    clearTimeout(this.#idleTimer);
    for (let job = this.#waiting[0]; job !== undefined; job = this.#waiting[0]) {
      let thread: Thread | undefined;
      try {
        thread = this.#threads.find((each) => each.job === undefined) ?? this.#start();
      } catch (error) {
        // Without a thread of its own it waits for one at work; without any it fails.
        if (this.#threads.length === 0) this.#fail(job, error);
        return;
      }
      if (thread === undefined) return;
      thread.job = job;
      thread.worker.ref();
      thread.worker.postMessage(job.plan);
      job.active++;
      job.places--;
      if (job.places === 0) this.#waiting.shift();
    }
    if (this.#threads.some(({ job }) => job !== undefined)) return;
    this.#idleTimer = setTimeout(() => void this.close(), idleMs).unref();
  }

  /** Undefined when there are as many as there may be. */
  #start(): Thread | undefined {
    if (this.#threads.length >= this.#threadsMax) return undefined;
    // The published package is compiled: the thread's file lies beside this one under the same extension.
    const script = new URL(`./hash-thread${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(script, { resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb } });
    const thread: Thread = { worker, job: undefined };
    this.#threads.push(thread);
    worker.on('message', (faults: readonly FileFault[]) => {
      const { job } = thread;
      thread.job = undefined;
      // It must not keep a finished program alive.
      worker.unref();
      if (job !== undefined) this.#release(job, faults);
      this.#assign();
    });
    worker.on('error', (error) => this.#lose(thread, error));
    worker.on('exit', (code) => {
      this.#lose(thread, new Error(`a hashing worker ended with code ${code} before it was done`));
    });
    return thread;
  }

  #release(job: Job, faults: readonly FileFault[]): void {
    job.faults.push(...faults);
    job.active--;
    // A thread is done when no extent is left: there is nothing for another one.
    this.#withdraw(job);
    if (job.active > 0) return;
    if (job.error === undefined) job.settled.resolve(job.faults);
    else job.settled.reject(job.error);
  }

  #fail(job: Job, error: unknown): void {
    job.error ??= error;
    Atomics.store(job.plan.control, stopSlot, 1);
    job.active++;
    this.#release(job, []);
  }

  #lose(thread: Thread, error: Error): void {
    const at = this.#threads.indexOf(thread);
    if (at < 0) return;
    this.#threads.splice(at, 1);
    this.#drop(thread, error);
    this.#assign();
  }

  /** Of a thread that is no more. */
  #drop(thread: Thread, error: Error): void {
    const { job } = thread;
    thread.job = undefined;
    if (job === undefined) return;
    job.active--;
    this.#fail(job, error);
  }

  #withdraw(job: Job): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
  }
}
