/**
 * Part files of other programs. Browsers also call their incomplete files `.part`, and such a file is never
 * written. A part file is ours when it is the very file of the record, or when a piece in it is correct,
 * since every byte of that piece was read from its place.
 *
 * Two cases cannot be told apart and count as ours: after a crash, a part file without a record, which is
 * most likely ours and torn; and without any record, a part file that is empty or all zeros, which is what a
 * crash leaves.
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
 * `have`: the correct pieces. `record`: that of an earlier run. A record of a clean end covers every part
 * file; every record lists the strange part files found before it.
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
    // After a crash our own new part files are not recorded either, so only those that were strange before
    // still are.
    if (!isClean && !isRecordedFile(stored.seen, record?.strange?.[index])) continue;
    if (record !== undefined || (yield* hasBytes(files.fs, stored.partPath))) strange.push(stored);
  }
  return strange;
}

/** Whether any byte is not zero. */
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
