/**
 * One shared folder, kept up to date: allowed at all, made into a torrent, remembered, watched, and made into a new version
 * when it has changed. What happens to a version (seeding, publishing, telling followers) is for whoever asked.
 *
 * Invariant: `onVersion` is called once for every version, one after the other, the first one included when it differs from
 * what was remembered. Whether the folder may be shared is asked before each look at it: it may have been moved, or become
 * a link, since the last one. Keys and password files are in no version, whenever they appear.
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
  /** As for createTorrent; the same every time, or the versions differ by more than their files. */
  readonly create?: CreateOptions;
  /** A new version, and by which files it differs. When it rejects, that is trouble, and the version is made again. */
  readonly onVersion: (version: FolderVersion, changes: FolderChanges) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
  /** A file that looks like a key or a list of passwords was left out; once for each, also of later ones. */
  readonly onLeftOut?: ((file: Skipped) => void) | undefined;
  /** They are shared like all others. */
  readonly includeSecrets?: boolean | undefined;
  readonly settleMs?: number;
  /** What belongs to it at the moment, asked before each look: for albums in albums. */
  readonly wantedNow?: ((signal?: AbortSignal) => Promise<CreateOptions['wanted']>) | undefined;
  /** It is looked at again when `touch` says so, and is not watched by itself. */
  readonly isTold?: boolean | undefined;
  /** Of the first version; later ones are made without a word. */
  readonly control?: HashControl;
  readonly machine?: Partial<ShareMachine>;
}

export interface SharedFolder {
  /** Where it really lies. */
  readonly path: string;
  /** The one that was told of last. */
  readonly current: FolderVersion;
  /** Keys and passwords that are left out of it. */
  readonly leftOut: readonly Skipped[];
  /** Something in it may have changed. */
  touch(): void;
  /** It is watched no longer. What is remembered stays. */
  close(): Promise<void>;
}

/** Rejects with a ShareError for what may not be shared, with a CreateError for what cannot. */
export async function shareFolder(folder: string, options: SharedFolderOptions): Promise<SharedFolder> {
  const { stateFolder, onVersion, onTrouble, settleMs, includeSecrets = false, create = {} } = options;
  const privateFolders = [stateFolder, ...(options.machine?.privateFolders ?? [])];
  const check = (at: string) => checkShare(at, { ...options.machine, privateFolders }, { includeSecrets });
  const path = check(folder);
  const secrets = secretList(options.onLeftOut);
  const createOptions = { ...create, secretOf: includeSecrets ? undefined : secrets.secretOf };

  let current: FolderVersion | undefined = await loadVersion(stateFolder, path);
  /** Where it was judged is where it has to be: behind a link it may be anything. */
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
    // Touched, or written again with the same bytes: nobody needs to hear of it.
    const isNew =
      before === undefined || Buffer.compare(before.metainfo.infoHash, version.metainfo.infoHash) !== 0;
    if (isNew) await onVersion(version, folderChanges(before?.listing ?? new Map(), version.listing));
    current = version;
    // The next start has more to hash without it, and nothing else is lost.
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

/** What the last look at the folder has left out; each is told of once, as long as it stays. */
function secretList(onLeftOut: ((file: Skipped) => void) | undefined) {
  let before = new Set<string>();
  let found = new Map<string, Skipped>();
  return {
    /** Before each look. */
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
