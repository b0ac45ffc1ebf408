/**
 * Hashing threads for any number of plans: started on demand, kept for the next plan, and ended after some
 * idle time. Plans are served in the order of arrival. A large plan uses all threads, small plans one each.
 *
 * Invariant: each plan is answered once, and after that no thread works on it.
 * Left to others: what is hashed (the plan).
 */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { HashWorker } from './hash-worker.ts';
import { extentCount, type SharedPlan, stopSlot } from './plan.ts';
import type { FileFault } from './reader.ts';

/** Workers keep no objects for long: with a small young generation they stay small over 100,000 files. */
const youngGenerationMb = 4;
/**
 * Plans up to this size are hashed by the calling thread: a worker takes about 40 ms to start, these bytes 1
 * to 4 ms. A higher limit would delay the caller's sockets and terminal if the disk is slow.
 */
const hereBytesMax = 2 ** 20;
/** Pads included. Opening a file takes about as long as hashing 30 KiB. */
const hereFilesMax = 128;
/** An idle thread holds about 15 MiB. In a series of plans, the next one arrives much sooner than this. */
const idleMs = 2_000;

interface Job {
  readonly plan: SharedPlan;
  /** How many more threads can work on it. */
  places: number;
  /** How many threads work on it. */
  active: number;
  readonly faults: FileFault[];
  /** Why it will not be completed. */
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
  /** Jobs that more threads can join. */
  readonly #waiting: Job[] = [];
  #here: Promise<HashWorker> | undefined;
  #idleTimer: NodeJS.Timeout | undefined;

  /** `threadsMax` defaults to the number of cores. */
  constructor(threadsMax?: number) {
    this.#threadsMax = Math.max(1, threadsMax ?? availableParallelism());
  }

  /** The number of threads, busy or idle. */
  get threads(): number {
    return this.#threads.length;
  }

  /**
   * Resolves with the files that could not be read. Rejects if a thread fails, or with the signal's reason.
   * In each case no thread works on the plan any more.
   */
  async run(plan: SharedPlan, signal?: AbortSignal): Promise<readonly FileFault[]> {
    if (plan.totalBytes <= hereBytesMax && plan.offsets.length <= hereFilesMax) {
      this.#here ??= import('./hash-worker.ts').then((module) => new module.HashWorker());
      const worker = await this.#here;
      // Lets other events run between small plans.
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

  /** Ends the threads. Plans in progress fail. Later plans start new threads. */
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
        // If no thread can be started, the job waits for a busy one. If no thread exists, it fails.
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

  /** Undefined if the maximum number of threads is running. */
  #start(): Thread | undefined {
    if (this.#threads.length >= this.#threadsMax) return undefined;
    // In the published package the thread's file is compiled, too: it has the same extension as this file.
    const script = new URL(`./hash-thread${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(script, { resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMb } });
    const thread: Thread = { worker, job: undefined };
    this.#threads.push(thread);
    worker.on('message', (faults: readonly FileFault[]) => {
      const { job } = thread;
      thread.job = undefined;
      // An idle worker must not keep the process alive.
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
    // A thread finishes when no extent is left, so no other thread needs to join.
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

  /** Fails the job of a thread that has ended. */
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
