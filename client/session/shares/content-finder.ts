/**
 * Finds the contents of torrents in a music folder: by the name of a torrent's folder or file, at any depth,
 * and by the sizes of all its files, which distinguishes albums of the same name. Hashing later checks every
 * byte.
 *
 * Invariant: no file is opened, links to folders are not followed, and a place is found only if it has all
 * files.
 */
import { createHash } from 'node:crypto';
import { type Stats, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { locateFiles } from '../../../torrents/verify.ts';
import { SessionError } from '../session-error.ts';

/** As deep as a torrent's files may be in a music folder. */
const depthMax = 32;
/** Places to try per name: thousands of folders may be named `CD1`. */
const placesMax = 1_000;

/** A place where some files of a torrent are missing or have another size. */
export interface IncompleteContent {
  readonly place: string;
  readonly missing: number;
  readonly files: number;
}

export class ContentFinder {
  /** Name → folders and files of that name, those nearest to the top first. */
  readonly #places: ReadonlyMap<string, readonly string[]>;

  private constructor(places: ReadonlyMap<string, readonly string[]>) {
    this.#places = places;
  }

  /**
   * Searches `folder` for the names of these torrents. Throws a SessionError `not-found` when the folder
   * cannot be read.
   */
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
          const { code } = error as NodeJS.ErrnoException;
          const about = { path: folder, cause: error };
          throw new SessionError('not-found', `${folder} is no folder that can be read (${code})`, about);
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

  /** All places that have every file of the torrent, with the right size. */
  find(metainfo: Metainfo): string[] {
    return this.#named(metainfo).filter((place) => missingAt(metainfo, place) === 0);
  }

  /**
   * A stamp that changes when the content appears, disappears or has a changed file. Empty if there is no
   * content.
   */
  stampOf(metainfo: Metainfo, places: readonly string[] = this.find(metainfo)): string {
    const files = metainfo.files.filter(({ isPad }) => !isPad);
    const stamps = places.flatMap((place) => {
      const pathOf = locateFiles(metainfo, place);
      return [place, ...files.map((file) => statOf(pathOf(file)!)?.ctimeMs)];
    });
    return stamps.length === 0 ? '' : createHash('sha1').update(stamps.join('\n')).digest('base64');
  }

  /**
   * The place with the most files, for a torrent that is incomplete everywhere. Undefined if its name was not
   * found.
   */
  nearest(metainfo: Metainfo): IncompleteContent | undefined {
    const lacks = this.#named(metainfo).map((place) => ({ place, missing: missingAt(metainfo, place) }));
    const [first, ...others] = lacks;
    if (first === undefined) return undefined;
    const best = others.reduce((a, b) => (b.missing < a.missing ? b : a), first);
    return { ...best, files: metainfo.files.filter(({ isPad }) => !isPad).length };
  }

  #named(metainfo: Metainfo): string[] {
    return [...new Set(namesOf(metainfo).flatMap((name) => this.#places.get(name) ?? []))];
  }
}

/** The name that Cicada gives it and the name that its publisher gave it, which may be hidden. */
function namesOf({ layout }: Metainfo): string[] {
  return [...new Set([layout.rootName, layout.ownRootName].map(keyOf))];
}

/** File systems differ in whether they store accented letters composed or decomposed. */
function keyOf(name: string): string {
  return name.normalize('NFC');
}

/** Counts files that do not exist or have another size. */
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
