/**
 * Forces whole files to the disk before they get their final names. A torrent may have 100,000 small files:
 * their fsyncs go to several storage threads at a time, and the file system saves what several threads wait
 * for with one journal write.
 *
 * Invariant: each caller is answered once, when the last of its files is forced to the disk or has failed.
 */
import type { DiskTrouble } from '../../engine/contract.ts';
import type { StorageJobs, StoreResult } from '../storage/storage-job.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';

/** Jobs at the same time: a storage pool has at most four threads. */
const jobsMax = 4;
/**
 * An fsync takes a few milliseconds, so a piece waiting for a thread behind this many is not delayed for
 * long.
 */
const filesPerJob = 16;

interface Waiting {
  left: number;
  trouble: DiskTrouble | undefined;
  readonly done: (trouble: DiskTrouble | undefined) => void;
}

interface Entry {
  readonly files: TorrentFiles;
  readonly file: StoredFile;
  readonly waiting: Waiting;
}

export class SyncQueue {
  readonly #pool: StorageJobs;
  readonly #entries: Entry[] = [];
  #jobs = 0;

  constructor(pool: StorageJobs) {
    this.#pool = pool;
  }

  /**
   * Calls `done` with the first error. Pieces that a failed fsync may have lost are reported as by
   * `TorrentFiles.onSyncFailed`.
   */
  force(
    files: TorrentFiles,
    whole: readonly StoredFile[],
    done: (trouble: DiskTrouble | undefined) => void,
  ): void {
    const isOver = files.writes.onNaming();
    const waiting: Waiting = {
      left: whole.length,
      trouble: undefined,
      done: (trouble) => {
        done(trouble);
        isOver();
      },
    };
    for (const file of whole) this.#entries.push({ files, file, waiting });
    this.#goOn();
  }

  #goOn(): void {
    while (this.#jobs < jobsMax && this.#entries.length > 0) {
      // Spread over the threads, so that none is idle while another has many.
      const count = Math.min(filesPerJob, Math.ceil(this.#entries.length / (jobsMax - this.#jobs)));
      this.#run(this.#entries.splice(0, count));
    }
  }

  #run(entries: readonly Entry[]): void {
    this.#jobs += 1;
    const sync = entries.map(({ file: { state, finalPath, partPath, seen } }) => {
      return { state, finalPath, partPath, seen };
    });
    const marks = entries.map(({ files, file }) => files.unforced.begin(file));
    this.#pool.run({ sync }, (result) => {
      this.#jobs -= 1;
      // The next job runs in its thread while names are given here.
      this.#goOn();
      for (const [i, entry] of entries.entries()) this.#onSynced(entry, marks[i]!, i, result);
    });
  }

  #onSynced({ files, file, waiting }: Entry, mark: number, i: number, result: StoreResult): void {
    files.unforced.end(file);
    // A dead thread has not reported what it did.
    const lost = result.outcome === 'failed' ? { trouble: result, isDropped: true } : undefined;
    const synced = lost ?? result.synced?.[i] ?? { stamp: undefined };
    if ('trouble' in synced) {
      file.synced = undefined;
      const { code, message } = synced.trouble;
      waiting.trouble ??= { code, message };
      if (synced.isDropped) files.onSyncFailed(file, { code, message });
    } else {
      file.synced = synced.stamp;
      files.unforced.onForced(file, mark);
    }
    waiting.left -= 1;
    if (waiting.left === 0) waiting.done(waiting.trouble);
  }
}
