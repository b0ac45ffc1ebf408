/**
 * Worker threads that hash and write pieces, started when the first piece arrives. Jobs go to the worker with the
 * fewest in hand; each is answered once, also when its worker dies.
 */
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { hasherBytes } from '../../../torrents/hashing/hasher.ts';
import { type SharedPieceMemory, scratchAreas } from './shared-piece-memory.ts';
import type { NewJob, StorageJobs, StoreResult } from './storage-job.ts';
import type { StorageWorkerData } from './storage-worker.ts';

const workerFile = new URL(`./storage-worker${extname(import.meta.url)}`, import.meta.url);

interface Thread {
  readonly worker: Worker;
  /** Its scratch area in the piece memory. */
  readonly area: number;
  readonly answers: Map<number, (result: StoreResult) => void>;
}

export class StoragePool implements StorageJobs {
  readonly #threads: Thread[] = [];
  readonly #threadCount: number;
  readonly #waiterCount: number;
  readonly #memory: SharedPieceMemory | undefined;
  #jobs = 0;
  #stopped = false;

  /** `memory`: where the pieces lie; without it they are hashed one by one, by OpenSSL. */
  constructor(threads: number | undefined, memory?: SharedPieceMemory) {
    this.#threadCount = Math.max(1, Math.min(scratchAreas, threads ?? availableParallelism()));
    // A thread that forces files to the disk waits and computes nothing: four of them share a write of the file system's.
    this.#waiterCount = threads === undefined ? scratchAreas : this.#threadCount;
    this.#memory = memory;
  }

  run(job: NewJob, answer: (result: StoreResult) => void): void {
    const id = ++this.#jobs;
    let thread: Thread;
    try {
      thread = this.#pick('sync' in job ? this.#waiterCount : this.#threadCount);
    } catch (error) {
      // No thread can be started: the piece is answered for, later, like any that could not be written.
      const { message } = error as Error;
      return (
        setImmediate(answer, { id, outcome: 'failed', code: 'EAGAIN', message } satisfies StoreResult) &&
        undefined
      );
    }
    thread.answers.set(id, answer);
    thread.worker.postMessage({ ...job, id });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #pick(threadsMax: number): Thread {
    const idle = this.#threads.find((thread) => thread.answers.size === 0);
    if (idle !== undefined) return idle;
    if (this.#threads.length < threadsMax) return this.#start();
    return this.#threads.reduce((a, b) => (b.answers.size < a.answers.size ? b : a));
  }

  #start(): Thread {
    // Every thread hashes in a scratch area of its own; a thread that has ended leaves its area to the next.
    const area = [0, 1, 2, 3].find((n) => this.#threads.every((thread) => thread.area !== n))!;
    const workerData: StorageWorkerData = { arena: this.#memory?.arena, scratchOffset: area * hasherBytes };
    const worker = new Worker(workerFile, { workerData });
    const thread: Thread = { worker, area, answers: new Map() };
    this.#threads.push(thread);
    worker.on('message', (result: StoreResult) => {
      const answer = thread.answers.get(result.id);
      thread.answers.delete(result.id);
      answer?.(result);
    });
    worker.on('error', (error) => this.#lose(thread, error.message));
    worker.on('exit', () => this.#lose(thread, 'the storage thread ended'));
    // It must not keep a finished program alive; work under way is awaited by whoever asked for it.
    worker.unref();
    return thread;
  }

  /** What it had in hand is answered as failed: the pieces are fetched again, by a new thread. */
  #lose(thread: Thread, message: string): void {
    const at = this.#threads.indexOf(thread);
    if (at >= 0) this.#threads.splice(at, 1);
    const answers = [...thread.answers];
    thread.answers.clear();
    if (this.#stopped) return;
    for (const [id, answer] of answers) answer({ id, outcome: 'failed', code: 'EIO', message });
  }
}
