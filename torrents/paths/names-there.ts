/**
 * Gives the files of a torrent the names of existing files in the download folder, if they differ only in
 * Unicode normalization form. Otherwise an album would be downloaded again beside the old files, under names
 * that look the same.
 *
 * Invariant: nothing is renamed. Only folders and plain files are matched, not symbolic links.
 */
import { resolve } from 'node:path';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { DiskNames } from './disk-names.ts';

/** The same torrent, with disk paths that match `folder`. */
export function withNamesThere(metainfo: Metainfo, folder: string): Metainfo {
  const { layout } = metainfo;
  const names = new DiskNames(layout);
  const root = resolve(folder);
  // Most downloads end here: the torrent's own folder does not exist yet, so no other folder is listed.
  if (names.entry(root, layout.rootName) === undefined) return metainfo;
  const paths = layout.files.map(({ isPad, diskPath }) => (isPad ? diskPath : names.target(root, diskPath)));
  const isAsInTorrent = layout.files.every(({ diskPath }, index) =>
    diskPath.every((name, depth) => paths[index]?.[depth] === name),
  );
  if (isAsInTorrent) return metainfo;
  const there = layout.at(paths);
  return { ...metainfo, layout: there, files: there.files };
}
