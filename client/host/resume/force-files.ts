/** Forces files of a torrent, and the names of new files, to the disk (fsync). */
import path from 'node:path';
import { codeOf, troubleOf } from '../disk/disk-errors.ts';
import { sameFile, stampFrom } from '../disk/file-stamp.ts';
import type { OpenedFile } from '../disk/file-system.ts';
import { type DiskFile, openedPath } from '../disk/part-file.ts';
import { orUndefined, type Steps, waitFor } from '../disk/steps.ts';
import { syncFolder } from '../disk/sync-folder.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';

/** `missing`: the file is not in its place. `failed`: it may be there, and is not forced to the disk. */
export function* forceFile(files: TorrentFiles, at: DiskFile): Steps<'forced' | 'missing' | 'failed'> {
  let handle: OpenedFile | undefined;
  try {
    // The file may get its final name between the choice of the path and the open, so a second try opens the
    // same file.
    handle = (yield* openOwn(files, at)) ?? (yield* openOwn(files, at));
  } catch {
    return 'failed';
  }
  if (handle === undefined) return 'missing';
  const { unforced } = files;
  const mark = unforced.begin(at);
  try {
    yield* waitFor(handle.sync());
    unforced.end(at);
    unforced.onForced(at, mark);
    return 'forced';
  } catch (error) {
    unforced.end(at);
    files.onSyncFailed(at, troubleOf(error));
    return 'failed';
  } finally {
    yield* orUndefined(handle.close());
  }
}

/** Undefined: the file is gone, or another file has its place. */
function* openOwn({ fs }: TorrentFiles, at: DiskFile): Steps<OpenedFile | undefined> {
  let handle: OpenedFile;
  try {
    handle = yield* waitFor(fs.later.open(openedPath(at), 'read'));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
  let isOurs = false;
  try {
    // An error here is thrown: a disk that does not answer has not lost the file.
    isOurs = sameFile(stampFrom(yield* waitFor(handle.stat())), at.seen);
  } finally {
    if (!isOurs) yield* orUndefined(handle.close());
  }
  return isOurs ? handle : undefined;
}

/** Forces the names in folders to the disk, because a power cut can undo the naming of a file. */
export class ForcedFolders {
  readonly #files: TorrentFiles;
  /** Folders whose own names were forced to the disk. Once is enough. */
  readonly #named = new Set<string>();

  constructor(files: TorrentFiles) {
    this.#files = files;
  }

  *force(folders: ReadonlySet<string>): Steps<void> {
    for (const folder of folders) yield* syncFolder(this.#files.fs, folder);
    yield* this.#forceAbove(folders);
  }

  /** The folders above, too: a new folder that is lost takes all files in it along. */
  *#forceAbove(folders: ReadonlySet<string>): Steps<void> {
    const { beneath, fs } = this.#files;
    const top = beneath && path.dirname(beneath.root);
    if (top === undefined) return;
    const above = new Set<string>();
    for (const folder of folders) {
      for (let at = path.resolve(folder); at !== top && path.dirname(at) !== at; at = path.dirname(at)) {
        if (this.#named.has(at)) break;
        this.#named.add(at);
        above.add(path.dirname(at));
      }
    }
    for (const folder of above) yield* syncFolder(fs, folder);
  }
}
