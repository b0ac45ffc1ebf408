/**
 * Folders that are refused for downloads: unwritable ones, folders of the torrent that are links, and hidden
 * ones with other content. Nothing is changed in any of them.
 */
import path from 'node:path';
import { makeFolders } from '../../../torrents/make-folders.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { foldName } from '../../../torrents/paths/name-folding.ts';
import { ClientError, cannotWrite } from '../client-error.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { orUndefined, type Steps, waitFor } from '../disk/steps.ts';
import type { TorrentFiles } from '../storage/torrent-files.ts';

export function* refuseUnwritable(fs: FileSystem, folder: string): Steps<void> {
  // The folder may not exist yet: its nearest existing ancestor must be a writable folder.
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const stat = yield* orUndefined(fs.later.stat(at));
    if (stat === undefined) {
      if (path.dirname(at) === at) return;
      continue;
    }
    if (!stat.isDirectory()) {
      throw new ClientError('not-a-folder', `${at} is not a folder`, { path: at });
    }
    if (yield* waitFor(fs.later.mayMakeIn(at))) return tryMaking(fs, folder);
    throw new ClientError('folder-not-writable', `${at} cannot be written to`, { path: at });
  }
}

/**
 * Only an attempt shows whether the folder can be made, and it is better made now than with the first piece.
 * The new folders are removed again.
 */
function tryMaking(fs: FileSystem, folder: string): void {
  try {
    for (const made of makeFolders(folder, undefined, fs).reverse()) fs.rmdir(made);
  } catch (error) {
    throw cannotWrite(path.resolve(folder), error);
  }
}

/** A folder of the torrent that is a link would redirect the download. */
export function* refuseLink(fs: FileSystem, folder: string): Steps<void> {
  const isLink = (yield* orUndefined(fs.later.lstat(folder)))?.isSymbolicLink() ?? false;
  if (!isLink) return;
  throw new ClientError('unsafe-link', `${folder} is a link that leads elsewhere`, { path: folder });
}

/**
 * `...And Justice for All` is an album title and also a hidden name. Such a folder is accepted if a record
 * says that it is ours, or if it contains only files of this torrent. Other hidden names are never used
 * (path-rules.ts).
 */
export function* refuseHiddenFolder(
  { layout, files }: Metainfo,
  { rootPath, side, fs }: TorrentFiles,
): Steps<void> {
  if (layout.isSingleFile || !layout.rootName.startsWith('.')) return;
  const there = (yield* orUndefined(fs.later.readdir(rootPath))) ?? [];
  if (there.length === 0) return;
  const real = files.filter(({ isPad }) => !isPad);
  const own = real.flatMap(({ diskPath, index }) => [diskPath[1]!, layout.partPath(index)[1]!]);
  const ours = new Set([...own, path.basename(side?.path ?? '')].map(foldName));
  const strange = there.find((name) => !ours.has(foldName(name)));
  if (strange === undefined) return;
  const message = `${rootPath} is a hidden folder that holds other things (${strange}): nothing goes into it`;
  throw new ClientError('exists', message, { path: rootPath, obstacle: 'hidden-folder' });
}
