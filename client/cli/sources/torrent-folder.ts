/** The torrent files of a folder and of those inside it, for `seed`. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { comparePaths } from '../../../torrents/paths/natural-order.ts';
import { CliError, codeOf } from '../cli-error.ts';

/** With 60 KiB of memory for each that is seeded, more than most machines have. */
const torrentsMax = 100_000;
/** Torrents are sorted into a few levels at most; a folder that holds itself by a mount has no end. */
const depthMax = 8;

/** In natural order. Hidden ones and those behind links to folders are left out. Throws CliError. */
export async function torrentFilesIn(folder: string, signal: AbortSignal): Promise<string[]> {
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
      throw new CliError('not-found', `${folder} holds more than ${torrentsMax} torrents: name its folders`);
    }
  }
  if (found.length === 0) throw new CliError('not-found', `${folder} holds no torrent file (….torrent)`);
  return found.sort(comparePaths).map((components) => join(folder, ...components));
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw new CliError('file-unreadable', `${folder} cannot be read (${codeOf(error)})`, error);
  }
}
