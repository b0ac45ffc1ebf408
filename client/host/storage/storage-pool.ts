/**
 * Worker threads that hash and write pieces, started when jobs arrive. A job goes to the worker with the
 * fewest jobs. Each job is answered once, also when its worker dies.
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
  /** Which scratch area of the piece memory the worker uses. */
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

  /** `memory`: where the pieces lie. Without it they are hashed one by one, by OpenSSL. */
  constructor(threads: number | undefined, memory?: SharedPieceMemory) {
    this.#threadCount = Math.max(1, Math.min(scratchAreas, threads ?? availableParallelism()));
    // A thread in fsync only waits, so there may be more of them than cores: four fsyncs share one journal
    // write of the file system.
    this.#waiterCount = threads === undefined ? scratchAreas : this.#threadCount;
    this.#memory = memory;
  }

  run(job: NewJob, answer: (result: StoreResult) => void): void {
    const id = ++this.#jobs;
    let thread: Thread;
    try {
      thread = this.#pick('sync' in job ? this.#waiterCount : this.#threadCount);
    } catch (error) {
      // No thread can be started: the job is answered later as failed, like a piece that could not be
      // written.
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
    // Every thread has a scratch area of its own. A thread that ended leaves its area to the next one.
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
    // An idle thread must not keep the process alive; the caller of `run` waits for its answer.
    worker.unref();
    return thread;
  }

  /**
   * Answers the jobs of a dead thread as failed, so that their pieces are fetched again. The next job starts
   * a new thread.
   */
  #lose(thread: Thread, message: string): void {
    const at = this.#threads.indexOf(thread);
    if (at >= 0) this.#threads.splice(at, 1);
    const answers = [...thread.answers];
    thread.answers.clear();
    if (this.#stopped) return;
    for (const [id, answer] of answers) answer({ id, outcome: 'failed', code: 'EIO', message });
  }
}
