/**
 * Checks whether the stored files are still in their places, by names, sizes and times, without reading them.
 * content-watch.ts decides what follows.
 */
import path from 'node:path';
import type { DiskTrouble } from '../../engine/contract.ts';
import { codeOf, isALink, isAnother, isGone } from '../disk/disk-errors.ts';
import { type FileStamp, sameFile, sameStamp, stampFrom } from '../disk/file-stamp.ts';
import type { FileStats } from '../disk/file-system.ts';
import { type DiskFile, openedPath } from '../disk/part-file.ts';
import { type Steps, waitFor } from '../disk/steps.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';

/**
 * `misplaced`: the file is missing or replaced, or a folder above it is a link. `changed`: another program
 * has written into it. `touched`: its permissions or links have changed, and most likely not its content.
 * `unreachable`: the disk cannot be read, which says nothing about the file.
 */
export type Finding = 'misplaced' | 'changed' | 'touched' | 'unreachable';

/** What is inspected: a folder below the chosen one, a file, or the side file. */
export type Unit = { readonly folder: string } | { readonly file: DiskFile };

/** Everything of a torrent on the disk, folders first: if a folder is missing, so are its files. */
export function unitsOf(files: TorrentFiles): Unit[] {
  const there = files.files.filter((file) => file !== undefined && isThere(file)) as StoredFile[];
  const side = files.side?.place.seen === undefined ? [] : [files.side.place];
  const units: Unit[] = [...there, ...side].map((file) => ({ file }));
  if (files.beneath === undefined) return units;
  const folders = new Set<string>();
  for (const file of [...there, ...side]) {
    for (const folder of foldersTo(file, files.beneath.root)) folders.add(folder);
  }
  return [...[...folders].map((folder) => ({ folder })), ...units];
}

function isThere(file: StoredFile): boolean {
  return file.state !== 'side' && file.seen !== undefined;
}

/** The folders below the chosen one, outermost first. */
function foldersTo(file: DiskFile, root: string): string[] {
  const folders: string[] = [];
  for (
    let at = path.dirname(path.resolve(openedPath(file)));
    at.length > root.length;
    at = path.dirname(at)
  ) {
    folders.unshift(at);
  }
  return folders;
}

/** No folder on the path to the file is a link or missing. */
export function isReached(file: DiskFile, files: TorrentFiles): boolean {
  const folders = files.beneath === undefined ? [] : foldersTo(file, files.beneath.root);
  return folders.every((folder) => lookNow({ folder }, files) === undefined);
}

/** Inspects the unit's path. Links are followed only in a shared folder, where its owner put them. */
export function* lookLater(unit: Unit, files: TorrentFiles): Steps<Finding | undefined> {
  const at = 'folder' in unit ? unit.folder : openedPath(unit.file);
  const { later } = files.fs;
  try {
    return judge(unit, yield* waitFor(files.beneath === undefined ? later.stat(at) : later.lstat(at)));
  } catch (error) {
    return isNotThere(error) ? 'misplaced' : 'unreachable';
  }
}

export function lookNow(unit: Unit, files: TorrentFiles): Finding | undefined {
  const at = 'folder' in unit ? unit.folder : openedPath(unit.file);
  try {
    return judge(unit, files.beneath === undefined ? files.fs.stat(at) : files.fs.lstat(at));
  } catch (error) {
    return isNotThere(error) ? 'misplaced' : 'unreachable';
  }
}

/** Any other error is a problem of the disk, and no sign that a file is missing. */
function isNotThere(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '');
}

export function stampNow(file: DiskFile, files: TorrentFiles): FileStamp | undefined {
  return stampFrom(statNow(openedPath(file), files));
}

function statNow(at: string, { beneath, fs }: TorrentFiles): FileStats | undefined {
  try {
    return beneath === undefined ? fs.stat(at) : fs.lstat(at);
  } catch {
    return undefined;
  }
}

function judge(unit: Unit, stat: FileStats): Finding | undefined {
  if ('folder' in unit) return stat.isDirectory() ? undefined : 'misplaced';
  const { state, seen } = unit.file;
  const looks = stampFrom(stat);
  if (looks === undefined || !sameFile(looks, seen)) return 'misplaced';
  // We write into a part file all the time, which only makes it longer.
  if (state === 'part') return looks.bytes < seen!.bytes ? 'changed' : undefined;
  if (sameStamp(looks, seen)) return undefined;
  return looks.bytes === seen!.bytes && looks.mtimeNs === seen!.mtimeNs ? 'touched' : 'changed';
}

/** All findings, in one pass over everything. Files in a missing folder are missing. */
export function lookAtAll(files: TorrentFiles): Map<DiskFile, Finding> {
  const found = new Map<DiskFile, Finding>();
  const gone: string[] = [];
  for (const unit of unitsOf(files)) {
    if ('folder' in unit) {
      if (lookNow(unit, files) === 'misplaced') gone.push(unit.folder + path.sep);
      continue;
    }
    const at = path.resolve(openedPath(unit.file));
    const finding = gone.some((folder) => at.startsWith(folder)) ? 'misplaced' : lookNow(unit, files);
    if (finding !== undefined) found.set(unit.file, finding);
  }
  return found;
}

/**
 * Why these files are not in their places, in one sentence: the cause of the first one, and how many more
 * there are.
 */
export function causeOf(lost: readonly DiskFile[], files: TorrentFiles): DiskTrouble {
  const { at, error } = outermostCause(lost[0]!, files);
  const isExplained = (file: DiskFile) =>
    `${path.resolve(openedPath(file))}${path.sep}`.startsWith(at + path.sep);
  const others = lost.filter((file) => !isExplained(file)).length;
  const more = others === 0 ? '' : ` (and ${others} more)`;
  return { code: codeOf(error) ?? 'EIO', message: `${error.message}${more}` };
}

function outermostCause(file: DiskFile, files: TorrentFiles): { at: string; error: Error } {
  const root = files.beneath?.root;
  const above = root === undefined ? [files.rootPath] : foldersTo(file, root);
  for (const at of above) {
    const stat = statNow(at, files);
    if (stat === undefined) return { at, error: isGone(at) };
    if (stat.isSymbolicLink()) return { at, error: isALink(at) };
  }
  const at = path.resolve(openedPath(file));
  return { at, error: statNow(at, files) === undefined ? isGone(at) : isAnother(at) };
}

export function isStoredFile(file: DiskFile): file is StoredFile {
  return 'file' in file;
}
