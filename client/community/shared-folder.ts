/**
 * One shared folder, kept up to date: allowed at all, made into a torrent, remembered, watched, and made into a new version
 * when it has changed. What happens to a version (seeding, publishing, telling followers) is for whoever asked.
 *
 * Invariant: `onVersion` is called once for every version, one after the other, the first one included when it differs from
 * what was remembered.
 */
import type { CreateOptions } from '../../torrents/create.ts';
import type { HashControl } from '../../torrents/hashing/engine.ts';
import { type FolderChanges, folderChanges } from './folder-listing.ts';
import { type FolderVersion, makeVersion } from './folder-version.ts';
import { watchFolder } from './folder-watch.ts';
import { type Refused, secretFilter } from './secret-files.ts';
import { checkShare, type ShareMachine } from './share-rules.ts';
import { loadVersion, saveVersion } from './share-store.ts';

export interface SharedFolderOptions {
  readonly stateFolder: string;
  /** As for createTorrent; the same every time, or the versions differ by more than their files. */
  readonly create?: CreateOptions;
  /** A new version, and by which files it differs. When it rejects, that is trouble, and the version is made again. */
  readonly onVersion: (version: FolderVersion, changes: FolderChanges) => Promise<void>;
  readonly onTrouble: (error: unknown) => void;
  readonly settleMs?: number;
  /** Of the first version; later ones are made without a word. */
  readonly control?: HashControl;
  readonly machine?: Partial<ShareMachine>;
}

export interface SharedFolder {
  /** Where it really lies. */
  readonly path: string;
  /** The one that was told of last. */
  readonly current: FolderVersion;
  /** Keys and passwords that were left out of it. */
  readonly refused: readonly Refused[];
  /** It is watched no longer. What is remembered stays. */
  close(): Promise<void>;
}

/** Rejects with a ShareError for what may not be shared, with a CreateError for what cannot. */
export async function shareFolder(folder: string, options: SharedFolderOptions): Promise<SharedFolder> {
  const { stateFolder, onVersion, onTrouble, settleMs, create = {} } = options;
  const privateFolders = [stateFolder, ...(options.machine?.privateFolders ?? [])];
  const path = checkShare(folder, { ...options.machine, privateFolders });
  let filter = secretFilter(path);
  const wanted = (components: readonly string[]) =>
    (create.wanted?.(components) ?? true) && filter.wanted(components);
  const createOptions = { ...create, wanted };

  let current: FolderVersion | undefined = await loadVersion(stateFolder, path);
  const makeNext = async (control: HashControl) => {
    const before = current;
    const version = await makeVersion(path, createOptions, before, control);
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
    ...{ scan: createOptions, known: first.listing, onTrouble, settleMs },
    onChange: async (signal) => {
      filter = secretFilter(path);
      await makeNext({ signal });
    },
  });
  return {
    path,
    get current() {
      return current ?? first;
    },
    get refused() {
      return filter.refused();
    },
    close: () => watcher.close(),
  };
}
