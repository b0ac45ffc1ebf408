/**
 * The record of an earlier run against what the files look like now: what is certain is believed, what is in doubt is
 * hashed, and only that.
 *
 * A recorded piece is believed when each of its files looks exactly as recorded, or is the same file still under way
 * (it has only gained since: its recorded pieces were on the disk). A piece that is not recorded is known to be missing
 * when the program ended cleanly and its files have not changed since. Everything else is in doubt.
 */
import type { PieceIndex } from '../../torrents/geometry.ts';
import type { HashControl } from '../../torrents/hashing/engine.ts';
import type { Metainfo } from '../../torrents/metainfo.ts';
import { expectedHashes } from './piece-hashes.ts';
import { type FileStamp, type ResumeRecord, sameStamp } from './resume-store.ts';
import type { StoragePool } from './storage-pool.ts';
import type { CheckJob } from './storage-worker.ts';
import type { Place, TorrentFiles } from './torrent-files.ts';

/** Pieces being read and hashed at once: enough to keep every thread busy. */
const checksMax = 8;

export async function recall(
  metainfo: Metainfo,
  files: TorrentFiles,
  stamps: readonly (FileStamp | undefined)[],
  record: ResumeRecord,
  pool: StoragePool,
  control: HashControl,
): Promise<Uint8Array<ArrayBuffer>> {
  const { geometry, layout } = metainfo;
  const have = new Uint8Array(Math.ceil(geometry.pieceCount / 8));
  const isUnchanged = files.files.map((_, i) => sameStamp(stamps[i], record.stamps[i]));
  const isSamePart = files.files.map(
    (file, i) =>
      (file?.state === 'part' || file?.state === 'side') &&
      stamps[i] !== undefined &&
      stamps[i].inode === record.stamps[i]?.inode,
  );
  const doubtful: PieceIndex[] = [];
  for (const pieceIndex of geometry.pieces()) {
    const bit = 0x80 >> (pieceIndex & 7);
    const isRecorded = ((record.have[pieceIndex >> 3] ?? 0) & bit) !== 0;
    const touched = layout
      .segments(geometry.pieceOffset(pieceIndex), geometry.pieceBytes(pieceIndex))
      .map((segment) => segment.fileIndex)
      .filter((fileIndex) => files.files[fileIndex] !== undefined);
    // Of a file that is not there nothing can be.
    if (touched.some((i) => stamps[i] === undefined)) continue;
    // The side file has what several files share, and nothing else.
    const isAside = touched.some((i) => files.files[i]?.state === 'side');
    if (isAside && files.side?.positionOf(geometry.pieceOffset(pieceIndex)) === undefined) continue;
    if (isRecorded && touched.every((i) => isUnchanged[i] || isSamePart[i])) have[pieceIndex >> 3]! |= bit;
    else if (isRecorded || !record.clean || !touched.every((i) => isUnchanged[i])) doubtful.push(pieceIndex);
  }
  const segmentsOf = (pieceIndex: PieceIndex) =>
    files
      .places(geometry.pieceOffset(pieceIndex), geometry.pieceBytes(pieceIndex))
      .filter(({ file }) => file !== undefined)
      .map(({ at, position, bytes, offset }) => ({ path: pathOf(at), position, bytes, offset }));
  await checkPieces(doubtful, metainfo, segmentsOf, pool, control, (pieceIndex) => {
    have[pieceIndex >> 3]! |= 0x80 >> (pieceIndex & 7);
  });
  return have;
}

function pathOf({ state, partPath, finalPath }: Place['at']): string {
  return state === 'part' ? partPath : finalPath;
}

/** Hashes these pieces where `segmentsOf` says they lie. */
export async function checkPieces(
  doubtful: readonly PieceIndex[],
  metainfo: Metainfo,
  segmentsOf: (pieceIndex: PieceIndex) => CheckJob['segments'],
  pool: StoragePool,
  { signal, onProgress }: HashControl,
  onRight: (pieceIndex: PieceIndex) => void,
): Promise<void> {
  const { geometry } = metainfo;
  const expected = expectedHashes(metainfo);
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
