/**
 * Finds the files of a folder that is to be shared, and says of everything it leaves out why.
 *
 * Invariant: every file found lies inside the folder, has a name that our own reader accepts, and was a plain file of
 * the size and time given here. Nothing is opened but torrents. Left to others: order and contents (create.ts).
 */
import { isUtf8 } from 'node:buffer';
import { lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { filesMax } from '../metainfo/metainfo-fields.ts';
import { pathDepthMax } from '../metainfo/name-reader.ts';
import { componentFault } from '../paths/path-rules.ts';
import { CreateError } from './create-error.ts';
import { leaveOutOwnTorrents } from './own-torrents.ts';

/** There may be 100,000 of them, so they hold no more than what the scan found out. */
export interface FoundFile {
  /** Inside the root; for a single file its name. It lies at join(root, ...components). */
  readonly components: readonly string[];
  readonly bytes: number;
  readonly mtimeMs: number;
  /** No program can set it: it tells of writers that keep size and time. */
  readonly ctimeMs: number;
}

export type SkipReason =
  | 'junk'
  | 'hidden'
  | 'excluded'
  | 'secret'
  | 'symbolic-link'
  | 'link-leads-out'
  | 'link-loop'
  | 'not-a-file'
  | 'own-torrent';

export interface Skipped {
  readonly path: string;
  readonly reason: SkipReason;
  /** Of a secret: `a private key`. */
  readonly looksLike?: string;
}

export interface ScanOptions {
  /** Of the torrent; the name of the folder or file if left out. */
  readonly name?: string | undefined;
  readonly includeHidden?: boolean | undefined;
  readonly includeJunk?: boolean | undefined;
  /** Links are left out unless this is set, and always when they lead out of the folder. */
  readonly followSymlinks?: boolean | undefined;
  /** Whether a file belongs to the torrent, by its path inside the folder. */
  readonly wanted?: ((components: readonly string[]) => boolean) | undefined;
  /** What a file gives away that nobody should have, such as `a private key`: it is left out, and listed with that. */
  readonly secretOf?: ((path: string, bytes: number) => string | undefined) | undefined;
}

/** For a look over many torrents' folders at once, which no single one of them may end. */
export interface CollectionScan {
  readonly filesMax: number;
  /** A folder that cannot be read, or an entry with a name that no torrent can have: it is passed over. */
  readonly onFault: (fault: CreateError) => void;
}

export interface FolderScan {
  /** The folder itself; for a single file the one it lies in. */
  readonly root: string;
  readonly name: string;
  readonly isSingleFile: boolean;
  readonly files: FoundFile[];
  readonly skipped: Skipped[];
}

/** What systems and half-finished downloads leave in folders, in lower case. */
const junkNames = new Set([
  '.ds_store',
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  '__macosx',
  '.spotlight-v100',
  '.trashes',
]);
const moreJunkNames = new Set([
  '.fseventsd',
  '.temporaryitems',
  '.apdisk',
  '@eadir',
  '$recycle.bin',
  '.directory',
]);
const junkEndings = /\.(part|crdownload|!qb|aria2|bc!)$/;

/** Entries between two looks at the signal and the rest of the program. */
const entriesPerTurn = 2000;

export async function scanFolder(
  path: string,
  options: ScanOptions = {},
  signal?: AbortSignal,
  collection?: CollectionScan,
): Promise<FolderScan> {
  const most = collection?.filesMax ?? filesMax;
  const root = resolve(path);
  const name = basename(root);
  const stats = statOf(root);
  if (stats.isFile()) {
    const looksLike = secretIn(root, realpathOf(root), stats.size, options);
    if (looksLike !== undefined) {
      throw new CreateError('create-secret', `${root} looks like ${looksLike}`, root);
    }
    const file = { components: [name], bytes: stats.size, mtimeMs: stats.mtimeMs, ctimeMs: stats.ctimeMs };
    return { root: dirname(root), name, isSingleFile: true, files: [file], skipped: [] };
  }
  if (!stats.isDirectory())
    throw new CreateError('create-not-a-file', `${root} is neither a file nor a folder`, root);

  const files: FoundFile[] = [];
  const skipped: Skipped[] = [];
  const rootReal = realpathSync(root);
  /** `chain`: the real paths of the folders on the way here, which no link may lead back to. */
  const folders: { path: string; components: string[]; chain: readonly string[] }[] = [
    { path: root, components: [], chain: [rootReal] },
  ];
  let entries = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const nameBytes of passingOver(() => listOf(folder.path), collection) ?? []) {
      if (++entries % entriesPerTurn === 0) await new Promise(setImmediate);
      signal?.throwIfAborted();
      const entryName = passingOver(() => nameOf(nameBytes, folder.path), collection);
      if (entryName === undefined) continue;
      const entryPath = join(folder.path, entryName);
      const components = [...folder.components, entryName];
      const skip = (reason: SkipReason) => skipped.push({ path: entryPath, reason });

      if (!options.includeJunk && isJunk(entryName)) skip('junk');
      else if (!options.includeHidden && entryName.startsWith('.') && !isJunk(entryName)) skip('hidden');
      else {
        let entry = lstatSync(entryPath);
        let real = '';
        if (entry.isSymbolicLink()) {
          if (!options.followSymlinks) {
            skip('symbolic-link');
            continue;
          }
          real = realpathOf(entryPath);
          if (!real.startsWith(rootReal + sep)) {
            skip(folder.chain.includes(real) ? 'link-loop' : 'link-leads-out');
            continue;
          }
          if (folder.chain.includes(real)) {
            skip('link-loop');
            continue;
          }
          // What lies hidden in the folder does not come to light by a link.
          if (!options.includeHidden && isHiddenBelow(rootReal, real)) {
            skip('hidden');
            continue;
          }
          entry = statOf(entryPath);
        }
        if (entry.isDirectory()) {
          if (components.length >= pathDepthMax) {
            const message = `${entryPath} lies more than ${pathDepthMax} folders deep`;
            const fault = new CreateError('create-too-deep', message, entryPath);
            if (collection === undefined) throw fault;
            collection.onFault(fault);
            continue;
          }
          const here = real === '' ? join(folder.chain.at(-1)!, entryName) : real;
          folders.push({ path: entryPath, components, chain: [...folder.chain, here] });
        } else if (!entry.isFile()) skip('not-a-file');
        else if (options.wanted?.(components) === false) skip('excluded');
        else {
          const looksLike = secretIn(entryPath, real, entry.size, options);
          if (looksLike !== undefined) {
            skipped.push({ path: entryPath, reason: 'secret', looksLike });
            continue;
          }
          const { size: bytes, mtimeMs, ctimeMs } = entry;
          files.push({ components, bytes, mtimeMs, ctimeMs });
          if (files.length > most) {
            const message = `${root} has more than ${most} files: share its folders one by one`;
            throw new CreateError('create-too-many-files', message, root);
          }
        }
      }
    }
  }
  const scan = { root, name, isSingleFile: false, files, skipped };
  leaveOutOwnTorrents(scan, options.name ?? name);
  return scan;
}

/** Undefined when it fails and the scan is to go on. */
function passingOver<T>(look: () => T, collection: CollectionScan | undefined): T | undefined {
  if (collection === undefined) return look();
  try {
    return look();
  } catch (error) {
    if (!(error instanceof CreateError)) throw error;
    collection.onFault(error);
    return undefined;
  }
}

/** By the name it is found under, and by its own when that is another one. */
function secretIn(path: string, real: string, bytes: number, { secretOf }: ScanOptions): string | undefined {
  return secretOf?.(path, bytes) ?? (real === '' || real === path ? undefined : secretOf?.(real, bytes));
}

function isHiddenBelow(rootReal: string, real: string): boolean {
  return real
    .slice(rootReal.length)
    .split(sep)
    .some((name) => name.startsWith('.'));
}

function isJunk(name: string): boolean {
  const lower = name.toLowerCase();
  return (
    junkNames.has(lower) || moreJunkNames.has(lower) || lower.startsWith('._') || junkEndings.test(lower)
  );
}

function listOf(folder: string): Buffer[] {
  try {
    return readdirSync(folder, { encoding: 'buffer' });
  } catch (error) {
    throw CreateError.ofFile(error, folder);
  }
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw CreateError.ofFile(error, path);
  }
}

/** A link that leads nowhere has no real path: it leads out. */
function realpathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return '';
  }
}

/** Refuses what our own reader would refuse, or could not give back byte for byte. */
function nameOf(bytes: Buffer, folder: string): string {
  const name = bytes.toString();
  const path = join(folder, name);
  if (!isUtf8(bytes)) {
    throw new CreateError(
      'create-name-not-utf8',
      `the name of ${path} is not UTF-8: rename it and try again`,
      path,
    );
  }
  const fault = componentFault(name);
  if (fault !== undefined) throw new CreateError('create-name', `${path}: ${fault.message}`, path);
  return name;
}
