/**
 * Deletes the files of a stopped torrent, and the folders that become empty. Files that are not its own stay.
 */
import { rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { ClientError } from '../client-error.ts';
import { ownContent } from './own-files.ts';

/**
 * Throws a ClientError `folder-not-writable` for the first file that cannot be deleted; the files before it
 * are deleted.
 */
export async function eraseContent(metainfo: Metainfo, place: string): Promise<void> {
  const { files, parent } = ownContent(metainfo, place);
  for (const { at } of files) {
    try {
      await rm(at, { force: true });
    } catch (error) {
      const message = `${at} cannot be deleted: ${(error as Error).message}`;
      throw new ClientError('folder-not-writable', message, { path: at, cause: error });
    }
  }
  removeEmptyFolders(
    files.map(({ at }) => path.dirname(at)),
    parent,
  );
}

/** Removes these folders, and those above them below `parent`, if they are empty. */
export function removeEmptyFolders(folders: readonly string[], parent: string): void {
  const isBelow = (at: string) => at.startsWith(parent.endsWith(path.sep) ? parent : parent + path.sep);
  // The deepest first, so that a parent may be empty when its turn comes.
  const found = new Set<string>();
  for (let at of folders) for (; isBelow(at) && !found.has(at); at = path.dirname(at)) found.add(at);
  for (const at of [...found].sort((a, b) => b.length - a.length)) {
    try {
      rmdirSync(at);
    } catch {
      // The folder contains other files.
    }
  }
}
