/**
 * Whether a file still is what was verified: as it looked then. An edit of a shared file changes pieces that
 * peers were told of; what is sent of them would fail the receiver's hash check.
 *
 * Invariant: bytes read before `isAsSeen` said yes are those that were verified. A change that leaves size,
 * time and inode as they were is not seen; the receiver's hash sees it.
 */
import { sameFile, stampFrom } from '../disk/file-stamp.ts';
import type { FileStats, FileSystem } from '../disk/file-system.ts';
import type { StoredFile } from './stored-file.ts';

/** To be asked after each read. A file under way changes all the time: it is not judged. */
export function isAsSeen(fs: FileSystem, file: StoredFile, descriptor: number): boolean {
  if (file.state !== 'final' && file.state !== 'foreign') return true;
  const stat = statIfReachable(fs, descriptor);
  if (stat === undefined) return false;
  const looks = stampFrom(stat);
  // It could not be looked at before: this is the first look.
  file.seen ??= looks;
  // Deleted, and read by us alone.
  if (looks === undefined || stat.nlink === 0n) return false;
  if (!sameFile(looks, file.seen) || looks.bytes !== file.file.bytes) return false;
  // Its rights may have changed, which is no harm.
  return looks.bytes === file.seen?.bytes && looks.mtimeNs === file.seen.mtimeNs;
}

/** A network disk that comes back with another file behind a descriptor says ESTALE. */
function statIfReachable(fs: FileSystem, descriptor: number): FileStats | undefined {
  try {
    return fs.statOpen(descriptor);
  } catch {
    return undefined;
  }
}
