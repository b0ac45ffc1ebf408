/**
 * What a file looks like without reading it. Two stamps that are the same mean the same content; two that
 * differ mean that the content has to be hashed.
 *
 * ctime is what makes this hold: programs can set mtime (`touch -r`, `rsync -t`), but not ctime. It changes
 * with a chmod or a new link too, which costs a hash and nothing else. The device number is part of a file's
 * identity while it is open, but not of its stamp: it changes when a disk is plugged in elsewhere, and a
 * whole library would be hashed. With the inode and ctime equal to the nanosecond, another disk is a copy of
 * this one, block for block.
 */
import type { FileStats, FileSystem } from './file-system.ts';
import { orUndefined, type Steps } from './steps.ts';

export interface FileStamp {
  readonly bytes: number;
  /** Nanoseconds, as text: they do not fit a number. */
  readonly mtimeNs: string;
  /** Undefined where the system has none, and in records of earlier versions. */
  readonly ctimeNs: string | undefined;
  readonly inode: string;
  readonly device: string;
  /**
   * When it was made, where that never changes: the inode number of a deleted file is given to the next one. Undefined
   * elsewhere, and in records of earlier versions.
   */
  readonly bornNs: string | undefined;
}

/** On Windows any program may set it, and scanners do. */
const hasChangeTime = process.platform !== 'win32';
/** Elsewhere it can be set. */
const hasBirthTime = process.platform === 'linux';

/**
 * What a file looks like now; undefined when it is not a plain file that can be seen. Links are not followed.
 */
export function* stampOf(fs: FileSystem, file: string): Steps<FileStamp | undefined> {
  return stampFrom(yield* orUndefined(fs.later.lstat(file)));
}

export function stampFrom(stat: FileStats | undefined): FileStamp | undefined {
  if (stat === undefined || !stat.isFile()) return undefined;
  return {
    bytes: Number(stat.size),
    mtimeNs: String(stat.mtimeNs),
    ctimeNs: hasChangeTime ? String(stat.ctimeNs) : undefined,
    inode: String(stat.ino),
    device: String(stat.dev),
    bornNs: hasBirthTime && stat.birthtimeNs > 0n ? String(stat.birthtimeNs) : undefined,
  };
}

/** Nothing has changed: neither content nor rights. */
export function sameStamp(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.bytes !== b.bytes || a.mtimeNs !== b.mtimeNs || a.inode !== b.inode) return false;
  return a.ctimeNs === undefined || b.ctimeNs === undefined || a.ctimeNs === b.ctimeNs;
}

/** The same file of the same disk. Its content may have changed. */
export function sameFile(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  if (a === undefined || b === undefined || a.inode !== b.inode || a.device !== b.device) return false;
  return a.bornNs === undefined || b.bornNs === undefined || a.bornNs === b.bornNs;
}

/**
 * The file that a record tells of, whatever its disk is called today. Where it is not known when a file was made, its
 * inode number may be another's by now, and only one that was not written since is the same for sure.
 */
export function isRecordedFile(now: FileStamp, recorded: FileStamp | undefined): boolean {
  if (recorded === undefined || now.inode !== recorded.inode) return false;
  if (now.bornNs !== undefined && recorded.bornNs !== undefined) return now.bornNs === recorded.bornNs;
  return now.bytes === recorded.bytes && now.mtimeNs === recorded.mtimeNs;
}

/** Of two stamps of one file that only we write, the one that was taken later. */
export function laterStamp(a: FileStamp | undefined, b: FileStamp): FileStamp {
  if (a === undefined || !sameFile(a, b)) return b;
  const [before, after] = [BigInt(a.mtimeNs), BigInt(b.mtimeNs)];
  // Two writes within one tick of the system's clock: a file under way only grows.
  if (before === after) return b.bytes >= a.bytes ? b : a;
  return after > before ? b : a;
}
