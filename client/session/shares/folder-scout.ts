/**
 * Looks through folders at intervals for things that were added, changed or removed: albums (album-scout.ts)
 * or torrent files (seeded-folder.ts). A thing counts as added or changed once two looks in a row have found
 * it the same. Before that it may be half copied.
 *
 * Invariant: one look at a time. Looks take at most a fiftieth of the time, however large the folders are.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { SaidOnce } from './share-trouble.ts';

export interface Sighting {
  readonly path: string;
  /** Differs when anything about the thing has changed. */
  readonly stamp: string;
}

export interface FolderScoutPorts<Seen extends Sighting> {
  /** Lists what the folder holds. Throws when it cannot be listed: then nothing in it counts as removed. */
  readonly look: (folder: string, signal: AbortSignal) => Promise<readonly Seen[]>;
  /** Whether the thing is shared now or was given up permanently. */
  readonly isKnown: (path: string) => boolean;
  /** Unknown things, at every look until they are known. Never rejects. */
  readonly onNew: (seen: readonly Seen[]) => Promise<void>;
  /** A known thing has changed since it was last reported. Never rejects. */
  readonly onChanged: (seen: Seen) => Promise<void>;
  /** The paths that are shared now. */
  readonly shared: () => readonly string[];
  /** Two looks in a row have not found it. */
  readonly onGone: (path: string) => Promise<void>;
  readonly onTrouble: (error: unknown, folder: string) => void;
}

export interface FolderScoutOptions {
  readonly folders: readonly string[];
  /** The stamps of things that are known from the start. */
  readonly known: Iterable<Sighting>;
  readonly signal: AbortSignal;
  /** For tests. */
  readonly everyMs?: number | undefined;
}

/**
 * Longer than the pauses of copying programs between two files. A user who has just copied an album waits for
 * twice this time.
 */
const lookEveryMs = 5_000;
/** A look takes at most a fiftieth of the time: after one of a second come fifty of rest. */
const restPerLook = 50;

/** Runs until the signal is aborted. Returns at once if there are no folders. Never rejects. */
export async function scoutFolders<Seen extends Sighting>(
  { folders, known, signal, everyMs = lookEveryMs }: FolderScoutOptions,
  ports: FolderScoutPorts<Seen>,
): Promise<void> {
  // Without folders, shared things are not in any of them, so they must not count as removed.
  if (folders.length === 0) return;
  /** Path → stamp: as last reported, and as seen by the last look. */
  const told = new Map([...known].map(({ path, stamp }) => [path, stamp]));
  let before = new Map<string, string>();
  let gone = new Set<string>();
  const said = new SaidOnce();
  let tookMs = 0;
  while (!signal.aborted) {
    await wait(Math.max(everyMs, tookMs * restPerLook), undefined, { signal }).catch(() => {});
    const seen = new Map<string, Seen>();
    let isWhole = true;
    const startedMs = performance.now();
    for (const folder of folders) {
      if (signal.aborted) return;
      try {
        for (const one of await ports.look(folder, signal)) seen.set(one.path, one);
        said.forget(folder);
      } catch (error) {
        if (signal.aborted) return;
        // A disk that is unplugged all night is reported once, and nothing on it counts as removed.
        isWhole = false;
        if (said.isNews(folder, String(error))) ports.onTrouble(error, folder);
      }
    }
    tookMs = performance.now() - startedMs;
    const missing = isWhole ? ports.shared().filter((path) => !seen.has(path)) : [];
    for (const path of missing) if (gone.has(path)) await ports.onGone(path);
    gone = new Set(missing);
    const atRest = [...seen.values()].filter(({ path, stamp }) => before.get(path) === stamp);
    before = new Map([...seen.values()].map(({ path, stamp }) => [path, stamp]));
    const unknown = atRest.filter(({ path }) => !ports.isKnown(path));
    for (const one of atRest) {
      const isChanged = ports.isKnown(one.path) && told.get(one.path) !== one.stamp;
      told.set(one.path, one.stamp);
      if (isChanged && !signal.aborted) await ports.onChanged(one);
    }
    for (const path of told.keys()) if (isWhole && !seen.has(path)) told.delete(path);
    if (unknown.length > 0 && !signal.aborted) await ports.onNew(unknown);
  }
}
