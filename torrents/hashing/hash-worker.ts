/**
 * A worker of the hashing engine: takes extents from the shared counter until none is left, reads and hashes their
 * pieces, and puts the digests into the shared table. It sends one message, when it is done.
 */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { extentCount, nextExtentSlot, piecesDoneSlot, type SharedPlan, stopSlot } from './plan.ts';
import { type FileFault, FileFaultError, Reader } from './reader.ts';

/** What a worker reports in the end: files it could not read, each once. */
export interface WorkerReport {
  readonly faults: readonly FileFault[];
}

/** Small enough to stay in the second-level cache between reading and hashing. */
const readBytes = 256 * 1024;

function run(plan: SharedPlan): WorkerReport {
  const reader = new Reader(plan);
  const buffer = new Uint8Array(Math.min(readBytes, plan.pieceLength));
  const faults = new Map<string, FileFault>();
  const extents = extentCount(plan);
  const stopped = () => Atomics.load(plan.control, stopSlot) !== 0;

  const hashPiece = (piece: number): void => {
    const offset = piece * plan.pieceLength;
    const bytes = Math.min(plan.pieceLength, plan.totalBytes - offset);
    const hash = createHash('sha1');
    for (let done = 0; done < bytes && !stopped(); done += buffer.length) {
      const part = buffer.subarray(0, Math.min(buffer.length, bytes - done));
      reader.read(offset + done, part);
      hash.update(part);
    }
    plan.sha1Table.set(hash.digest(), piece * 20);
  };

  const guarded = (work: () => void): boolean => {
    try {
      work();
      return true;
    } catch (error) {
      if (!(error instanceof FileFaultError)) throw error;
      reader.abandon();
      faults.set(error.fault.path, error.fault);
      if (plan.onFault === 'stop') Atomics.store(plan.control, stopSlot, 1);
      return false;
    }
  };

  for (;;) {
    const extent = Atomics.add(plan.control, nextExtentSlot, 1);
    if (extent >= extents || stopped()) return { faults: [...faults.values()] };
    const first = extent * plan.piecesPerExtent;
    const end = Math.min(plan.pieceCount, first + plan.piecesPerExtent);
    for (let piece = first; piece < end && !stopped(); piece++) {
      if (guarded(() => hashPiece(piece))) plan.hashed[piece] = 1;
      Atomics.add(plan.control, piecesDoneSlot, 1);
    }
    guarded(() => reader.finish());
  }
}

parentPort!.postMessage(run(workerData as SharedPlan));
