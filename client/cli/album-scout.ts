/**
 * Looks through music folders again and again for albums that have come, and for those that have gone: for `share
 * --per-album`. An album counts as there once two looks have found it with the same size: before, it may be half copied.
 *
 * Invariant: one look at a time, and all of them take a small part of the time together, however large the folders are.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { findAlbums } from '../../torrents/albums.ts';
import type { ScanOptions } from '../../torrents/folder-scan.ts';

export interface FoundAlbum {
  readonly path: string;
  readonly wanted: (components: readonly string[]) => boolean;
}

export interface ScoutPorts {
  /** Whether it is shared now, or was given up for good. */
  readonly isKnown: (path: string) => boolean;
  /** Called for each that is not known, at every look until it is. Never rejects. */
  readonly onAlbum: (album: FoundAlbum) => Promise<void>;
  /** Those that are shared now. */
  readonly shared: () => readonly string[];
  /** It was not found any more, twice. */
  readonly onGone: (path: string) => Promise<void>;
  readonly onTrouble: (error: unknown, folder: string) => void;
}

/** Copying programs pause for less between two files, and people who have just copied an album wait for twice of it. */
const lookEveryMs = 5_000;
/** A look takes a fiftieth of the time at most: one of a second is followed by a rest of fifty. */
const restPerLook = 50;

/** Until the signal is aborted, or at once where there is no folder to look at; never rejects. `everyMs` is another pace for tests. */
export async function scoutAlbums(
  folders: readonly string[],
  scan: ScanOptions,
  signal: AbortSignal,
  ports: ScoutPorts,
  everyMs = lookEveryMs,
): Promise<void> {
  // What is shared without a collection is in none, and not gone.
  if (folders.length === 0) return;
  /** What the last look saw: path → bytes. */
  let before = new Map<string, number>();
  let gone = new Set<string>();
  const said = new Map<string, string>();
  let tookMs = 0;
  while (!signal.aborted) {
    await wait(Math.max(everyMs, tookMs * restPerLook), undefined, { signal }).catch(() => {});
    const seen = new Map<string, number>();
    const found: FoundAlbum[] = [];
    let isWhole = true;
    const startedMs = performance.now();
    for (const folder of folders) {
      if (signal.aborted) return;
      try {
        for (const album of (await findAlbums(folder, scan, signal)).albums) {
          seen.set(album.path, album.bytes);
          found.push(album);
        }
        said.delete(folder);
      } catch (error) {
        if (signal.aborted) return;
        // A disk that is away all night is told of once, and nothing on it is gone.
        isWhole = false;
        if (said.get(folder) !== String(error)) ports.onTrouble(error, folder);
        said.set(folder, String(error));
      }
    }
    tookMs = performance.now() - startedMs;
    const missing = isWhole ? ports.shared().filter((path) => !seen.has(path)) : [];
    for (const path of missing) if (gone.has(path)) await ports.onGone(path);
    gone = new Set(missing);
    for (const album of found) {
      if (signal.aborted) return;
      const atRest = before.get(album.path) === seen.get(album.path);
      if (atRest && !ports.isKnown(album.path)) await ports.onAlbum(album);
    }
    before = seen;
  }
}
