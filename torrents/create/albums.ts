/**
 * Divides a music collection into albums, one torrent each. Each folder with audio is an album. Folders of
 * its discs (`CD1`, `Disc 2`) and folders without audio (`Scans`) belong to it. `Album (CD1)` and `Album
 * (CD2)` form one album if their parent folder has the album's name. In any other parent (`Artist`) each is
 * its own album: a torrent of both would have the name `Artist`, and would change with the next set of discs.
 *
 * Invariant: each file belongs to at most one album.
 * Left to others: making the torrents (create.ts).
 */
import { createHash } from 'node:crypto';
import { dirname, join, relative, sep } from 'node:path';
import { comparePaths } from '../paths/natural-order.ts';
import { lastName } from '../paths/path-rules.ts';
import { isAudio } from '../tags/audio/audio-formats.ts';
import { isDiscName } from '../tags/texts/disc-numbers.ts';
import { readFolderName } from '../tags/texts/name-fields.ts';
import type { CreateError } from './create-error.ts';
import { type FoundFile, type ScanOptions, type Skipped, scanFolder } from './folder-scan.ts';

/** Ten times the limit of one torrent. Takes about 200 MB of memory. */
const collectionFilesMax = 1_000_000;

export interface Album {
  readonly path: string;
  readonly bytes: number;
  /** Changes when a file of the album is added, changed or removed. */
  readonly stamp: string;
  /**
   * Whether a file in the folder belongs to this album and not to a nested one. An option of createTorrent().
   */
  readonly wanted: (components: readonly string[]) => boolean;
  /**
   * `wanted` at a later time: a folder that got audio since is then an album of its own. Throws CreateError.
   */
  readonly wantedNow: (signal?: AbortSignal) => Promise<Album['wanted']>;
}

export interface Albums {
  /** In natural order. */
  readonly albums: readonly Album[];
  /** Files outside all albums. */
  readonly leftOut: readonly string[];
  /** Entries that no torrent includes, inside and outside of albums. */
  readonly skipped: readonly Skipped[];
  /**
   * Errors outside all albums, where an album may have been missed. createTorrent() reports those inside an
   * album.
   */
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
  // If the collection's own folder cannot be read, the scan has no other result.
  if (faults[0]?.path === scan.root) throw faults[0];
  if (scan.isSingleFile) {
    const wanted = () => true;
    const album = { path, ...figuresOf(scan.files), wanted, wantedNow: async () => wanted };
    return { albums: [album], leftOut: [], skipped: [], faults: [] };
  }

  const withAudio = new Map<string, readonly string[]>();
  for (const { components } of scan.files) {
    const folder = components.slice(0, -1);
    if (isAudio(lastName(components))) withAudio.set(keyOf(folder), folder);
  }
  const albums = albumFolders([...withAudio.values()], scan.name);
  const nearest = (folder: readonly string[]): string | undefined => {
    for (let depth = folder.length; depth >= 0; depth--) {
      const key = keyOf(folder.slice(0, depth));
      if (albums.has(key)) return key;
    }
    return undefined;
  };
  const sorted = [...albums].sort(([, a], [, b]) => comparePaths(a, b));
  const filesOf = new Map<string, FoundFile[]>();
  const leftOut: string[] = [];
  for (const file of scan.files) {
    const key = nearest(file.components.slice(0, -1));
    if (key === undefined) leftOut.push(join(scan.root, ...file.components));
    else {
      const others = filesOf.get(key);
      if (others === undefined) filesOf.set(key, [file]);
      else others.push(file);
    }
  }
  const folderOf = (at: string) => relative(scan.root, at).split(sep).filter(Boolean);
  return {
    albums: sorted.map(([key, folder]) => {
      const at = join(path, ...folder);
      const files = filesOf.get(key) ?? [];
      const chosen = (components: readonly string[]) => options.wanted?.([...folder, ...components]) ?? true;
      return {
        path: at,
        ...figuresOf(files),
        wanted: (components) =>
          chosen(components) && nearest([...folder, ...components.slice(0, -1)]) === key,
        wantedNow: async (later) => {
          const now = await findAlbums(at, { ...options, wanted: chosen }, later);
          return now.albums.find((album) => album.path === at)?.wanted ?? (() => false);
        },
      };
    }),
    leftOut,
    skipped: scan.skipped,
    faults: faults.filter(({ path: at }) => at === undefined || nearest(folderOf(dirname(at))) === undefined),
  };
}

/** Maps the folders with audio to album folders. `rootName`: the name of the scanned folder. */
function albumFolders(
  withAudio: readonly (readonly string[])[],
  rootName: string,
): Map<string, readonly string[]> {
  const found = withAudio.map((folder) => {
    const outer = behindDiscNames(folder);
    const name = outer.at(-1);
    const set = name === undefined ? undefined : setOf(name, outer.at(-2) ?? rootName);
    return { outer, set, parent: keyOf(outer.slice(0, -1)) };
  });
  const sets = new Map<string, Set<string>>();
  for (const { set, parent } of found) {
    if (set !== undefined) sets.set(parent, (sets.get(parent) ?? new Set()).add(set));
  }
  const albums = new Map<string, readonly string[]>();
  for (const { outer, set, parent } of found) {
    // `Best of A and B` with discs of both A and B is not the album of either.
    const folder = set !== undefined && sets.get(parent)?.size === 1 ? outer.slice(0, -1) : outer;
    albums.set(keyOf(folder), folder);
  }
  return albums;
}

/** The innermost parent that is not a disc folder. In a box set, discs may be inside volumes. */
function behindDiscNames(folder: readonly string[]): readonly string[] {
  return folder.slice(0, folder.findLastIndex((name) => !isDiscName(name)) + 1);
}

/** The album's name, if the folder is one of its discs and the parent folder has the album's name. */
function setOf(name: string, parentName: string): string | undefined {
  const { album, disc } = readFolderName(name);
  const words = wordsOf(album);
  return disc !== undefined && wordsOf(parentName).includes(words) ? words : undefined;
}

/** Separates and surrounds the words with spaces, so that a search finds only whole words. */
function wordsOf(name: string): string {
  const words = name
    .normalize('NFKC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [name];
  return ` ${words.join(' ')} `;
}

function figuresOf(files: readonly FoundFile[]): Pick<Album, 'bytes' | 'stamp'> {
  const hash = createHash('sha1');
  let sum = 0;
  for (const { components, bytes, ctimeMs } of files) {
    hash.update(`${components.join('/')}\n${bytes} ${ctimeMs}\n`);
    sum += bytes;
  }
  return { bytes: sum, stamp: hash.digest('base64') };
}

function keyOf(folder: readonly string[]): string {
  return folder.join('/');
}
