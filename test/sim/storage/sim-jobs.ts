/**
 * The storage threads of one life: the production job (client/host/storage/storage-job.ts) on the simulated
 * disk, several at a time.
 */
import type { FileSystem } from '../../../client/host/disk/file-system.ts';
import { Outcome } from '../../../client/host/disk/steps.ts';
import {
  type NewJob,
  runStorageJob,
  type StorageJobs,
  type StoreResult,
} from '../../../client/host/storage/storage-job.ts';

/** Calls back later, unless the program has ended by then. */
type Later = (run: () => void) => void;

export class SimJobs implements StorageJobs {
  /** Jobs that are not answered yet. */
  underWay = 0;
  /** Pieces read from the disk and hashed. */
  checked = 0;
  readonly #fs: FileSystem;
  readonly #later: Later;
  #stopped = false;

  constructor(fs: FileSystem, later: Later) {
    this.#fs = fs;
    this.#later = later;
  }

  run(job: NewJob, answer: (result: StoreResult) => void): void {
    this.underWay += 1;
    this.#later(() => {
      if (this.#stopped) return;
      if ('segments' in job && !('piece' in job)) this.checked += 1;
      const result = runStorageJob(this.#fs, { ...job, id: 0 });
      // The answer is delayed as well: answers of several threads arrive in any order.
      this.#later(() => {
        this.underWay -= 1;
        if (!this.#stopped) answer(result);
      });
    });
  }

  stop(): Outcome<void> {
    this.#stopped = true;
    const stopped = new Outcome<void>();
    stopped.resolve();
    return stopped;
  }
}
