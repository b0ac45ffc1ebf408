/**
 * Compares the record of an earlier run with the files: what is certain is trusted, and only what is in doubt
 * is hashed.
 *
 * A recorded piece is trusted when each of its files looks exactly as recorded, so that nothing was written
 * since. A piece that is not recorded is known to be missing when the program ended cleanly and its files
 * look as recorded. All other pieces are in doubt. After a clean stop these are the files that other programs
 * changed. After a crash or a power cut they are also every piece without a record in an existing file, and
 * the files that were written after the last record: two seconds of work, or 64 MiB (resume-journal.ts). Our
 * own last writes and a change by another program look alike, so all pieces of such a file are hashed.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { HashControl } from '../../../torrents/hashing/engine.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { addPiece, hasPiece, noPieces } from '../../../torrents/piece-set.ts';
import { sameStamp } from '../disk/file-stamp.ts';
import type { Steps } from '../disk/steps.ts';
import { checkPieces, segmentsToCheck } from '../storage/piece-check.ts';
import { expectedHashes } from '../storage/piece-hashes.ts';
import type { StorageJobs } from '../storage/storage-job.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';
import type { ResumeRecord } from './resume-store.ts';

export function* recall(
  metainfo: Metainfo,
  files: TorrentFiles,
  record: ResumeRecord,
  pool: StorageJobs,
  control: HashControl,
): Steps<Uint8Array<ArrayBuffer>> {
  const { geometry, layout } = metainfo;
  const have = noPieces(geometry.pieceCount);
  const stamps = files.files.map((file) => file && files.seen(file));
  const isUnchanged = stamps.map((stamp, i) => sameStamp(stamp, record.stamps[i]));
  const doubtful: PieceIndex[] = [];
  // A preexisting file with a missing piece would be refused as different, so it is hashed first.
  const isKnownMissing = (touched: readonly number[]) =>
    record.clean && touched.every((i) => isUnchanged[i] && files.files[i]?.state !== 'foreign');
  for (const pieceIndex of geometry.pieces()) {
    const isRecorded = hasPiece(record.have, pieceIndex);
    const touched = layout
      .segments(geometry.pieceOffset(pieceIndex), geometry.pieceBytes(pieceIndex))
      .map((segment) => segment.fileIndex)
      .filter((fileIndex) => files.files[fileIndex] !== undefined);
    // A missing file has no pieces.
    if (touched.some((i) => stamps[i] === undefined)) continue;
    // The side file holds only pieces that several files share.
    const isAside = touched.some((i) => files.files[i]?.state === 'side');
    if (isAside && files.side?.positionOf(geometry.pieceOffset(pieceIndex)) === undefined) continue;
    if (isRecorded && touched.every((i) => isUnchanged[i])) addPiece(have, pieceIndex);
    else if (isRecorded || !isKnownMissing(touched)) doubtful.push(pieceIndex);
  }
  const segmentsOf = (pieceIndex: PieceIndex) => segmentsToCheck(files.placesOf(pieceIndex));
  const checked = { geometry, expected: expectedHashes(metainfo) };
  yield* checkPieces(doubtful, { ...checked, segmentsOf, pool, control }, (pieceIndex) => {
    addPiece(have, pieceIndex);
  });
  return have;
}
