/**
 * Finds the files of a torrent in an existing folder: under the names that Cicada gives them, under the same
 * names in another Unicode normalization form (macOS and many programs store `é` decomposed, others
 * composed), or under the bytes of an older encoding.
 *
 * Invariant: another name is used only if the torrent's own is missing and exactly one entry of the folder
 * matches, so two files of a torrent never share a place that has neither's name. Left to others: what the
 * files contain (verify.ts).
 */
import { basename, join, resolve } from 'node:path';
import type { FileLayout, TorrentFile } from '../metainfo/file-layout.ts';
import { VerifyError } from '../verify-error.ts';
import { count } from '../wording.ts';
import { DiskNames, lossyName, statOf } from './disk-names.ts';

/** The path of a file of the torrent. Undefined if it is not on the disk. */
export type FilePaths = (file: TorrentFile) => string | undefined;

const nowhere: FilePaths = () => undefined;

/** How many files to look for to tell the shared folder from its parent folder. */
const probesMax = 64;

/** `path`: the shared folder or file, or its parent folder. Throws VerifyError. */
export function locateFiles({ layout }: { readonly layout: FileLayout }, path: string): FilePaths {
  const root = resolve(path);
  const stats = statOf(root);
  if (stats === undefined) throw new VerifyError('verify-path-missing', `${root} does not exist`, root);
  const names = new DiskNames(layout);
  // The name that Cicada gives the folder, and its publisher's name for it: one of them may be hidden.
  const [rawTop] = layout.files.find(({ rawPath }) => rawPath !== undefined)?.rawPath ?? [];
  const undecoded = rawTop === undefined ? [] : [lossyName(rawTop)];
  const tops = [...new Set([layout.rootName, layout.ownRootName, ...undecoded])];
  const belows = tops.map((top): FilePaths => {
    const usual = join(root, top);
    const place = statOf(usual) === undefined ? join(root, names.entry(root, top) ?? top) : usual;
    return layout.isSingleFile ? () => place : (file) => names.path(place, file);
  });
  if (layout.isSingleFile) return stats.isDirectory() ? fittest(layout, belows) : () => root;
  if (!stats.isDirectory()) {
    const files = layout.files.filter(({ isPad }) => !isPad).length;
    const message = `${root} is a file, and this torrent is a folder with ${count(files, 'file')}`;
    throw new VerifyError('verify-not-a-folder', message, root);
  }
  const inside: FilePaths = (file) => names.path(root, file);
  // A tie mostly means that no file exists. Then the name of the folder decides.
  const isItself = tops.some((top) => top.normalize() === basename(root).normalize());
  return fittest(layout, isItself ? [inside, ...belows] : [...belows, inside]);
}

/**
 * The path of a file whose name is stored as raw bytes that are not UTF-8. Such a path can be opened only as
 * bytes. Undefined if the torrent has no raw name for the file, or no such file exists.
 */
export function locateRaw({ layout }: { readonly layout: FileLayout }, path: string, file: TorrentFile) {
  const raw = file.rawPath;
  if (raw === undefined) return undefined;
  const root = Buffer.from(resolve(path));
  const places = layout.isSingleFile ? [raw] : [raw.slice(1), raw];
  return places
    .map((parts) => Buffer.concat([root, ...parts.flatMap((part) => [Buffer.from('/'), part])]))
    .find((place) => statOf(place)?.isFile());
}

/**
 * The place with most of the torrent's files, then with most files of the right size. The first one wins a
 * tie.
 */
function fittest(layout: FileLayout, places: readonly FilePaths[]): FilePaths {
  const probes = layout.files.filter((file) => !file.isPad).slice(0, probesMax);
  const scoreOf = (pathOf: FilePaths) => {
    const files = probes.flatMap((file) => {
      const path = pathOf(file);
      const stats = path === undefined ? undefined : statOf(path);
      return stats?.isFile() ? [{ isWhole: stats.size === file.bytes }] : [];
    });
    // A missing file weighs more than any number of files of the wrong size.
    return files.length * (probesMax + 1) + files.filter(({ isWhole }) => isWhole).length;
  };
  return places.reduce(
    (best, place) => {
      const score = scoreOf(place);
      return score > best.score ? { place, score } : best;
    },
    { place: nowhere, score: -1 },
  ).place;
}
