/**
 * Forces files to the disk that have all their bytes, before they get their names. A torrent may have 100,000 small
 * files: their fsyncs go to the storage threads, some at a time, where the file system saves with one write of its own
 * journal what several threads wait for.
 *
 * Invariant: who waits for files is answered once, when the last of them is forced to the disk or has failed.
 */
import type { DiskTrouble } from '../../engine/contract.ts';
import type { StorageJobs, StoreResult } from '../storage/storage-job.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';

/** At once: a storage pool has four threads at most. */
const jobsMax = 4;
/** An fsync takes a millisecond or some: a piece that waits for a thread behind this many is not held up for long. */
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

  /** `done` is told the first trouble. What a failed fsync may have cost is told as `TorrentFiles.onSyncFailed` does. */
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
      // Those that come now go to the disk while names are given.
      this.#goOn();
      for (const [i, entry] of entries.entries()) this.#onSynced(entry, marks[i]!, i, result);
    });
  }

  #onSynced({ files, file, waiting }: Entry, mark: number, i: number, result: StoreResult): void {
    files.unforced.end(file);
    // A thread that has died has not said what it did.
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
