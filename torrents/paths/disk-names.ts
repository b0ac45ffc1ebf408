/**
 * What the names of a torrent are on the disk: its own, or the same in another Unicode form (macOS and many programs take
 * `é` apart, others do not).
 *
 * Invariant: another name is taken only where the torrent's own is missing, and where there is one that it can be. No two
 * files of a torrent get one place by another Unicode form.
 */
import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FileLayout, TorrentFile } from '../metainfo/file-layout.ts';
import { hostPlatform, lastName, mapComponent } from './path-rules.ts';

/** A folder is listed when a name is missing in it, and once. */
export class DiskNames {
  readonly #layout: FileLayout;
  /** By folder: what is in it, by the composed form of its name. */
  readonly #listings = new Map<string, Map<string, string[]>>();
  /** By the path of a folder of the torrent: where it is to be written. */
  readonly #targets = new Map<string, readonly string[]>();
  /** By path in the torrent, composed: how many names of the torrent become this one. Made with the first that is missing. */
  #counts: Map<string, number> | undefined;

  constructor(layout: FileLayout) {
    this.#layout = layout;
  }

  /** `place`: the torrent's own folder. Where nothing fits, the path that Cicada would give it. */
  path(place: string, { diskPath, rawPath }: TorrentFile): string {
    const below = diskPath.slice(1);
    const usual = join(place, ...below);
    if (statOf(usual) !== undefined) return usual;
    let at = place;
    for (const [depth, name] of below.entries()) {
      const isOnly = (this.#countOf(below.slice(0, depth + 1)) ?? 0) < 2;
      const raw = rawPath?.[depth + 1];
      const undecoded = raw && lossyName(raw);
      const found = isOnly ? (this.entry(at, name) ?? (undecoded && this.entry(at, undecoded))) : undefined;
      at = join(at, found ?? name);
    }
    return statOf(at) === undefined ? usual : at;
  }

  /**
   * The path of a file that is to be written below `root`: folders and a file that are there keep their names. Links are no
   * such, since nothing is written through them.
   */
  target(root: string, diskPath: readonly string[]): readonly string[] {
    const above = diskPath.slice(0, -1);
    const folder = above.length === 0 ? [] : this.#targetFolder(root, above);
    return [...folder, this.#targetName(join(root, ...folder), diskPath, (stats) => stats.isFile())];
  }

  #targetFolder(root: string, path: readonly string[]): readonly string[] {
    const key = path.join('/');
    let found = this.#targets.get(key);
    if (found === undefined) {
      const above = path.length === 1 ? [] : this.#targetFolder(root, path.slice(0, -1));
      found = [...above, this.#targetName(join(root, ...above), path, (stats) => stats.isDirectory())];
      this.#targets.set(key, found);
    }
    return found;
  }

  #targetName(folder: string, path: readonly string[], fits: (stats: Stats) => boolean): string {
    const name = lastName(path);
    const isOnly = path.length === 1 || (this.#countOf(path.slice(1)) ?? 0) < 2;
    const found = isOnly ? this.entry(folder, name) : undefined;
    if (found === undefined || found === name) return name;
    const stats = lstatSync(join(folder, found), { throwIfNoEntry: false });
    return stats !== undefined && fits(stats) ? found : name;
  }

  /** What a folder has under this name, in whichever form; undefined when there is nothing, or more than one. */
  entry(folder: string, name: string): string | undefined {
    const entries = this.#list(folder).get(name.normalize()) ?? [];
    if (entries.includes(name)) return name;
    return entries.length === 1 ? entries[0] : undefined;
  }

  #list(folder: string): Map<string, string[]> {
    let listing = this.#listings.get(folder);
    if (listing === undefined) {
      listing = new Map();
      this.#listings.set(folder, listing);
      for (const entry of namesIn(folder)) {
        const key = entry.normalize();
        const alike = listing.get(key);
        if (alike === undefined) listing.set(key, [entry]);
        else alike.push(entry);
      }
    }
    return listing;
  }

  #countOf(path: readonly string[]): number | undefined {
    if (this.#counts === undefined) {
      this.#counts = new Map();
      const seen = new Set<string>();
      for (const { diskPath } of this.#layout.files) {
        for (let depth = 2; depth <= diskPath.length; depth++) {
          const known = diskPath.slice(1, depth).join('/');
          if (seen.has(known)) continue;
          seen.add(known);
          const key = known.normalize();
          this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
        }
      }
    }
    return this.#counts.get(path.join('/').normalize());
  }
}

/** What a name is to a program that does not know its encoding: Cicada, when the torrent came from peers. */
export function lossyName(bytes: Uint8Array): string {
  return mapComponent(Buffer.from(bytes).toString(), hostPlatform);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined for what is not there, or cannot be reached: reading it will say why. */
export function statOf(path: string | Buffer): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
