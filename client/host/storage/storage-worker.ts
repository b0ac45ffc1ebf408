/**
 * A worker thread that runs storage jobs (storage-job.ts). Pieces that wait at the same time are hashed four
 * at once where that is faster.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { chooseBackends } from '../../../torrents/hashing/backend.ts';
import { Hasher } from '../../../torrents/hashing/hasher.ts';
import { realFiles } from '../disk/real-files.ts';
import { runStorageJob, type StorageJob, type StoreJob } from './storage-job.ts';

const sha1Bytes = 20;

export interface StorageWorkerData {
  readonly arena: WebAssembly.Memory | undefined;
  /** Where in the arena this worker may write. */
  readonly scratchOffset: number;
}

const { arena, scratchOffset } = (workerData ?? {}) as StorageWorkerData;
/** Each thread chooses its hashing backends once, before its first piece. */
const hasher =
  arena === undefined ? undefined : new Hasher(arena, scratchOffset, chooseBackends(Number.MAX_SAFE_INTEGER));

parentPort?.on('message', (first: StorageJob) => {
  const jobs = [first];
  // Takes along the jobs that have arrived by now, as many as can be hashed at once.
  for (let batch = hasher?.sha1Batch ?? 1; jobs.length < batch; ) {
    const next = receiveMessageOnPort(parentPort!);
    if (next === undefined) break;
    jobs.push(next.message);
  }
  const digests = sha1Of(jobs.filter((job) => 'piece' in job));
  for (const job of jobs) {
    parentPort!.postMessage(runStorageJob(realFiles, job, 'piece' in job ? digests.get(job) : undefined));
  }
});

/** SHA-1 of the pieces in the arena that have the length of the first one, all at once. */
function sha1Of(jobs: readonly StoreJob[]): Map<StoreJob, Uint8Array> {
  const digests = new Map<StoreJob, Uint8Array>();
  const first = jobs[0];
  if (hasher === undefined || first === undefined) return digests;
  const alike = jobs.filter(({ piece, expected }) => {
    return piece.inArena && piece.bytes === first.piece.bytes && expected.sha1 !== undefined;
  });
  const target = new Uint8Array(alike.length * sha1Bytes);
  hasher.sha1(
    alike.map(({ piece }) => piece.offset),
    first.piece.bytes,
    target,
  );
  for (const [i, job] of alike.entries())
    digests.set(job, target.subarray(i * sha1Bytes, (i + 1) * sha1Bytes));
  return digests;
}
