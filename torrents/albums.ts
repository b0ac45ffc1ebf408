/**
 * Divides a collection of music into albums, one torrent each: every folder that holds audio is one, and the folders of
 * its discs (`CD1`, `Disc 2`) and those without audio (`Scans`) belong to it.
 *
 * Invariant: every file belongs to one album at most. Left to others: making the torrents (create.ts).
 */
import { dirname, join, relative, sep } from 'node:path';
import type { CreateError } from './create-error.ts';
import { type ScanOptions, type Skipped, scanFolder } from './folder-scan.ts';
import { comparePaths } from './natural-order.ts';
import { isAudio } from './tags/audio-formats.ts';
import { isDiscName } from './tags/disc-numbers.ts';

/** Ten times what one torrent may hold; some 200 MB of memory. */
const collectionFilesMax = 1_000_000;

export interface Album {
  readonly path: string;
  readonly bytes: number;
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
  /** What could not be looked at, outside of all albums: there may be one. Those inside an album are told by createTorrent(). */
  readonly faults: readonly CreateError[];
}

/** Throws CreateError as createTorrent() does. */
export async function findAlbums(
  path: string,
  options: ScanOptions = {},
  signal?: AbortSignal,
): Promise<Albums> {
  const faults: CreateError[] = [];
  const onFault = (fault: CreateError) => faults.push(fault);
  const scan = await scanFolder(path, options, signal, { filesMax: collectionFilesMax, onFault });
  // Of a folder that cannot be read at all there is nothing more to say.
  if (faults[0]?.path === scan.root) throw faults[0];
  if (scan.isSingleFile) {
    const album = { path, bytes: scan.files[0]!.bytes, wanted: () => true };
    return { albums: [album], leftOut: [], skipped: [], faults: [] };
  }

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
  const bytes = new Map<string, number>();
  const leftOut: string[] = [];
  for (const file of scan.files) {
    const key = nearest(file.components.slice(0, -1));
    if (key === undefined) leftOut.push(join(scan.root, ...file.components));
    else bytes.set(key, (bytes.get(key) ?? 0) + file.bytes);
  }
  const folderOf = (at: string) => relative(scan.root, at).split(sep).filter(Boolean);
  return {
    albums: sorted.map(([key, folder]) => ({
      path: join(path, ...folder),
      bytes: bytes.get(key) ?? 0,
      wanted: (components) => {
        const isWanted = options.wanted?.([...folder, ...components]) ?? true;
        return isWanted && nearest([...folder, ...components.slice(0, -1)]) === key;
      },
    })),
    leftOut,
    skipped: scan.skipped,
    faults: faults.filter((fault) => nearest(folderOf(dirname(fault.path!))) === undefined),
  };
}

/** A disc lies in its album, and a box may have discs in volumes: all the way up. */
function albumFolder(folder: readonly string[]): readonly string[] {
  let depth = folder.length;
  while (depth > 0 && isDiscName(folder[depth - 1]!)) depth--;
  return folder.slice(0, depth);
}

function keyOf(folder: readonly string[]): string {
  return folder.join('/');
}
