/**
 * Finds the files of a torrent in a folder that is there: under the names that Cicada gives them, under the same names in
 * another Unicode form (macOS and many programs take `é` apart, others do not), or in the bytes of an older encoding.
 *
 * Invariant: another name is taken only where the torrent's own is missing and where there is one that it can be: no two
 * files of a torrent are found in one place of the disk that is not the name of either.
 * Left to others: what is in the files (verify.ts).
 */
import { basename, join, resolve } from 'node:path';
import type { FileLayout, TorrentFile } from '../metainfo/file-layout.ts';
import { VerifyError } from '../verify-error.ts';
import { count } from '../wording.ts';
import { DiskNames, lossyName, statOf } from './disk-names.ts';

/** Where a file of the torrent lies; undefined when it lies nowhere. */
export type FilePaths = (file: TorrentFile) => string | undefined;

const nowhere: FilePaths = () => undefined;

/** How many files are looked for to tell the shared folder from the folder that holds it. */
const probesMax = 64;

/** The shared folder or file, or the folder that holds it → where each file lies. Throws VerifyError. */
export function locateFiles({ layout }: { readonly layout: FileLayout }, path: string): FilePaths {
  const root = resolve(path);
  const stats = statOf(root);
  if (stats === undefined) throw new VerifyError('verify-path-missing', `${root} does not exist`, root);
  const names = new DiskNames(layout);
  // Where Cicada puts it, and where its publisher has it: one may be hidden.
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
  // On a tie, most likely because nothing is there at all, the name of the folder decides.
  const isItself = tops.some((top) => top.normalize() === basename(root).normalize());
  return fittest(layout, isItself ? [inside, ...belows] : [...belows, inside]);
}

/**
 * Where a file lies that is called by the bytes in the torrent, which are no text of UTF-8: only as bytes can its path be
 * opened. Undefined when there is none.
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

/** The place with most of the files, and of their sizes; the first one on a tie. */
function fittest(layout: FileLayout, places: readonly FilePaths[]): FilePaths {
  const probes = layout.files.filter((file) => !file.isPad).slice(0, probesMax);
  const scoreOf = (pathOf: FilePaths) => {
    const files = probes.flatMap((file) => {
      const path = pathOf(file);
      const stats = path === undefined ? undefined : statOf(path);
      return stats?.isFile() ? [{ isWhole: stats.size === file.bytes }] : [];
    });
    // Missing files weigh more than cut ones.
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
