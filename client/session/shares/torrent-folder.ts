/** Lists the torrent files of a folder and its subfolders. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { comparePaths } from '../../../torrents/paths/natural-order.ts';
import { SessionError } from '../session-error.ts';
import type { Sighting } from './folder-scout.ts';

/** At 60 KiB of memory per seeded torrent, 100,000 need more memory than most machines have. */
const torrentsMax = 100_000;
/** Torrents are rarely sorted into more levels. A folder that is mounted inside itself has no end. */
const depthMax = 8;

/** A torrent file. While its content is missing, `stamp` includes the content. */
export interface SeenTorrent extends Sighting {
  /** The stamp of the file alone. */
  readonly file: string;
}

/** In natural order. Leaves out hidden files and files behind links to folders. Throws a SessionError. */
export async function torrentFilesIn(folder: string, signal: AbortSignal): Promise<SeenTorrent[]> {
  const found: string[][] = [];
  const folders: string[][] = [[]];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    signal.throwIfAborted();
    for (const entry of await entriesOf(join(folder, ...at))) {
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory() && at.length < depthMax) folders.push([...at, entry.name]);
      else if (!entry.isDirectory() && /\.torrent$/i.test(entry.name)) found.push([...at, entry.name]);
    }
    if (found.length > torrentsMax) {
      const message = `${folder} holds more than ${torrentsMax} torrents`;
      throw new SessionError('not-found', message, { path: folder, isTooMany: true });
    }
  }
  if (found.length === 0) {
    const message = `${folder} holds no torrent file (….torrent)`;
    throw new SessionError('not-found', message, { path: folder });
  }
  const seen: SeenTorrent[] = [];
  for (const components of found.sort(comparePaths)) {
    const path = join(folder, ...components);
    const stats = await stat(path).catch(() => undefined);
    const file = `${stats?.size} ${stats?.ctimeMs} ${stats?.ino}`;
    seen.push({ path, stamp: file, file });
  }
  return seen;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const about = { path: folder, cause: error };
    throw new SessionError('file-unreadable', `${folder} cannot be read (${code})`, about);
  }
}
