/**
 * What lies in the places of a torrent's files before its download starts. A different file is refused by
 * name, unless it is unwanted. Only sizes are compared here; found-pieces.ts compares the bytes.
 */
import path from 'node:path';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { ClientError, differsFromTorrent } from '../client-error.ts';
import type { Beneath } from '../disk/beneath.ts';
import { sameFile, stampFrom, stampOf } from '../disk/file-stamp.ts';
import type { FileStats, FileSystem } from '../disk/file-system.ts';
import { removeOwn } from '../disk/part-file.ts';
import { orUndefined, type Steps, together, waitFor } from '../disk/steps.ts';
import { SideFile } from '../storage/side-file.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import { TorrentFiles } from '../storage/torrent-files.ts';
import type { Upgrade } from '../upgrade.ts';
import { refuseLink } from './refused-folders.ts';

/** Which files are looked for, and where. */
export interface FilesToFind {
  readonly metainfo: Metainfo;
  readonly folder: string;
  readonly fs: FileSystem;
  readonly isWanted: (file: TorrentFile) => boolean;
  /** Another torrent is fetching the file: what lies there is not ours, and the file is not wanted. */
  readonly isLeft: (file: TorrentFile) => boolean;
  readonly upgrade: Upgrade | undefined;
}

export class FoundFiles {
  readonly #about: FilesToFind;
  /** By file index; undefined for pad files. */
  readonly #stored: (StoredFile | undefined)[] = [];
  /** Folders of the torrent that are not links. */
  readonly #plainFolders = new Set<string>();
  #isAnyThere = false;

  private constructor(about: FilesToFind) {
    this.#about = about;
  }

  /** Throws a ClientError when something else is in the way. */
  static *lookFor(about: FilesToFind): Steps<FoundFiles> {
    const found = new FoundFiles(about);
    for (const file of about.metainfo.files) {
      found.#stored.push(file.isPad ? undefined : yield* found.#inspect(file));
    }
    return found;
  }

  /** Some file exists that may belong to the torrent. */
  get isAnyThere(): boolean {
    return this.#isAnyThere;
  }

  /** Records the identity of each existing file: from now on only this very file counts. */
  *settle(beneath: Beneath): Steps<TorrentFiles> {
    const { metainfo, upgrade } = this.#about;
    if (upgrade !== undefined && (yield* waitFor(upgrade.makeReady(this.#stored, beneath))))
      this.#isAnyThere = true;
    const { geometry, layout, infoHash } = metainfo;
    const sideFile = (rootPath: string) => new SideFile(rootPath, infoHash, layout, geometry);
    const files = new TorrentFiles(layout, geometry, this.#stored, { beneath, sideFile });
    yield* dropSecondNames(files, beneath);
    yield* rememberLooks(files);
    return files;
  }

  *#inspect(file: TorrentFile): Steps<StoredFile> {
    const { metainfo, folder, isWanted, isLeft, upgrade } = this.#about;
    yield* this.#refuseLinks(file);
    const stored: StoredFile = {
      file,
      finalPath: path.join(folder, ...file.diskPath),
      partPath: path.join(folder, ...metainfo.layout.partPath(file.index)),
      replaces: upgrade?.replaced.get(file.index),
      isWanted: isWanted(file),
      missingBytes: file.bytes,
      state: 'part',
      seen: undefined,
      lost: undefined,
    };
    const isThere = (yield* this.#inspectFinal(stored)) ?? (yield* this.#inspectPart(stored));
    if (isLeft(file)) stored.state = 'side';
    else if (isThere) this.#isAnyThere = true;
    return stored;
  }

  *#refuseLinks({ diskPath }: TorrentFile): Steps<void> {
    for (let depth = 1; depth < diskPath.length; depth++) {
      const at = path.join(this.#about.folder, ...diskPath.slice(0, depth));
      if (this.#plainFolders.has(at)) continue;
      yield* refuseLink(this.#about.fs, at);
      this.#plainFolders.add(at);
    }
  }

  /**
   * Whether the file has its final name; undefined when the name is free, or the earlier version's file there
   * may be replaced.
   */
  *#inspectFinal(stored: StoredFile): Steps<boolean | undefined> {
    const { finalPath, replaces, file, isWanted } = stored;
    const final = replaces === undefined ? yield* statOrUndefined(this.#about.fs, finalPath) : undefined;
    if (final === undefined) return undefined;
    const isOfSize = final.isFile() && Number(final.size) === file.bytes;
    if (!isOfSize && isWanted) throw differsFromTorrent(finalPath);
    stored.state = isOfSize ? 'foreign' : 'side';
    return isOfSize;
  }

  /** Whether there is a part file with any bytes. */
  *#inspectPart(stored: StoredFile): Steps<boolean> {
    const { partPath, file, isWanted } = stored;
    const isStale = this.#about.upgrade?.stale.has(file.index) ?? false;
    const part = isStale ? undefined : yield* statOrUndefined(this.#about.fs, partPath);
    if (part === undefined) {
      stored.state = isWanted ? 'part' : 'side';
      return false;
    }
    // Our part files are regular files with one name, and never larger than the final file.
    if (!part.isFile() || part.nlink !== 1n || part.size > file.bytes) throw differsFromTorrent(partPath);
    return part.size > 0;
  }
}

/**
 * Undefined when nothing is there. If a file stands in place of a folder, it belongs to another program and
 * is refused.
 */
function* statOrUndefined(fs: FileSystem, at: string): Steps<FileStats | undefined> {
  try {
    return yield* waitFor(fs.later.lstat(at));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') throw differsFromTorrent(path.dirname(at));
    throw new ClientError('unreadable', `${at} cannot be looked at: ${message}`, { path: at, cause: error });
  }
}

/** A power cut between the link and the removal that name a file leaves it with both names. */
function* dropSecondNames({ files, fs }: TorrentFiles, beneath: Beneath): Steps<void> {
  for (const file of files) {
    if (file?.state !== 'foreign') continue;
    const seen = yield* stampOf(fs, file.partPath);
    if (seen === undefined || !sameFile(seen, yield* stampOf(fs, file.finalPath))) continue;
    removeOwn({ ...file, state: 'part', seen }, beneath);
  }
}

/** Throws when a file cannot be inspected: that does not mean that it is missing. */
function* rememberLooks(files: TorrentFiles): Steps<void> {
  const { side, fs } = files;
  const own = files.files.filter((file) => file !== undefined && file.state !== 'side');
  const remember = function* (file: StoredFile): Steps<void> {
    file.seen = stampFrom(yield* statOrUndefined(fs, files.pathOf(file)));
  };
  yield* together(own.map((file) => remember(file!)));
  const stat = side && (yield* orUndefined(fs.later.lstat(side.path)));
  // Our side file is a regular file with one name.
  if (stat?.nlink === 1n) side!.place.seen = stampFrom(stat);
}
