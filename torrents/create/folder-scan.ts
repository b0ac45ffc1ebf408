/**
 * Finds the files of a folder to be shared, and gives the reason for each entry left out.
 *
 * Invariant: each file found lies inside the folder, has a name that Cicada's reader accepts, and was a
 * regular file of the given size and times. Only torrent files are opened, and the files that `secretOf`
 * opens. Left to others: order and contents (create.ts).
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

/** Kept small: there may be 100,000 of them. */
export interface FoundFile {
  /** The path below the root. For a single file: its name. The file is at join(root, ...components). */
  readonly components: readonly string[];
  readonly bytes: number;
  readonly mtimeMs: number;
  /** Programs cannot set this time, so it reveals a change that keeps size and modification time. */
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
  /** For a secret: what it is, such as `a private key`. */
  readonly looksLike?: string;
}

export interface ScanOptions {
  /** Name of the torrent. Default: the name of the folder or file. */
  readonly name?: string | undefined;
  readonly includeHidden?: boolean | undefined;
  readonly includeJunk?: boolean | undefined;
  /** Default: links are left out. Links to outside of the folder always are. */
  readonly followSymlinks?: boolean | undefined;
  /** Whether a file belongs to the torrent, by its path inside the folder. */
  readonly wanted?: ((components: readonly string[]) => boolean) | undefined;
  /**
   * Names the secret in a file, such as `a private key`. In a folder, the file is left out and listed with
   * this text. Shared alone, it throws `create-secret`.
   */
  readonly secretOf?: ((path: string, bytes: number) => string | undefined) | undefined;
}

/** For one scan over the folders of many torrents, which a single bad entry must not stop. */
export interface CollectionScan {
  readonly filesMax: number;
  /** Called for an unreadable folder or a name that no torrent can have. The entry is then skipped. */
  readonly onFault: (fault: CreateError) => void;
}

export interface FolderScan {
  /** The folder itself. For a single file: its parent folder. */
  readonly root: string;
  readonly name: string;
  readonly isSingleFile: boolean;
  readonly files: FoundFile[];
  readonly skipped: Skipped[];
}

/** After so many entries, checks the signal and lets other events run. */
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
  /**
   * The real path. `chain`: the real paths of this folder and its parents; a link to one of them would be a
   * loop.
   */
  readonly real: string;
  readonly chain: readonly string[];
}

/** An entry of a folder. `real`: the target of a link. Empty if the entry is no link. */
interface Entry {
  readonly path: string;
  readonly components: readonly string[];
  readonly stats: Stats;
  readonly real: string;
}

/** One walk through a folder and all folders inside. */
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

  /** The entry of a name, or the reason to leave it out, for any type of entry. */
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
    // A link must not include files that are left out as hidden.
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

/** Undefined if `look` fails in the scan of a collection, which then goes on. */
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

/** Checks the name in the folder, and for a link also the name of its target. */
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

/** Empty for a dead link, so that it counts as leading out of the folder. */
function realpathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return '';
  }
}

/** Throws CreateError for names that Cicada's reader would refuse, or that are not UTF-8. */
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
