/**
 * Hashes the stored pieces of one file again when its stamp says that another program may have changed it.
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type FileStamp, laterStamp, sameFile } from '../disk/file-stamp.ts';
import { type DiskFile, openedPath } from '../disk/part-file.ts';
import type { Steps } from '../disk/steps.ts';
import { checkPieces, segmentsToCheck } from '../storage/piece-check.ts';
import type { StorageJobs } from '../storage/storage-job.ts';
import type { Place, StoredFile } from '../storage/stored-file.ts';
import { piecesOf, type StoredTorrent } from '../stored-torrent.ts';
import { stampNow } from './content-look.ts';

export interface ReadAgain {
  /** Pieces whose bytes are no longer correct. */
  readonly bad: readonly PieceIndex[];
  /** The stamp from before the reading, so that a later change shows in a comparison. */
  readonly looks: FileStamp;
  /**
   * With `all`: the files it shares a piece with, and their stamps then. One of them may be the wrong one.
   */
  readonly beside: ReadonlyMap<DiskFile, FileStamp | undefined>;
}

/**
 * `all`: every piece of the file, and its length; otherwise only the stored pieces. Undefined: the file is
 * missing or was moved.
 */
export function* readAgain(
  stored: StoredTorrent,
  file: StoredFile,
  pool: StorageJobs,
  all: boolean,
): Steps<ReadAgain | undefined> {
  const { files } = stored;
  const { seen } = file;
  const before = stampNow(file, files);
  if (before === undefined) return undefined;
  const own = all ? piecesOf(stored, file.file.index) : files.storedIn(file);
  const beside = new Map<DiskFile, FileStamp | undefined>();
  for (const pieceIndex of all ? [...own.slice(0, 1), ...own.slice(-1)] : []) {
    for (const { file: other, at } of files.placesOf(pieceIndex)) {
      if (other !== undefined && at !== file) beside.set(at, stampNow(at, files));
    }
  }
  // If another file's part of a piece is gone and will be fetched again, the piece says nothing about this
  // file.
  const isGone = ({ at }: Place) => at.state === 'part' && beside.has(at) && beside.get(at) === undefined;
  const pieces = own.filter((pieceIndex) => beside.size === 0 || !files.placesOf(pieceIndex).some(isGone));
  const bad = new Set(pieces);
  const pathsOf = (pieceIndex: PieceIndex) =>
    files
      .placesOf(pieceIndex)
      .map(({ at }) => openedPath(at))
      .join('\0');
  const looked = new Map<PieceIndex, string>();
  const segmentsOf = (pieceIndex: PieceIndex) => {
    looked.set(pieceIndex, pathsOf(pieceIndex));
    return segmentsToCheck(files.placesOf(pieceIndex));
  };
  for (let left = pieces; left.length > 0; ) {
    yield* checkPieces(
      left,
      { geometry: stored.geometry, expected: stored.expected, segmentsOf, pool },
      (right) => bad.delete(right),
    );
    // Another file of the piece got its final name, or its bytes from the side file, before a thread opened
    // it.
    left = [...bad].filter((pieceIndex) => looked.get(pieceIndex) !== pathsOf(pieceIndex));
  }
  // The file was lost or written during the reading: the result no longer holds.
  const isSame = file.state === 'part' ? sameFile(before, file.seen) : file.seen === seen;
  if (!isSame || !sameFile(before, stampNow(file, files))) return undefined;
  const looks = file.state === 'part' ? laterStamp(file.seen, before) : before;
  return { bad: [...bad], looks, beside };
}
