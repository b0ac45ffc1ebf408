/**
 * One file of a torrent in the file system: how it is made, opened and named. It is identified by device and
 * inode, since another file may have its path by now: only the very file that we made or found is read,
 * written or renamed.
 *
 * Invariant: only files that we made or adopted are opened for writing, and a final name replaces nothing but
 * the earlier version's file.
 */
import path from 'node:path';
import type { Beneath } from './beneath.ts';
import { coded, codeOf, isALink, isAnother, isGone, isTaken, isWorkedOn } from './disk-errors.ts';
import { type FileStamp, sameFile, sameStamp, stampFrom } from './file-stamp.ts';
import type { FileSystem } from './file-system.ts';

export type FileState = 'side' | 'part' | 'final' | 'foreign';

export interface DiskFile {
  readonly finalPath: string;
  readonly partPath: string;
  state: FileState;
  /** Our file's stamp when we last wrote it or found it correct. Undefined: the file does not exist yet. */
  seen: FileStamp | undefined;
  /** The stamp when everything written until then was forced to the disk. */
  synced?: FileStamp | undefined;
  /** A part file of ours that was lost. If it comes back to its place, it may be written again. */
  lost: FileStamp | undefined;
}

export function openedPath({
  state,
  partPath,
  finalPath,
}: Pick<DiskFile, 'state' | 'partPath' | 'finalPath'>): string {
  return state === 'part' ? partPath : finalPath;
}

/**
 * Opens a file that is known to exist, also in a storage thread. Throws when it is not the same file as
 * before.
 */
export function openKnown(fs: FileSystem, file: Omit<DiskFile, 'lost'>): number {
  const isPart = file.state === 'part';
  const at = openedPath(file);
  let descriptor: number;
  try {
    descriptor = fs.open(at, isPart ? 'write' : 'read');
  } catch (error) {
    throw ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '') ? isGone(at) : error;
  }
  try {
    // A share that could not be inspected at its start has no stamp to compare.
    if (file.seen === undefined && !isPart) return descriptor;
    if (!sameFile(file.seen, stampOfOpen(fs, descriptor))) throw isAnother(at);
    return descriptor;
  } catch (error) {
    fs.close(descriptor);
    throw error;
  }
}

export function stampOfOpen(fs: FileSystem, descriptor: number): FileStamp | undefined {
  return stampFrom(fs.statOpen(descriptor));
}

/** Makes the part file if it does not exist yet. */
export function makePart(file: DiskFile, beneath: Beneath | undefined): void {
  if (file.state !== 'part' || file.seen !== undefined || beneath === undefined) return;
  const { partPath } = file;
  const { fs } = beneath;
  beneath.within(path.dirname(partPath), true, (folder) => {
    const at = path.join(folder, path.basename(partPath));
    try {
      file.seen = lookAtNew(fs, fs.open(at, 'make'), at);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      file.seen = ownAgain(fs, file, at);
    }
  });
}

/** A new file that cannot be inspected is removed, since nothing would identify it as ours. */
function lookAtNew(fs: FileSystem, descriptor: number, at: string): FileStamp | undefined {
  try {
    return stampOfOpen(fs, descriptor);
  } catch (error) {
    fs.remove(at);
    throw error;
  } finally {
    fs.close(descriptor);
  }
}

/** The file was moved away and came back. Its bytes still count as lost, and are written again. */
function ownAgain(fs: FileSystem, { partPath, lost }: DiskFile, at: string): FileStamp | undefined {
  const stat = fs.lstat(at);
  if (stat.isSymbolicLink()) throw isALink(partPath);
  const stamp = stampFrom(stat);
  if (sameFile(stamp, lost) && stat.nlink === 1n) return stamp;
  throw coded('EEXIST', `${partPath} is there already, and this download did not write it`);
}

/** Copies runs of one of our files into another. False when another program has written into the first. */
export function copyIntoPart(
  fs: FileSystem,
  from: DiskFile,
  to: DiskFile,
  runs: readonly { readonly source: number; readonly target: number; readonly bytes: number }[],
): boolean {
  const source = openKnown(fs, from);
  try {
    const target = openKnown(fs, to);
    try {
      for (const run of runs) {
        const bytes = Buffer.allocUnsafe(run.bytes);
        if (fs.read(source, bytes, 0, bytes.length, run.source) < bytes.length) {
          throw coded('ESHORT', `${from.partPath} is shorter than it was`);
        }
        for (let at = 0; at < bytes.length; ) {
          at += fs.write(target, bytes, at, bytes.length - at, run.target + at);
        }
      }
      to.seen = stampOfOpen(fs, target);
      return sameStamp(stampOfOpen(fs, source), from.seen);
    } finally {
      fs.close(target);
    }
  } finally {
    fs.close(source);
  }
}

/** Removes a part file, if it is still ours. */
export function removeOwn(file: DiskFile, beneath: Beneath): void {
  if (file.seen === undefined) return;
  const { fs } = beneath;
  try {
    beneath.within(path.dirname(file.partPath), false, (folder) => {
      const at = path.join(folder, path.basename(file.partPath));
      if (sameFile(looksOf(fs, at), file.seen)) fs.remove(at);
    });
  } catch {
    // The file is gone with its folder.
  }
}

/**
 * Gives a part file its final name: in the same folder, below the chosen one, and only if it is still the
 * file that was written and has the right length. The named file is inspected afterwards, to be certain of
 * the result.
 */
export function namePart(
  file: DiskFile,
  bytes: number,
  beneath: Beneath,
  { replaces, isChecked }: { readonly replaces: FileStamp | undefined; readonly isChecked: boolean },
): 'named' | 'doubtful' {
  const { partPath, finalPath } = file;
  const { fs } = beneath;
  return beneath.within(path.dirname(partPath), false, (folder) => {
    const [part, final] = [partPath, finalPath].map((at) => path.join(folder, path.basename(at))) as [
      string,
      string,
    ];
    const looks = looksOf(fs, part);
    if (looks === undefined) throw isGone(partPath);
    if (!sameFile(looks, file.seen)) throw isAnother(partPath);
    // `seen` is the stamp after our last write, or from before the file was hashed.
    if (!isUntouched(looks, file.seen) || (looks.bytes !== bytes && !isChecked)) return 'doubtful';
    // Another program has appended to it: what was fetched is correct and ends here.
    if (looks.bytes > bytes) fs.truncate(part, bytes);
    // After a power cut, the name must not stand over bytes that never reached the disk.
    if (bytes > 0 && (looks.bytes > bytes || !sameStamp(looks, file.synced))) syncPart(fs, part);
    if (replaces !== undefined && sameStamp(replaces, looksOf(fs, final))) fs.rename(part, final);
    else linkOrRename(fs, part, final, replaces === undefined ? isTaken(finalPath) : isWorkedOn(finalPath));
    const named = looksOrAs(fs, final, looks);
    if (!sameFile(named, looks)) throw isAnother(finalPath);
    file.seen = named;
    file.state = 'final';
    return 'named';
  });
}

function syncPart(fs: FileSystem, part: string): void {
  const descriptor = fs.open(part, 'write');
  try {
    fs.sync(descriptor);
  } catch (error) {
    throw Object.assign(error as Error, { isUnforced: true });
  } finally {
    fs.close(descriptor);
  }
}

/** An fsync has failed, even if the error was wrapped with another path (beneath.ts). */
export function isUnforced(error: unknown): boolean {
  const told = error as { isUnforced?: boolean; cause?: unknown };
  return told.isUnforced === true || (told.cause instanceof Error && isUnforced(told.cause));
}

/**
 * No other program has written: ctime also reveals a writer that sets mtime back. Windows sets the time of a
 * file when it is closed, so there it is no sign of another writer.
 */
function isUntouched(looks: FileStamp, seen: FileStamp | undefined): boolean {
  return process.platform === 'win32' || sameStamp(looks, seen);
}

function looksOf(fs: FileSystem, at: string): FileStamp | undefined {
  return stampFrom(fs.lstatIfThere(at));
}

/** The file has its final name, even if the disk cannot be read at this moment. */
function looksOrAs(fs: FileSystem, at: string, before: FileStamp): FileStamp | undefined {
  try {
    return looksOf(fs, at);
  } catch {
    return before;
  }
}

function linkOrRename(fs: FileSystem, part: string, final: string, taken: Error): void {
  try {
    // A hard link never replaces an existing file; a rename would.
    fs.link(part, final);
  } catch (error) {
    const code = codeOf(error) ?? '';
    // File systems without hard links (FAT, some network shares) fail with different codes.
    const hasNoLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS', 'EXDEV'].includes(code);
    if (code === 'EEXIST' || (hasNoLinks && fs.exists(final))) {
      // The file got its name earlier, and its part name could not be removed.
      if (!sameFile(looksOf(fs, part), looksOf(fs, final))) throw taken;
    } else if (!hasNoLinks) throw error;
    else return fs.rename(part, final);
  }
  try {
    fs.remove(part);
  } catch {
    // Two names for one file are harmless, and the download is complete. The next start tries again.
  }
}
