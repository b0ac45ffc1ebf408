/**
 * One file of a torrent as the system sees it: made, opened and named. It is known by device and inode:
 * another file may have its path by now, and only the very file that we made or found is read, written or
 * given a name.
 *
 * Invariant: nothing is opened for writing but what we made or adopted, and a final name never replaces
 * anything but the earlier version's file.
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
  /**
   * The file that is ours, as it looked when we last wrote it or found it right. Undefined: it is not made
   * yet.
   */
  seen: FileStamp | undefined;
  /** What it looked like when all that had been written into it was forced to the disk. */
  synced?: FileStamp | undefined;
  /** A part that was ours and was lost: when it is back in its place, it may be written into again. */
  lost: FileStamp | undefined;
}

export function openedPath({
  state,
  partPath,
  finalPath,
}: Pick<DiskFile, 'state' | 'partPath' | 'finalPath'>): string {
  return state === 'part' ? partPath : finalPath;
}

/** Opens what is known to be there. Also in a storage thread. Throws when it is not the file that it was. */
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
    // A share that could not be looked at when it began has no looks to compare with.
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

/** Makes a file under way that is not made yet. */
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

/** What was made and cannot be looked at is taken away again: nothing would tell that it is ours. */
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

/** It was moved away and is back. Its bytes count as lost all the same, and are written again. */
function ownAgain(fs: FileSystem, { partPath, lost }: DiskFile, at: string): FileStamp | undefined {
  const stat = fs.lstat(at);
  if (stat.isSymbolicLink()) throw isALink(partPath);
  const stamp = stampFrom(stat);
  if (sameFile(stamp, lost) && stat.nlink === 1n) return stamp;
  throw coded('EEXIST', `${partPath} is there already, and this download did not write it`);
}

/** Copies runs of one file that is ours into another. False when others have written into the first. */
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

/** Removes a file under way, if it still is ours. */
export function removeOwn(file: DiskFile, beneath: Beneath): void {
  if (file.seen === undefined) return;
  const { fs } = beneath;
  try {
    beneath.within(path.dirname(file.partPath), false, (folder) => {
      const at = path.join(folder, path.basename(file.partPath));
      if (sameFile(looksOf(fs, at), file.seen)) fs.remove(at);
    });
  } catch {
    // Its folder has gone, and it with its folder.
  }
}

/**
 * Gives a file under way its final name: in the same folder, below the chosen one, and only while it is the
 * file that was written and as long as it must be. What has the name afterwards is looked at, so that its
 * completion is no guess.
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
    // `seen` is how it looked after our last write; or before it was hashed.
    if (!isUntouched(looks, file.seen) || (looks.bytes !== bytes && !isChecked)) return 'doubtful';
    // Another program has appended to it: what we fetched is right, and ends here.
    if (looks.bytes > bytes) fs.truncate(part, bytes);
    // A power cut must not leave the name over bytes that never came to the disk.
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

/** It was an fsync that failed, also when the error was told again with another path (beneath.ts). */
export function isUnforced(error: unknown): boolean {
  const told = error as { isUnforced?: boolean; cause?: unknown };
  return told.isUnforced === true || (told.cause instanceof Error && isUnforced(told.cause));
}

/**
 * No other program has written: ctime tells also of a writer that sets mtime back. Windows sets the time of a file when it is
 * closed, so that it is no sign of another writer there.
 */
function isUntouched(looks: FileStamp, seen: FileStamp | undefined): boolean {
  return process.platform === 'win32' || sameStamp(looks, seen);
}

function looksOf(fs: FileSystem, at: string): FileStamp | undefined {
  return stampFrom(fs.lstatIfThere(at));
}

/** It has its name, also when the disk does not let us look just now. */
function looksOrAs(fs: FileSystem, at: string, before: FileStamp): FileStamp | undefined {
  try {
    return looksOf(fs, at);
  } catch {
    return before;
  }
}

function linkOrRename(fs: FileSystem, part: string, final: string, taken: Error): void {
  try {
    // A hard link never replaces what is there; a rename would.
    fs.link(part, final);
  } catch (error) {
    const code = codeOf(error) ?? '';
    // File systems without hard links (FAT, some network shares) say so in several ways.
    const hasNoLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS', 'EXDEV'].includes(code);
    if (code === 'EEXIST' || (hasNoLinks && fs.exists(final))) {
      // Its name was given before, and the other could not be taken away.
      if (!sameFile(looksOf(fs, part), looksOf(fs, final))) throw taken;
    } else if (!hasNoLinks) throw error;
    else return fs.rename(part, final);
  }
  try {
    fs.remove(part);
  } catch {
    // Two names for one file are a blemish; the download is complete all the same. The next start tries again.
  }
}
