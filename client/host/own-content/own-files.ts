/**
 * The files of a stopped torrent on the disk: whole files, part files, and the side file. Links, what lies
 * behind them, and files of another size do not belong to the torrent.
 */
import { lstatSync, type Stats } from 'node:fs';
import path from 'node:path';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { locateFiles } from '../../../torrents/paths/locate.ts';
import { withNamesThere } from '../../../torrents/paths/names-there.ts';
import { sideFileName } from '../storage/side-file.ts';

export interface OwnFile {
  readonly at: string;
  readonly bytes: number;
  /** The index of the whole file; undefined for part files and the side file. */
  readonly fileIndex: number | undefined;
}

export interface OwnContent {
  readonly files: readonly OwnFile[];
  /** The folder that contains the torrent's own folder or file. */
  readonly parent: string;
  /** The torrent's own folder or file. */
  readonly root: string;
}

/**
 * `place`: the folder it was downloaded into; for a share, its own folder or file, or the folder that
 * contains it.
 */
export function ownContent(metainfo: Metainfo, place: string): OwnContent {
  const at = path.resolve(place);
  const whole = wholeFiles(metainfo, at);
  const begun = begunFiles(metainfo, at);
  const isRoot = whole.some(({ at: file, depth }) => depthBelow(at, file) < depth);
  const [parent, name] = isRoot
    ? [path.dirname(at), path.basename(at)]
    : [at, withNamesThere(metainfo, at).layout.rootName];
  const links = new LinksOnWay(at);
  const files = [...whole.map(({ depth, ...file }) => file), ...begun].filter(
    (file) => !links.leadTo(file.at),
  );
  return {
    files: [...new Map(files.map((file) => [file.at, file])).values()],
    parent,
    root: path.join(parent, name),
  };
}

/** Finds files below folders that are links: those do not belong to the torrent. */
class LinksOnWay {
  readonly #root: string;
  readonly #known = new Map<string, boolean>();

  constructor(root: string) {
    this.#root = root;
  }

  leadTo(file: string): boolean {
    const folder = path.dirname(file);
    // The chosen folder itself may be a link.
    if (folder === this.#root || !folder.startsWith(this.#root)) return false;
    const known = this.#known.get(folder);
    if (known !== undefined) return known;
    const isBehind = statOf(folder)?.isSymbolicLink() === true || this.leadTo(folder);
    this.#known.set(folder, isBehind);
    return isBehind;
  }
}

function wholeFiles(metainfo: Metainfo, at: string): (OwnFile & { readonly depth: number })[] {
  if (statOf(at) === undefined) return [];
  const pathOf = locateFiles(metainfo, at);
  return metainfo.files.flatMap((file) => {
    const where = file.isPad ? undefined : pathOf(file);
    const stats = where === undefined ? undefined : statOf(where);
    if (where === undefined || !stats?.isFile() || stats.size !== file.bytes) return [];
    return [{ at: where, bytes: file.bytes, fileIndex: file.index, depth: file.diskPath.length }];
  });
}

function begunFiles(metainfo: Metainfo, at: string): OwnFile[] {
  const { layout, files } = withNamesThere(metainfo, at);
  const places = files
    .filter(({ isPad }) => !isPad)
    .map((file) => ({ where: path.join(at, ...layout.partPath(file.index)), bytesMax: file.bytes }));
  const side = path.join(at, layout.rootName, sideFileName(metainfo.infoHash));
  return [...places, { where: side, bytesMax: metainfo.geometry.totalBytes }].flatMap(
    ({ where, bytesMax }) => {
      const stats = statOf(where);
      if (!stats?.isFile() || stats.size > bytesMax) return [];
      return [{ at: where, bytes: stats.size, fileIndex: undefined }];
    },
  );
}

/** The number of path components from `folder` to `file`; 0 if they are equal. */
function depthBelow(folder: string, file: string): number {
  const below = path.relative(folder, file);
  return below === '' ? 0 : below.split(path.sep).length;
}

/** Links are not followed. */
function statOf(at: string): Stats | undefined {
  return lstatSync(at, { throwIfNoEntry: false });
}
