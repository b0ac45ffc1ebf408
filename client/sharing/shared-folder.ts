/**
 * Keeps one shared folder up to date: checks that it may be shared, makes its torrent, remembers it, watches
 * the folder, and makes a new version when it has changed. The caller decides what to do with a version (seed
 * it, publish it, notify followers).
 *
 * Invariant: `onVersion` is called once per version, one call at a time, and for the first version if it
 * differs from the remembered one. Before each look, the folder is checked again, because it may have been
 * moved or replaced by a link. No version contains keys or password files, unless `includeSecrets` allows
 * them.
 */
import type { CreateOptions, Skipped } from '../../torrents/create/create.ts';
import type { HashControl } from '../../torrents/hashing/engine.ts';
import { ShareError } from '../account/share-error.ts';
import { type FolderChanges, folderChanges } from './folder-listing.ts';
import { type FolderVersion, makeVersion } from './folder-version.ts';
import { watchFolder } from './folder-watch.ts';
import { secretOf } from './secret-files.ts';
import { checkShare, type ShareMachine } from './share-rules.ts';
import { loadVersion, saveVersion } from './share-store.ts';

export interface SharedFolderOptions {
  readonly stateFolder: string;
  /** Options of createTorrent. They must stay the same, or versions differ in more than their files. */
  readonly create?: CreateOptions;
  /**
   * A new version, and the files by which it differs. If it rejects, that is trouble, and the version is made
   * again.
   */
  readonly onVersion: (version: FolderVersion, changes: FolderChanges) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
  /**
   * A file that looks like a key or a list of passwords was left out. Called once per file, also for files
   * that appear later.
   */
  readonly onLeftOut?: ((file: Skipped) => void) | undefined;
  /** Shares such files like all others. */
  readonly includeSecrets?: boolean | undefined;
  readonly settleMs?: number;
  /** The files that belong to the folder now, asked before each look. Used for albums inside albums. */
  readonly wantedNow?: ((signal?: AbortSignal) => Promise<CreateOptions['wanted']>) | undefined;
  /** The folder is looked at when `touch` is called, and has no watcher of its own. */
  readonly isTold?: boolean | undefined;
  /** Progress and limits of hashing the first version. Later versions are made without progress. */
  readonly control?: HashControl;
  readonly machine?: Partial<ShareMachine>;
}

export interface SharedFolder {
  /** The real path. */
  readonly path: string;
  /** The version that was reported last. */
  readonly current: FolderVersion;
  /** Keys and password files that were left out. */
  readonly leftOut: readonly Skipped[];
  /** Something in the folder may have changed. */
  touch(): void;
  /** Stops watching. The record stays. */
  close(): Promise<void>;
}

/**
 * Rejects with a ShareError if the folder may not be shared, and with a CreateError if no torrent can be made
 * of it.
 */
export async function shareFolder(folder: string, options: SharedFolderOptions): Promise<SharedFolder> {
  const { stateFolder, onVersion, onTrouble, settleMs, includeSecrets = false, create = {} } = options;
  const privateFolders = [stateFolder, ...(options.machine?.privateFolders ?? [])];
  const check = (at: string) => checkShare(at, { ...options.machine, privateFolders }, { includeSecrets });
  const path = check(folder);
  const secrets = secretList(options.onLeftOut);
  const createOptions = { ...create, secretOf: includeSecrets ? undefined : secrets.secretOf };

  let current: FolderVersion | undefined = await loadVersion(stateFolder, path);
  /** The real path must not change: if it has become a link, its target was never checked. */
  const beforeLook = async (signal?: AbortSignal) => {
    const now = check(path);
    const wanted = (await options.wantedNow?.(signal)) ?? createOptions.wanted;
    if (now === path) {
      secrets.startAnew();
      return { wanted };
    }
    const message = `${path} has become a link to ${now}: it is not shared any more`;
    throw new ShareError('share-moved', message, { path });
  };
  const makeNext = async (control: HashControl) => {
    const before = current;
    const now = { ...createOptions, ...(await beforeLook(control.signal)) };
    const version = await makeVersion(path, now, before, control);
    // No new version when files were touched, or written again with the same bytes.
    const isNew =
      before === undefined || Buffer.compare(before.metainfo.infoHash, version.metainfo.infoHash) !== 0;
    if (isNew) await onVersion(version, folderChanges(before?.listing ?? new Map(), version.listing));
    current = version;
    // If this fails, the next start has more to hash. Nothing else is lost.
    await saveVersion(stateFolder, path, version).catch(onTrouble);
    return version;
  };
  const first = await makeNext(options.control ?? {});

  const watcher = watchFolder(path, {
    ...{ scan: createOptions, known: first.listing, onTrouble, settleMs, beforeLook },
    isTold: options.isTold,
    onChange: async (signal) => {
      await makeNext({ signal });
    },
  });
  return {
    path,
    get current() {
      return current ?? first;
    },
    get leftOut() {
      return secrets.all();
    },
    touch: () => watcher.touch(),
    close: () => watcher.close(),
  };
}

/** Collects the files that the last look left out. Each is reported once while it stays. */
function secretList(onLeftOut: ((file: Skipped) => void) | undefined) {
  let before = new Set<string>();
  let found = new Map<string, Skipped>();
  return {
    /** To be called before each look. */
    startAnew: () => {
      before = new Set(found.keys());
      found = new Map();
    },
    secretOf: (path: string, bytes: number): string | undefined => {
      const looksLike = secretOf(path, bytes);
      if (looksLike === undefined || found.has(path)) return looksLike;
      const file: Skipped = { path, reason: 'secret', looksLike };
      found.set(path, file);
      if (!before.has(path)) onLeftOut?.(file);
      return looksLike;
    },
    all: () => [...found.values()],
  };
}
