/**
 * Reads what is stored of one file once more, when its looks say that another program may have changed it.
 */
import type { PieceIndex } from '../../torrents/geometry.ts';
import { stampNow } from './content-look.ts';
import { type FileStamp, laterStamp, sameFile } from './file-stamp.ts';
import { openedPath } from './part-file.ts';
import { checkPieces, segmentsToCheck } from './piece-check.ts';
import type { Steps } from './steps.ts';
import type { StorageJobs } from './storage-job.ts';
import { piecesOf, type StoredTorrent } from './stored-torrent.ts';
import type { StoredFile } from './torrent-files.ts';

export interface ReadAgain {
  /** Pieces whose bytes are not the torrent's any more. */
  readonly bad: readonly PieceIndex[];
  /** What the file looked like before it was read: a change since then is seen by comparing with this. */
  readonly looks: FileStamp;
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
  const pieces = all ? piecesOf(stored, file.file.index) : files.storedIn(file);
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
    yield* checkPieces(left, stored, segmentsOf, pool, {}, (right) => bad.delete(right));
    // Another file of the piece got its name, or went home from the side file, before a thread opened it.
    left = [...bad].filter((pieceIndex) => looked.get(pieceIndex) !== pathsOf(pieceIndex));
  }
  // It was lost or written while it was read: the result says nothing of it now.
  const isSame = file.state === 'part' ? sameFile(before, file.seen) : file.seen === seen;
  if (!isSame || !sameFile(before, stampNow(file, files))) return undefined;
  return { bad: [...bad], looks: file.state === 'part' ? laterStamp(file.seen, before) : before };
}
