/**
 * Finds the files of a torrent in a folder that is there: under the names that Cicada gives them, under the same names in
 * another Unicode form (macOS and many programs take `é` apart, others do not), or in the bytes of an older encoding.
 *
 * Invariant: another name is taken only where the torrent's own is missing and where there is one that it can be: no two
 * files of a torrent are found in one place of the disk that is not the name of either.
 * Left to others: what is in the files (verify.ts).
 */
import { readdirSync, type Stats, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { FileLayout, TorrentFile } from './file-layout.ts';
import { hostPlatform, mapComponent } from './path-rules.ts';
import { VerifyError } from './verify-error.ts';

/** Where a file of the torrent lies; undefined when it lies nowhere. */
export type FilePaths = (file: TorrentFile) => string | undefined;

/** How many files are looked for to tell the shared folder from the folder that holds it. */
const probesMax = 64;

/** The shared folder or file, or the folder that holds it → where each file lies. Throws VerifyError. */
export function locateFiles({ layout }: { readonly layout: FileLayout }, path: string): FilePaths {
  const root = resolve(path);
  const stats = statOf(root);
  if (stats === undefined) throw new VerifyError('verify-path-missing', `${root} does not exist`, root);
  const names = new DiskNames(layout);
  // Where Cicada puts it, and where its publisher has it: one may be hidden.
  const [rawTop] = layout.files.find(({ rawPath }) => rawPath !== undefined)?.rawPath ?? [];
  const undecoded = rawTop === undefined ? [] : [lossyName(rawTop)];
  const tops = [...new Set([layout.rootName, layout.ownRootName, ...undecoded])];
  const belows = tops.map((top): FilePaths => {
    const usual = join(root, top);
    const place = statOf(usual) === undefined ? join(root, names.entry(root, top) ?? top) : usual;
    return layout.isSingleFile ? () => place : (file) => names.path(place, file);
  });
  if (layout.isSingleFile) return stats.isDirectory() ? fittest(layout, belows) : () => root;
  if (!stats.isDirectory()) {
    const message = `${root} is a file, and this torrent is a folder of ${layout.files.length} files`;
    throw new VerifyError('verify-not-a-folder', message, root);
  }
  const inside: FilePaths = (file) => names.path(root, file);
  // On a tie, most likely because nothing is there at all, the name of the folder decides.
  const isItself = tops.some((top) => top.normalize() === basename(root).normalize());
  return fittest(layout, isItself ? [inside, ...belows] : [...belows, inside]);
}

/**
 * Where a file lies that is called by the bytes in the torrent, which are no text of UTF-8: only as bytes can its path be
 * opened. Undefined when there is none.
 */
export function locateRaw({ layout }: { readonly layout: FileLayout }, path: string, file: TorrentFile) {
  const raw = file.rawPath;
  if (raw === undefined) return undefined;
  const root = Buffer.from(resolve(path));
  const places = layout.isSingleFile ? [raw] : [raw.slice(1), raw];
  return places
    .map((parts) => Buffer.concat([root, ...parts.flatMap((part) => [Buffer.from('/'), part])]))
    .find((place) => statOf(place)?.isFile());
}

/** The place with most of the files, and of their sizes; the first one on a tie. */
function fittest(layout: FileLayout, places: readonly FilePaths[]): FilePaths {
  const probes = layout.files.filter((file) => !file.isPad).slice(0, probesMax);
  const scores = places.map((pathOf) => {
    const found = probes.map((file) => ({ file, stats: statOf(pathOf(file)!) }));
    const files = found.filter(({ stats }) => stats?.isFile());
    const whole = files.filter(({ file, stats }) => stats!.size === file.bytes);
    // Missing files weigh more than cut ones.
    return files.length * (probesMax + 1) + whole.length;
  });
  return places[scores.indexOf(Math.max(...scores))]!;
}

/** What the names of a torrent are on the disk. A folder is listed when a name is missing in it, and once. */
class DiskNames {
  readonly #layout: FileLayout;
  /** By folder: what is in it, by the composed form of its name. */
  readonly #listings = new Map<string, Map<string, string[]>>();
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
      const undecoded = rawPath && lossyName(rawPath[depth + 1]!);
      const found = isOnly ? (this.entry(at, name) ?? (undecoded && this.entry(at, undecoded))) : undefined;
      at = join(at, found ?? name);
    }
    return statOf(at) === undefined ? usual : at;
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
function lossyName(bytes: Uint8Array): string {
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
