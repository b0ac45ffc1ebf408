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
import { isJunk } from './junk-names.ts';
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

/** Entries between two looks at the signal and the rest of the program. */
const entriesPerTurn = 2000;

export async function scanFolder(
  path: string,
  options: ScanOptions = {},
  signal?: AbortSignal,
  collection?: CollectionScan,
): Promise<FolderScan> {
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

  const walk = new FolderWalk(root, options, collection);
  await walk.run(signal);
  const { files, skipped } = walk;
  const scan = { root, name, isSingleFile: false, files, skipped };
  leaveOutOwnTorrents(scan, options.name ?? name);
  return scan;
}

interface OpenFolder {
  readonly path: string;
  readonly components: readonly string[];
  /** Where it is in truth; `chain`: the same of all the folders on the way here, which no link may lead back to. */
  readonly real: string;
  readonly chain: readonly string[];
}

/** An entry of a folder; `real`: where a link leads, and nothing for what is no link. */
interface Entry {
  readonly path: string;
  readonly components: readonly string[];
  readonly stats: Stats;
  readonly real: string;
}

/** One look through a folder and those in it. */
class FolderWalk {
  readonly files: FoundFile[] = [];
  readonly skipped: Skipped[] = [];
  readonly #root: string;
  readonly #rootReal: string;
  readonly #options: ScanOptions;
  readonly #collection: CollectionScan | undefined;
  readonly #folders: OpenFolder[];

  constructor(root: string, options: ScanOptions, collection: CollectionScan | undefined) {
    this.#root = root;
    this.#options = options;
    this.#collection = collection;
    const real = realpathSync(root);
    this.#rootReal = real;
    this.#folders = [{ path: root, components: [], real, chain: [real] }];
  }

  async run(signal: AbortSignal | undefined): Promise<void> {
    let entries = 0;
    for (let folder = this.#folders.pop(); folder !== undefined; folder = this.#folders.pop()) {
      const { path } = folder;
      for (const nameBytes of passingOver(() => listOf(path), this.#collection) ?? []) {
        if (++entries % entriesPerTurn === 0) await new Promise(setImmediate);
        signal?.throwIfAborted();
        const name = passingOver(() => nameOf(nameBytes, path), this.#collection);
        if (name !== undefined) this.#look(folder, name);
      }
    }
  }

  #look(folder: OpenFolder, name: string): void {
    const path = join(folder.path, name);
    const found = this.#entry(folder, name, path);
    if (typeof found === 'string') this.#skip(path, found);
    else if (found.stats.isDirectory()) this.#enter(folder, name, found);
    else if (!found.stats.isFile()) this.#skip(path, 'not-a-file');
    else if (this.#options.wanted?.(found.components) === false) this.#skip(path, 'excluded');
    else this.#take(found);
  }

  /** What a name stands for; or why that is left out, whatever it is. */
  #entry(folder: OpenFolder, name: string, path: string): Entry | SkipReason {
    const { includeJunk, includeHidden, followSymlinks } = this.#options;
    if (!includeJunk && isJunk(name)) return 'junk';
    if (!includeHidden && name.startsWith('.') && !isJunk(name)) return 'hidden';
    const components = [...folder.components, name];
    const stats = lstatSync(path);
    if (!stats.isSymbolicLink()) return { path, components, stats, real: '' };
    if (!followSymlinks) return 'symbolic-link';
    const real = realpathOf(path);
    if (folder.chain.includes(real)) return 'link-loop';
    if (!real.startsWith(this.#rootReal + sep)) return 'link-leads-out';
    // What lies hidden in the folder does not come to light by a link.
    if (!includeHidden && isHiddenBelow(this.#rootReal, real)) return 'hidden';
    return { path, components, stats: statOf(path), real };
  }

  #enter(folder: OpenFolder, name: string, { path, components, real }: Entry): void {
    if (components.length >= pathDepthMax) {
      const message = `${path} lies more than ${pathDepthMax} folders deep`;
      const fault = new CreateError('create-too-deep', message, path);
      if (this.#collection === undefined) throw fault;
      this.#collection.onFault(fault);
      return;
    }
    const here = real === '' ? join(folder.real, name) : real;
    this.#folders.push({ path, components, real: here, chain: [...folder.chain, here] });
  }

  #take({ path, components, stats, real }: Entry): void {
    const { size: bytes, mtimeMs, ctimeMs } = stats;
    const looksLike = secretIn(path, real, bytes, this.#options);
    if (looksLike !== undefined) {
      this.skipped.push({ path, reason: 'secret', looksLike });
      return;
    }
    this.files.push({ components, bytes, mtimeMs, ctimeMs });
    const most = this.#collection?.filesMax ?? filesMax;
    if (this.files.length > most) {
      const message = `${this.#root} has more than ${most} files`;
      throw new CreateError('create-too-many-files', message, this.#root);
    }
  }

  #skip(path: string, reason: SkipReason): void {
    this.skipped.push({ path, reason });
  }
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
    throw new CreateError('create-name-not-utf8', `the name of ${path} is not UTF-8`, path);
  }
  const fault = componentFault(name);
  if (fault !== undefined) throw new CreateError('create-name', `${path}: ${fault.message}`, path);
  return name;
}
