/**
 * The folder that the user chose, and what is made and named below it. Below it no folder may be a link: a
 * link that takes the place of a folder during a download would lead the bytes somewhere else. The chosen
 * folder itself may be one.
 *
 * Node has no openat(2). On Linux /proc/self/fd/N/name is the same: each folder is opened below the one that
 * was opened before it, and renaming them at the same time has no effect. Elsewhere every folder is looked at
 * before and after; a swap of folders and back between these two looks is not seen, and an empty file may
 * come to lie outside.
 *
 * Invariant: nothing is made on another disk than the one it began on. A disk that is unplugged leaves an
 * empty folder behind, and filling the system's disk would be no help.
 */
import path from 'node:path';
import { makeFolders } from '../../../torrents/make-folders.ts';
import { coded, codeOf, isALink, isAway, isGone } from './disk-errors.ts';
import type { FileSystem } from './file-system.ts';
import { realFiles } from './real-files.ts';

/** A folder that cannot become another one while it is held. */
interface Held {
  /** For system calls: `${at}/name`. */
  readonly at: string;
  /** Throws when it was not the same folder all the time. */
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
   * Calls `use` with a path to this folder for system calls. `make`: the folder may have to be made first.
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

  /** Its disk is not there, or another one is in its place: what has become of the files cannot be known. */
  get isAway(): boolean {
    return this.#nearestDevice() !== this.#device;
  }

  /** Of the chosen folder, or of what is nearest to it while it is not made yet. */
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

/** Said only where the disk lets us look. */
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
    // Another program made it just now.
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  return open();
}

/** People are told of their folder, not of the path that the system was given. */
function readable(error: unknown, at: string, folder: string): unknown {
  if (!(error instanceof Error) || !error.message.includes(at)) return error;
  return coded(codeOf(error) ?? 'EIO', error.message.replaceAll(at, folder), error);
}
