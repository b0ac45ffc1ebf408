/**
 * Divides a collection of music into albums, one torrent each: every folder that holds audio is one, and the folders of
 * its discs (`CD1`, `Disc 2`) and those without audio (`Scans`) belong to it.
 *
 * Invariant: every file belongs to one album at most. Left to others: making the torrents (create.ts).
 */
import { join } from 'node:path';
import { type ScanOptions, type Skipped, scanFolder } from './folder-scan.ts';
import { comparePaths } from './natural-order.ts';
import { isAudio } from './tags/audio-formats.ts';
import { discNames } from './tags/name-fields.ts';

export interface Album {
  readonly path: string;
  /** Whether a file of the folder belongs to this album, and not to another inside it: an option of createTorrent(). */
  readonly wanted: (components: readonly string[]) => boolean;
}

export interface Albums {
  /** In natural order. */
  readonly albums: readonly Album[];
  /** Files that lie in no album. */
  readonly leftOut: readonly string[];
  /** What no torrent takes in, album or not. */
  readonly skipped: readonly Skipped[];
}

/** Throws CreateError as createTorrent() does. */
export async function findAlbums(
  path: string,
  options: ScanOptions = {},
  signal?: AbortSignal,
): Promise<Albums> {
  const scan = await scanFolder(path, options, signal);
  if (scan.isSingleFile) return { albums: [{ path, wanted: () => true }], leftOut: [], skipped: [] };

  const albums = new Map<string, readonly string[]>();
  for (const { components } of scan.files) {
    if (!isAudio(components.at(-1)!)) continue;
    const folder = albumFolder(components.slice(0, -1));
    albums.set(keyOf(folder), folder);
  }
  const nearest = (folder: readonly string[]): string | undefined => {
    for (let depth = folder.length; depth >= 0; depth--) {
      const key = keyOf(folder.slice(0, depth));
      if (albums.has(key)) return key;
    }
    return undefined;
  };
  const sorted = [...albums].sort(([, a], [, b]) => comparePaths(a, b));
  return {
    albums: sorted.map(([key, folder]) => ({
      path: join(path, ...folder),
      wanted: (components) => {
        const isWanted = options.wanted?.([...folder, ...components]) ?? true;
        return isWanted && nearest([...folder, ...components.slice(0, -1)]) === key;
      },
    })),
    leftOut: scan.files
      .filter((file) => nearest(file.components.slice(0, -1)) === undefined)
      .map((file) => join(scan.root, ...file.components)),
    skipped: scan.skipped,
  };
}

/** A disc lies in its album, and a box may have discs in volumes: all the way up. */
function albumFolder(folder: readonly string[]): readonly string[] {
  let depth = folder.length;
  while (depth > 0 && discNames.test(folder[depth - 1]!)) depth--;
  return folder.slice(0, depth);
}

function keyOf(folder: readonly string[]): string {
  return folder.join('/');
}
