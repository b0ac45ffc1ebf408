/**
 * Part files of other programs: browsers call their files under way `.part` too, and nothing is ever written into such a
 * one. A part is ours when it is the very file that the record tells of, or when a piece that lies in it is right: every
 * byte of that piece was read where it lies.
 *
 * Not told apart: after a crash, a part that no record tells of, which most likely is ours and torn; without any record,
 * a part that is empty or holds nothing but zeros, which is what a crash leaves of a file.
 */
import { hasPiece } from '../../../torrents/piece-set.ts';
import { isRecordedFile } from '../disk/file-stamp.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { type Steps, waitFor } from '../disk/steps.ts';
import type { ResumeRecord } from '../resume/resume-store.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';

const bufferBytes = 256 * 1024;

/**
 * `have`: pieces that are right. `record`: of an earlier run. One that ended cleanly tells of every part there was; every
 * record tells of the strange parts that were found before it.
 */
export function* strangeParts(
  files: TorrentFiles,
  have: Uint8Array,
  record: ResumeRecord | undefined,
): Steps<StoredFile[]> {
  const isClean = record?.clean ?? true;
  if (!isClean && record?.strange === undefined) return [];
  const hasRight = new Set<StoredFile>();
  for (const pieceIndex of files.geometry.pieces()) {
    if (!hasPiece(have, pieceIndex)) continue;
    for (const { file } of files.placesOf(pieceIndex)) if (file !== undefined) hasRight.add(file);
  }
  const strange: StoredFile[] = [];
  for (const stored of files.files) {
    if (stored?.state !== 'part' || stored.seen === undefined || hasRight.has(stored)) continue;
    const { index } = stored.file;
    if (isRecordedFile(stored.seen, record?.stamps[index])) continue;
    // After a crash our own new parts are not recorded either: only what was strange before still is.
    if (!isClean && !isRecordedFile(stored.seen, record?.strange?.[index])) continue;
    if (record !== undefined || (yield* hasBytes(files.fs, stored.partPath))) strange.push(stored);
  }
  return strange;
}

/** Something else than zeros. */
function* hasBytes(fs: FileSystem, at: string): Steps<boolean> {
  const handle = yield* waitFor(fs.later.open(at, 'read'));
  try {
    const buffer = Buffer.alloc(bufferBytes);
    for (let position = 0; ; ) {
      const { bytesRead } = yield* waitFor(handle.read(buffer, 0, bufferBytes, position));
      if (bytesRead === 0) return false;
      if (buffer.subarray(0, bytesRead).some((byte) => byte !== 0)) return true;
      position += bytesRead;
    }
  } finally {
    yield* waitFor(handle.close());
  }
}
