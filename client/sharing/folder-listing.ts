/**
 * What a shared folder holds at one moment, without reading any of it: enough to tell that a file has changed.
 *
 * Invariant: two equal stamps of a file mean equal contents, unless somebody sets out to deceive. A time of change cannot
 * be set by programs: editors of tags that keep size and time of a file are seen too.
 */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { CreateError } from '../../torrents/create/create-error.ts';
import { type ScanOptions, scanFolder } from '../../torrents/create/folder-scan.ts';

export interface ListedStamp {
  readonly bytes: number;
  /** Nanoseconds, as text: they do not fit a number. */
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  readonly inode: string;
}

/** By the file's path in the torrent, joined with slashes. */
export type FolderListing = ReadonlyMap<string, ListedStamp>;

export interface FolderChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Files between two turns for the rest of the program. */
const filesPerTurn = 2000;

/** Throws a CreateError as createTorrent() does: for a folder that has gone, above all. */
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
