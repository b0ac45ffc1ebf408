/**
 * Reads what is stored of one file once more, when its looks say that another program may have changed it.
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
  /** Pieces whose bytes are not the torrent's any more. */
  readonly bad: readonly PieceIndex[];
  /** What the file looked like before it was read: a change since then is seen by comparing with this. */
  readonly looks: FileStamp;
  /** With `all`: what it shares a piece with, and how that looked then. One of them may be what is wrong. */
  readonly beside: ReadonlyMap<DiskFile, FileStamp | undefined>;
}

/**
 * `all`: every piece of the file, and its length; otherwise those that are stored. Undefined: it is not
 * there, or moved.
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
  // A piece of which a part is gone that is ours to make anew says nothing of this file.
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
    // Another file of the piece got its name, or went home from the side file, before a thread opened it.
    left = [...bad].filter((pieceIndex) => looked.get(pieceIndex) !== pathsOf(pieceIndex));
  }
  // It was lost or written while it was read: the result says nothing of it now.
  const isSame = file.state === 'part' ? sameFile(before, file.seen) : file.seen === seen;
  if (!isSame || !sameFile(before, stampNow(file, files))) return undefined;
  const looks = file.state === 'part' ? laterStamp(file.seen, before) : before;
  return { bad: [...bad], looks, beside };
}
