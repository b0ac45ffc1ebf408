/**
 * The record of an earlier run against what the files look like now: what is certain is believed, what is in
 * doubt is hashed, and only that.
 *
 * A recorded piece is believed when each of its files looks exactly as recorded: since then nothing was
 * written there. A piece that is not recorded is known to be missing when the program ended cleanly and its
 * files look as recorded. Everything else is in doubt. After a clean stop that is what others have changed;
 * after a crash or a power cut, also the files that were written between the last record and the end: two
 * seconds of work, or 64 MiB (resume-journal.ts). That our own last pieces and a foreign change look alike is
 * why such a file is hashed as far as it goes.
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
  // A file that has its name would be refused for a missing piece: it is read first.
  const isKnownMissing = (touched: readonly number[]) =>
    record.clean && touched.every((i) => isUnchanged[i] && files.files[i]?.state !== 'foreign');
  for (const pieceIndex of geometry.pieces()) {
    const isRecorded = hasPiece(record.have, pieceIndex);
    const touched = layout
      .segments(geometry.pieceOffset(pieceIndex), geometry.pieceBytes(pieceIndex))
      .map((segment) => segment.fileIndex)
      .filter((fileIndex) => files.files[fileIndex] !== undefined);
    // Of a file that is not there nothing can be.
    if (touched.some((i) => stamps[i] === undefined)) continue;
    // The side file has what several files share, and nothing else.
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
