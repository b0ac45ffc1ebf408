/**
 * Finds where in a music folder the contents of torrents lie: by the name of a torrent's folder or file, at any depth, and
 * by the sizes of all its files. Two albums of one name are told apart by that; what is right to the last byte is found out
 * by hashing.
 *
 * Invariant: nothing is opened, links to folders are not followed, and a place is found only with all files in it.
 */
import { createHash } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { locateFiles } from '../../../torrents/verify.ts';
import { CliError, codeOf } from '../cli-error.ts';

/** As deep as a torrent's own files may lie in a folder of music. */
const depthMax = 32;
/** More places of one name are not tried: `CD1` may be the name of thousands of folders. */
const placesMax = 1_000;

export class ContentFinder {
  /** Name → folders and files of that name, those nearest to the top first. */
  readonly #places: ReadonlyMap<string, readonly string[]>;

  private constructor(places: ReadonlyMap<string, readonly string[]>) {
    this.#places = places;
  }

  /** Looks through `folder` for what is named like one of these. Throws CliError when it cannot be read. */
  static async open(
    folder: string,
    torrents: Iterable<Metainfo>,
    signal: AbortSignal,
  ): Promise<ContentFinder> {
    const places = new Map<string, string[]>();
    for (const metainfo of torrents) for (const name of namesOf(metainfo)) places.set(name, []);
    const root = resolve(folder);
    places.get(keyOf(basename(root)))?.push(root);
    let level = [root];
    for (let depth = 0; level.length > 0 && depth < depthMax; depth++) {
      const below: string[] = [];
      for (const at of level) {
        signal.throwIfAborted();
        const entries = await readdir(at, { withFileTypes: true }).catch((error: unknown) => {
          if (at !== root) return [];
          throw new CliError(
            'not-found',
            `${folder} is no folder that can be read (${codeOf(error)})`,
            error,
          );
        });
        for (const entry of entries) {
          const path = join(at, entry.name);
          const known = places.get(keyOf(entry.name));
          if (known !== undefined && known.length < placesMax) known.push(path);
          if (entry.isDirectory()) below.push(path);
        }
      }
      level = below;
    }
    return new ContentFinder(places);
  }

  /** All places that have every file of it, in its size. */
  find(metainfo: Metainfo): string[] {
    return this.#named(metainfo).filter((place) => missingAt(metainfo, place) === 0);
  }

  /** Another one when the content has come or gone, or a file of it has changed; empty where there is none. */
  stampOf(metainfo: Metainfo, places: readonly string[] = this.find(metainfo)): string {
    const files = metainfo.files.filter(({ isPad }) => !isPad);
    const stamps = places.flatMap((place) => {
      const pathOf = locateFiles(metainfo, place);
      return [place, ...files.map((file) => statOf(pathOf(file)!)?.ctimeMs)];
    });
    return stamps.length === 0 ? '' : createHash('sha1').update(stamps.join('\n')).digest('base64');
  }

  /** Why there is none, in words. */
  whyNot(metainfo: Metainfo): string {
    const named = this.#named(metainfo);
    if (named.length === 0) return 'nothing of that name is there';
    const lacks = named.map((place) => ({ place, missing: missingAt(metainfo, place) }));
    const best = lacks.reduce((a, b) => (b.missing < a.missing ? b : a));
    const files = metainfo.files.filter(({ isPad }) => !isPad).length;
    return `${best.missing} of ${files} files are missing or of another size in ${best.place}`;
  }

  #named(metainfo: Metainfo): string[] {
    return [...new Set(namesOf(metainfo).flatMap((name) => this.#places.get(name) ?? []))];
  }
}

/** Where Cicada puts it, and where its publisher has it: one may be hidden. */
function namesOf({ layout }: Metainfo): string[] {
  return [...new Set([layout.rootName, layout.ownRootName].map(keyOf))];
}

/** Some systems take names apart into letters and accents, some put them together. */
function keyOf(name: string): string {
  return name.normalize('NFC');
}

/** Files that are not there, or of another size. */
function missingAt(metainfo: Metainfo, place: string): number {
  const files = metainfo.files.filter(({ isPad }) => !isPad);
  const stats = statOf(place);
  const isFolder = stats?.isDirectory() === true;
  if (stats === undefined || isFolder === metainfo.layout.isSingleFile) return files.length;
  const pathOf = locateFiles(metainfo, place);
  return files.filter((file) => {
    const there = statOf(pathOf(file)!);
    return there?.isFile() !== true || there.size !== file.bytes;
  }).length;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
