/**
 * What a file looks like without reading it. Equal stamps mean equal content; different stamps mean that the
 * content has to be hashed.
 *
 * ctime guarantees this: programs can set mtime (`touch -r`, `rsync -t`), but not ctime. A chmod or a new
 * hard link also changes it, which only costs a hash. The device number is part of an open file's identity,
 * but not of its stamp: it changes when a disk is plugged in elsewhere, and then a whole library would be
 * hashed. If inode and ctime are equal to the nanosecond, another disk is a block-for-block copy of this one.
 */
import type { FileStats, FileSystem } from './file-system.ts';
import { orUndefined, type Steps } from './steps.ts';

export interface FileStamp {
  readonly bytes: number;
  /** Nanoseconds as text, since they do not fit into a number. */
  readonly mtimeNs: string;
  /** Undefined where the system has none, and in records of earlier versions. */
  readonly ctimeNs: string | undefined;
  readonly inode: string;
  readonly device: string;
  /**
   * The creation time, where it never changes. It tells apart a deleted file and the next one, which gets the
   * same inode number. Undefined on other systems, and in records of earlier versions.
   */
  readonly bornNs: string | undefined;
}

/** On Windows any program can set it, and virus scanners do. */
const hasChangeTime = process.platform !== 'win32';
/** On other systems it can be set. */
const hasBirthTime = process.platform === 'linux';

/**
 * The stamp of the file now; undefined unless it is a regular file that can be inspected. Links are not
 * followed.
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

/** Neither content nor permissions have changed. */
export function sameStamp(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.bytes !== b.bytes || a.mtimeNs !== b.mtimeNs || a.inode !== b.inode) return false;
  return a.ctimeNs === undefined || b.ctimeNs === undefined || a.ctimeNs === b.ctimeNs;
}

/** The same file on the same disk. Its content may have changed. */
export function sameFile(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  if (a === undefined || b === undefined || a.inode !== b.inode || a.device !== b.device) return false;
  return a.bornNs === undefined || b.bornNs === undefined || a.bornNs === b.bornNs;
}

/**
 * The file that a record describes, on any device number. Without a creation time, another file may have its
 * inode number by now, so only an unwritten one is certainly the same.
 */
export function isRecordedFile(now: FileStamp, recorded: FileStamp | undefined): boolean {
  if (recorded === undefined || now.inode !== recorded.inode) return false;
  if (now.bornNs !== undefined && recorded.bornNs !== undefined) return now.bornNs === recorded.bornNs;
  return now.bytes === recorded.bytes && now.mtimeNs === recorded.mtimeNs;
}

/** The later of two stamps of one file that only we write. */
export function laterStamp(a: FileStamp | undefined, b: FileStamp): FileStamp {
  if (a === undefined || !sameFile(a, b)) return b;
  const [before, after] = [BigInt(a.mtimeNs), BigInt(b.mtimeNs)];
  // Two writes within one tick of the file system's clock: a part file only grows.
  if (before === after) return b.bytes >= a.bytes ? b : a;
  return after > before ? b : a;
}
