/**
 * The folder that the user chose, and what is made and named below it. No folder below it may be a symbolic
 * link: a link that replaces a folder during a download would redirect the bytes. The chosen folder itself
 * may be a link.
 *
 * Node has no openat(2). On Linux /proc/self/fd/N/name has the same effect: each folder is opened below the
 * previously opened one, so that a concurrent rename has no effect. On other systems every folder is
 * inspected before and after. A swap of folders and back between these two inspections is not noticed, and an
 * empty file may end up outside.
 *
 * Invariant: nothing is made on a disk other than the one at the start. An unplugged disk leaves an empty
 * mount point behind, and a download must not fill the system's disk instead.
 */
import path from 'node:path';
import { makeFolders } from '../../../torrents/make-folders.ts';
import { coded, codeOf, isALink, isAway, isGone } from './disk-errors.ts';
import type { FileSystem } from './file-system.ts';
import { realFiles } from './real-files.ts';

/** A folder that cannot be replaced unnoticed while it is held. */
interface Held {
  /** A path for system calls: `${at}/name`. */
  readonly at: string;
  /** Throws when the folder was replaced in the meantime. */
  check(): void;
  release(): void;
}

export class Beneath {
  readonly root: string;
  readonly fs: FileSystem;
  readonly #device: bigint;
  readonly #byDescriptor: boolean;

  constructor(root: string, fs: FileSystem = realFiles, byDescriptor: boolean = fs.descriptorsArePaths) {
    this.root = path.resolve(root);
    this.fs = fs;
    this.#device = this.#nearestDevice();
    this.#byDescriptor = byDescriptor;
  }

  /**
   * Calls `use` with a path to this folder for system calls. `make`: makes the folder if it does not exist.
   */
  within<T>(folder: string, make: boolean, use: (at: string) => T): T {
    const held = this.#hold(folder, make);
    try {
      const result = use(held.at);
      held.check();
      return result;
    } catch (error) {
      throw readable(error, held.at, folder);
    } finally {
      held.release();
    }
  }

  async withinAsync<T>(folder: string, make: boolean, use: (at: string) => Promise<T>): Promise<T> {
    const held = this.#hold(folder, make);
    try {
      const result = await use(held.at);
      held.check();
      return result;
    } catch (error) {
      throw readable(error, held.at, folder);
    } finally {
      held.release();
    }
  }

  /** The disk is unplugged, or another one is mounted in its place: the state of the files is unknown. */
  get isAway(): boolean {
    return this.#nearestDevice() !== this.#device;
  }

  /** The device of the chosen folder, or of its nearest existing ancestor. */
  #nearestDevice(): bigint {
    for (let at = this.root; ; at = path.dirname(at)) {
      const device = deviceOf(this.fs, at);
      if (device !== undefined) return device;
      if (path.dirname(at) === at) return 0n;
    }
  }

  #hold(folder: string, make: boolean): Held {
    const names = path.relative(this.root, path.resolve(folder)).split(path.sep).filter(Boolean);
    if (names.includes('..')) throw new RangeError(`${folder} does not lie below ${this.root}`);
    if (this.isAway) throw isAway(this.root);
    if (make) makeFolders(this.root, undefined, this.fs);
    return this.#byDescriptor ? this.#descend(names, make) : this.#walk(names, make);
  }

  #descend(names: readonly string[], make: boolean): Held {
    const { fs } = this;
    let descriptor: number;
    try {
      descriptor = fs.open(this.root, 'folder');
    } catch (error) {
      throw codeOf(error) === 'ENOENT' ? isGone(this.root) : error;
    }
    let shown = this.root;
    for (const name of names) {
      shown = path.join(shown, name);
      const next = `/proc/self/fd/${descriptor}/${name}`;
      try {
        const above = descriptor;
        descriptor = openOrMake(fs, next, make, () => fs.open(next, 'folder-no-link'));
        fs.close(above);
      } catch (error) {
        const isLink = isLinkAt(fs, next);
        fs.close(descriptor);
        if (isLink) throw isALink(shown);
        throw codeOf(error) === 'ENOENT' ? isGone(shown) : readable(error, next, shown);
      }
    }
    return {
      at: `/proc/self/fd/${descriptor}`,
      check: () => {},
      release: () => fs.close(descriptor),
    };
  }

  #walk(names: readonly string[], make: boolean): Held {
    const { fs } = this;
    const real = fs.realPath(this.root);
    const look = (at: string) => {
      const stat = fs.lstat(at);
      if (stat.isSymbolicLink()) throw isALink(at);
      if (!stat.isDirectory()) throw coded('ENOTDIR', `${at} is not a folder`);
      return `${stat.dev}:${stat.ino}`;
    };
    const folders = names.map((_, depth) => path.join(real, ...names.slice(0, depth + 1)));
    const before = folders.map((at) => openOrMake(fs, at, make, () => look(at)));
    return {
      at: folders.at(-1) ?? real,
      check: () => {
        for (const [depth, at] of folders.entries()) {
          if (look(at) !== before[depth]) throw coded('EREPLACED', `${at} became another folder just now`);
        }
      },
      release: () => {},
    };
  }
}

/** False when the disk cannot be read. */
function isLinkAt(fs: FileSystem, at: string): boolean {
  try {
    return fs.lstatIfThere(at)?.isSymbolicLink() ?? false;
  } catch {
    return false;
  }
}

function deviceOf(fs: FileSystem, at: string): bigint | undefined {
  try {
    return fs.stat(at).dev;
  } catch {
    return undefined;
  }
}

function openOrMake<T>(fs: FileSystem, at: string, make: boolean, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!make || codeOf(error) !== 'ENOENT') throw error;
  }
  try {
    fs.mkdir(at);
  } catch (error) {
    // Another program has just made it.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  return open();
}

/** Users see the path of their folder, not the one passed to the system. */
function readable(error: unknown, at: string, folder: string): unknown {
  if (!(error instanceof Error) || !error.message.includes(at)) return error;
  return coded(codeOf(error) ?? 'EIO', error.message.replaceAll(at, folder), error);
}
