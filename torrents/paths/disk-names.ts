/**
 * Maps the names in a torrent to the names on the disk: the torrent's own, or the same name in another
 * Unicode normalization form (macOS and many programs store `é` decomposed, others composed).
 *
 * Invariant: another name is used only if the torrent's own is missing and exactly one entry of the folder
 * matches. Two files of a torrent never get the same place because their names differ only in form.
 */
import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FileLayout, TorrentFile } from '../metainfo/file-layout.ts';
import { hostPlatform, lastName, mapComponent } from './path-rules.ts';

/** Lists a folder when a name is missing in it, and at most once. */
export class DiskNames {
  readonly #layout: FileLayout;
  /** By folder: its entries, by the composed form (NFC) of their names. */
  readonly #listings = new Map<string, Map<string, string[]>>();
  /** By the path of a folder in the torrent: where to write it. */
  readonly #targets = new Map<string, readonly string[]>();
  /**
   * By composed path in the torrent: how many paths of the torrent have this form. Made at the first missing
   * name.
   */
  #counts: Map<string, number> | undefined;

  constructor(layout: FileLayout) {
    this.#layout = layout;
  }

  /** `place`: the torrent's own folder. If no name matches, returns the path that Cicada would use. */
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
   * The path to write a file to, below `root`: existing folders and an existing file keep their names.
   * Symbolic links are ignored, because nothing is written through them.
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

  /**
   * The entry of a folder with exactly this name, else the only entry with this name in another normalization
   * form. Otherwise undefined.
   */
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

/**
 * The name that a program which does not know its encoding makes of it. Cicada does so if the torrent came
 * from peers.
 */
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

/** Undefined for a path that is missing or cannot be reached. Reading it gives the reason. */
export function statOf(path: string | Buffer): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
