/**
 * Lists the files of a shared folder with their sizes and times, without reading them: enough to detect that
 * a file has changed.
 *
 * Invariant: equal stamps of a file mean equal contents, unless a program deliberately hides a change.
 * Programs cannot set a file's change time (ctime), so tag editors that keep the size and mtime are detected
 * too.
 */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { CreateError } from '../../torrents/create/create-error.ts';
import { type ScanOptions, scanFolder } from '../../torrents/create/folder-scan.ts';

export interface ListedStamp {
  readonly bytes: number;
  /** Nanoseconds, as text because they exceed the safe integers of a number. */
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly inode: string;
}

/** Keys: a file's path in the torrent, joined with slashes. */
export type FolderListing = ReadonlyMap<string, ListedStamp>;

export interface FolderChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Files to stat before yielding to the event loop. */
const filesPerTurn = 2000;

/** Throws a CreateError as createTorrent() does, mostly when the folder does not exist. */
export async function listFolder(
  folder: string,
  options: ScanOptions,
  signal?: AbortSignal,
): Promise<FolderListing> {
  const { root, files } = await scanFolder(folder, options, signal);
  const listing = new Map<string, ListedStamp>();
  for (const [index, { components }] of files.entries()) {
    if (index % filesPerTurn === filesPerTurn - 1) await new Promise(setImmediate);
    const at = path.join(root, ...components);
    try {
      const { size, mtimeNs, ctimeNs, ino } = lstatSync(at, { bigint: true });
      const times = { mtimeNs: String(mtimeNs), ctimeNs: String(ctimeNs) };
      listing.set(components.join('/'), { bytes: Number(size), ...times, inode: String(ino) });
    } catch (error) {
      throw CreateError.ofFile(error, at);
    }
  }
  return listing;
}

export function folderChanges(before: FolderListing, after: FolderListing): FolderChanges {
  const added: string[] = [];
  const changed: string[] = [];
  for (const [name, stamp] of after) {
    const earlier = before.get(name);
    if (earlier === undefined) added.push(name);
    else if (!sameListedStamp(earlier, stamp)) changed.push(name);
  }
  return { added, changed, removed: [...before.keys()].filter((name) => !after.has(name)) };
}

export function sameListing(before: FolderListing, after: FolderListing): boolean {
  const { added, changed, removed } = folderChanges(before, after);
  return added.length + changed.length + removed.length === 0;
}

export function sameListedStamp(a: ListedStamp | undefined, b: ListedStamp | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.bytes === b.bytes && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.inode === b.inode;
}
