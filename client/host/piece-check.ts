/** Hashes pieces where they lie on the disk, several at a time, in the storage threads. */
import type { Geometry, PieceIndex } from '../../torrents/geometry.ts';
import type { HashControl } from '../../torrents/hashing/engine.ts';
import { openedPath } from './part-file.ts';
import type { StoragePool } from './storage-pool.ts';
import type { CheckJob, ExpectedHashes } from './storage-worker.ts';
import type { Place } from './torrent-files.ts';

/** Pieces being read and hashed at once: enough to keep every thread busy. */
const checksMax = 8;

export interface CheckedTorrent {
  readonly geometry: Geometry;
  readonly expected: (pieceIndex: PieceIndex) => ExpectedHashes;
}

/** Hashes these pieces where `segmentsOf` says they lie. */
export async function checkPieces(
  doubtful: readonly PieceIndex[],
  { geometry, expected }: CheckedTorrent,
  segmentsOf: (pieceIndex: PieceIndex) => CheckJob['segments'],
  pool: StoragePool,
  { signal, onProgress }: HashControl,
  onRight: (pieceIndex: PieceIndex) => void,
): Promise<void> {
  const totalBytes = doubtful.reduce((sum, pieceIndex) => sum + geometry.pieceBytes(pieceIndex), 0);
  const startedMs = performance.now();
  let bytes = 0;
  let next = 0;
  const worker = async () => {
    for (let pieceIndex = doubtful[next++]; pieceIndex !== undefined; pieceIndex = doubtful[next++]) {
      signal?.throwIfAborted();
      const pieceBytes = geometry.pieceBytes(pieceIndex);
      const job = { bytes: pieceBytes, expected: expected(pieceIndex), segments: segmentsOf(pieceIndex) };
      const result = await new Promise<string>((resolve) => pool.run(job, ({ outcome }) => resolve(outcome)));
      if (result === 'stored') onRight(pieceIndex);
      bytes += pieceBytes;
      const bytesPerSecond = Math.round((bytes * 1000) / Math.max(1, performance.now() - startedMs));
      const etaSeconds = bytesPerSecond === 0 ? undefined : Math.ceil((totalBytes - bytes) / bytesPerSecond);
      onProgress?.({ bytes, totalBytes, bytesPerSecond, etaSeconds });
    }
  };
  await Promise.all(Array.from({ length: checksMax }, worker));
}

/** Where a piece has to be read; pads are nowhere.  BEP 47 */
export function segmentsToCheck(places: readonly Place[]): CheckJob['segments'] {
  return places
    .filter(({ file }) => file !== undefined)
    .map(({ at, position, bytes, offset }) => ({ path: openedPath(at), position, bytes, offset }));
}
