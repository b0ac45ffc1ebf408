/**
 * Where the files of a torrent go in a folder in which some lie already: under the names that are there, in whichever
 * Unicode form, so that an album is not fetched beside itself under names that look the same.
 *
 * Invariant: nothing is renamed. Only names in another form differ from those of the torrent; folders and plain files take
 * part, links do not.
 */
import { resolve } from 'node:path';
import type { Metainfo } from '../metainfo/metainfo.ts';
import { DiskNames } from './disk-names.ts';

/** The same torrent, with the disk paths that fit `folder`. */
export function withNamesThere(metainfo: Metainfo, folder: string): Metainfo {
  const { layout } = metainfo;
  const names = new DiskNames(layout);
  const root = resolve(folder);
  // Most downloads: nothing of it is there, and no other folder is looked into.
  if (names.entry(root, layout.rootName) === undefined) return metainfo;
  const paths = layout.files.map(({ isPad, diskPath }) => (isPad ? diskPath : names.target(root, diskPath)));
  const isAsInTorrent = layout.files.every(({ diskPath }, index) =>
    diskPath.every((name, depth) => paths[index]?.[depth] === name),
  );
  if (isAsInTorrent) return metainfo;
  const there = layout.at(paths);
  return { ...metainfo, layout: there, files: there.files };
}
