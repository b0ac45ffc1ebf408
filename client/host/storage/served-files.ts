/**
 * Whether a file still looks as it did when it was verified. An edit of a shared file changes pieces that
 * peers know from our bitfield, and those pieces would fail the receiver's hash check.
 *
 * Invariant: bytes read before `isAsSeen` answered true are the verified ones. A change that keeps size,
 * mtime and inode is not noticed here; the receiver's hash check notices it.
 */
import { sameFile, stampFrom } from '../disk/file-stamp.ts';
import type { FileStats, FileSystem } from '../disk/file-system.ts';
import type { StoredFile } from './stored-file.ts';

/** Call this after each read. A part file changes all the time and is not judged. */
export function isAsSeen(fs: FileSystem, file: StoredFile, descriptor: number): boolean {
  if (file.state !== 'final' && file.state !== 'foreign') return true;
  const stat = statIfReachable(fs, descriptor);
  if (stat === undefined) return false;
  const looks = stampFrom(stat);
  // The file could not be inspected earlier, so this stamp becomes the reference.
  file.seen ??= looks;
  // The file was deleted, and only our descriptor keeps it.
  if (looks === undefined || stat.nlink === 0n) return false;
  if (!sameFile(looks, file.seen) || looks.bytes !== file.file.bytes) return false;
  // ctime is not compared: a change of permissions does no harm.
  return looks.bytes === file.seen?.bytes && looks.mtimeNs === file.seen.mtimeNs;
}

/** fstat fails with ESTALE when a network disk comes back with another file behind the descriptor. */
function statIfReachable(fs: FileSystem, descriptor: number): FileStats | undefined {
  try {
    return fs.statOpen(descriptor);
  } catch {
    return undefined;
  }
}
