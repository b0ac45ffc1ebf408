/**
 * Whether the files to be seeded are what the torrent describes: remembered from an earlier run, or hashed.
 */
import type { HashControl } from '../../../torrents/hashing/engine.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { hasPiece } from '../../../torrents/piece-set.ts';
import { type FilePaths, locateFiles, verifyTorrent } from '../../../torrents/verify.ts';
import { ClientError } from '../client-error.ts';
import { type FileStamp, sameStamp, stampFrom } from '../disk/file-stamp.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { realFiles } from '../disk/real-files.ts';
import { asPromise, orUndefined, type Steps } from '../disk/steps.ts';
import type { ResumeStore } from '../resume/resume-store.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import { TorrentFiles } from '../storage/torrent-files.ts';

export interface Share {
  readonly pathOf: FilePaths;
  readonly files: TorrentFiles;
  /** The stamps of the files, by index. */
  readonly stamps: readonly (FileStamp | undefined)[];
}

/** Finds the files of a share. `at` is the shared folder or file, or the folder that contains it. */
export async function lookAtShare(
  metainfo: Metainfo,
  at: string,
  fs: FileSystem = realFiles,
): Promise<Share> {
  const pathOf = locateFiles(metainfo, at);
  const stored = metainfo.files.map((file): StoredFile | undefined => {
    const finalPath = file.isPad ? undefined : pathOf(file);
    if (finalPath === undefined) return undefined;
    const place = {
      finalPath,
      partPath: finalPath,
      state: 'foreign' as const,
      seen: undefined,
      lost: undefined,
    };
    return { ...place, file, isWanted: true, missingBytes: 0 };
  });
  const files = new TorrentFiles(metainfo.layout, metainfo.geometry, stored, undefined, fs);
  const stamps = await Promise.all(stored.map((file) => file && asPromise(lookAt(fs, file))));
  return { pathOf, files, stamps };
}

/** Links that the owner put there are followed, but a file behind one is not remembered. */
function* lookAt(fs: FileSystem, file: StoredFile): Steps<FileStamp | undefined> {
  const { finalPath } = file;
  const stat = yield* orUndefined(fs.later.lstat(finalPath));
  const followed = stat?.isSymbolicLink() ? yield* orUndefined(fs.later.stat(finalPath)) : stat;
  file.seen = stampFrom(followed);
  return stampFrom(stat);
}

/** The share was complete and correct in the last run, and every file still looks the same. */
export async function isRemembered(
  metainfo: Metainfo,
  files: TorrentFiles,
  stamps: readonly (FileStamp | undefined)[],
  store: ResumeStore | undefined,
): Promise<boolean> {
  const record = await store?.load(metainfo.infoHash, files.rootPath, files.files.length);
  if (record === undefined) return false;
  for (const i of metainfo.geometry.pieces()) {
    if (!hasPiece(record.have, i)) return false;
  }
  return files.files.every((file, i) => file === undefined || sameStamp(stamps[i], record.stamps[i]));
}

/** Hashes everything. Rejects with a ClientError that names the first wrong file. */
export async function checkShare(metainfo: Metainfo, pathOf: FilePaths, control: HashControl): Promise<void> {
  const { ok, files } = await verifyTorrent(metainfo, pathOf, control);
  if (ok) return;
  // A missing or truncated file makes pieces of its neighbours wrong, so it is the one to name.
  const wrongSize = files.filter((file) => file.missing || file.tooShort || file.tooLong);
  const bad = wrongSize.length > 0 ? wrongSize : files.filter((file) => !file.ok);
  const first = bad[0]!;
  const path = first.diskPath ?? first.path;
  const others = bad.length === 1 ? '' : ` (and ${bad.length - 1} more)`;
  const mayBeRaw = first.missing && metainfo.files[first.index]?.rawPath !== undefined;
  const message = `${path} ${faultOf(first)}${others}`;
  throw new ClientError(first.missing ? 'not-found' : 'data-mismatch', message, { path, mayBeRaw });
}

function faultOf(file: {
  readonly missing: boolean;
  readonly tooShort: boolean;
  readonly tooLong: boolean;
}): string {
  if (file.missing) return 'is missing';
  if (file.tooShort) return 'is too short';
  return file.tooLong ? 'is too long' : 'differs';
}
