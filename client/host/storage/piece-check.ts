/** Hashes pieces on the disk, several at a time, in the storage threads. */
import type { Geometry, PieceIndex } from '../../../torrents/geometry.ts';
import type { HashControl } from '../../../torrents/hashing/engine.ts';
import { progressTo } from '../check-progress.ts';
import { openedPath } from '../disk/part-file.ts';
import { Outcome, type Steps, together, waitFor } from '../disk/steps.ts';
import type { CheckJob, ExpectedHashes, StorageJobs, StoreResult } from './storage-job.ts';
import type { Place } from './stored-file.ts';

/** Pieces that are read and hashed at the same time: enough to keep every thread busy. */
const checksMax = 8;

export interface CheckedTorrent {
  readonly geometry: Geometry;
  readonly expected: (pieceIndex: PieceIndex) => ExpectedHashes;
}

interface PieceCheck extends CheckedTorrent {
  readonly segmentsOf: (pieceIndex: PieceIndex) => CheckJob['segments'];
  readonly pool: StorageJobs;
  readonly control?: HashControl;
}

/** Hashes these pieces, each read from its `segmentsOf`. Calls `onRight` for each correct one. */
export function* checkPieces(
  doubtful: readonly PieceIndex[],
  { geometry, expected, segmentsOf, pool, control: { signal, onProgress } = {} }: PieceCheck,
  onRight: (pieceIndex: PieceIndex) => void,
): Steps<void> {
  const totalBytes = doubtful.reduce((sum, pieceIndex) => sum + geometry.pieceBytes(pieceIndex), 0);
  const progress = progressTo(onProgress, totalBytes);
  let next = 0;
  const worker = function* (): Steps<void> {
    for (let pieceIndex = doubtful[next++]; pieceIndex !== undefined; pieceIndex = doubtful[next++]) {
      signal?.throwIfAborted();
      const pieceBytes = geometry.pieceBytes(pieceIndex);
      const job = { bytes: pieceBytes, expected: expected(pieceIndex), segments: segmentsOf(pieceIndex) };
      const checked = new Outcome<StoreResult>();
      pool.run(job, (result) => checked.resolve(result));
      if ((yield* waitFor(checked)).outcome === 'stored') onRight(pieceIndex);
      progress(pieceBytes);
    }
  };
  yield* together(Array.from({ length: checksMax }, worker));
}

/** Where a piece is read from. Pad files are not on the disk.  BEP 47 */
export function segmentsToCheck(places: readonly Place[]): CheckJob['segments'] {
  return places
    .filter(({ file }) => file !== undefined)
    .map(({ at, position, bytes, offset }) => ({ path: openedPath(at), position, bytes, offset }));
}
