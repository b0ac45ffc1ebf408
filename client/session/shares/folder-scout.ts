/**
 * Looks through folders again and again for things that have come, changed or gone: albums of music (album-scout.ts),
 * torrent files (seeded-folder.ts). A thing counts as there, or as changed, once two looks have found it the same: before,
 * it may be half copied.
 *
 * Invariant: one look at a time, and all of them take a small part of the time together, however large the folders are.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { SaidOnce } from './share-trouble.ts';

export interface Sighting {
  readonly path: string;
  /** Another one when anything about it has changed. */
  readonly stamp: string;
}

export interface FolderScoutPorts<Seen extends Sighting> {
  /** What the folder holds now. Throws when that cannot be told: then nothing of it is gone. */
  readonly look: (folder: string, signal: AbortSignal) => Promise<readonly Seen[]>;
  /** Whether it is shared now, or was given up for good. */
  readonly isKnown: (path: string) => boolean;
  /** Those that are not known: at every look until they are. Never rejects. */
  readonly onNew: (seen: readonly Seen[]) => Promise<void>;
  /** It is known, and looks otherwise than when it was told of last. Never rejects. */
  readonly onChanged: (seen: Seen) => Promise<void>;
  /** Those that are shared now. */
  readonly shared: () => readonly string[];
  /** It was not found any more, twice. */
  readonly onGone: (path: string) => Promise<void>;
  readonly onTrouble: (error: unknown, folder: string) => void;
}

export interface FolderScoutOptions {
  readonly folders: readonly string[];
  /** How those looked that are known from the start. */
  readonly known: Iterable<Sighting>;
  readonly signal: AbortSignal;
  /** Another pace for tests. */
  readonly everyMs?: number | undefined;
}

/** Copying programs pause for less between two files, and people who have just copied an album wait for twice of it. */
const lookEveryMs = 5_000;
/** A look takes a fiftieth of the time at most: one of a second is followed by a rest of fifty. */
const restPerLook = 50;

/** Until the signal is aborted, or at once where there is no folder to look at; never rejects. */
export async function scoutFolders<Seen extends Sighting>(
  { folders, known, signal, everyMs = lookEveryMs }: FolderScoutOptions,
  ports: FolderScoutPorts<Seen>,
): Promise<void> {
  // What is shared without a folder of such things is in none, and not gone.
  if (folders.length === 0) return;
  /** By path the stamp: of those that were told of, and what the last look saw. */
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
        // A disk that is away all night is told of once, and nothing on it is gone.
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
