/**
 * A new version of a folder that exists already. Files with the same v2 root are taken from the disk and not
 * downloaded, files with another root replace those of the earlier version, and files that the new version
 * lacks stay where they are.                                                                           BEP 52
 *
 * Invariant: only a file of the earlier version is replaced, byte for byte; any other file in the way is
 * refused as usual. Nothing is changed before all new bytes are there and verified.
 *
 * Left to others: whether the new version is from the same publisher (torrents/release/version-signature.ts).
 */
import fs from 'node:fs';
import path from 'node:path';
import { latin1 } from '../../torrents/byte-text.ts';
import type { HashControl } from '../../torrents/hashing/engine.ts';
import type { TorrentFile } from '../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { addPiece, hasPiece, noPieces } from '../../torrents/piece-set.ts';
import { verifyTorrent } from '../../torrents/verify.ts';
import { ClientError } from './client-error.ts';
import { lookAtShare } from './content/share-check.ts';
import type { Beneath } from './disk/beneath.ts';
import { codeOf } from './disk/disk-errors.ts';
import { type FileStamp, sameStamp, stampOf } from './disk/file-stamp.ts';
import { realFiles } from './disk/real-files.ts';
import { asPromise } from './disk/steps.ts';
import type { ResumeRecord, ResumeStore } from './resume/resume-store.ts';
import type { StoredFile } from './storage/stored-file.ts';

export interface UpgradeFrom {
  /** The metainfo of the earlier version. */
  readonly metainfo: Metainfo;
  /** The earlier version's own folder or file, or the folder that contains it. */
  readonly path: string;
}

export interface Upgrade {
  /**
   * By index: files of the new version that take the place of an earlier version's file, with that file's
   * stamp.
   */
  readonly replaced: ReadonlyMap<number, FileStamp>;
  /** What is known without hashing of the files that stay, as a record of the new version. */
  readonly record: ResumeRecord | undefined;
  /** By index: new files whose place holds an incomplete part file of the earlier version's file. */
  readonly stale: ReadonlySet<number>;
  /**
   * Makes part files from files that lie elsewhere; true if there are any. Call it only after all folders on
   * the way were checked for links.
   */
  makeReady(stored: readonly (StoredFile | undefined)[], beneath: Beneath): Promise<boolean>;
}

/** Files that the new version no longer has: they stay on the disk, and the user should be told. */
export function leftBehind(earlier: Metainfo, next: Metainfo): readonly TorrentFile[] {
  const kept = new Set(
    next.files.filter((file) => !file.isPad).map(({ components }) => components.join('/')),
  );
  return earlier.files.filter((file) => !file.isPad && !kept.has(file.components.join('/')));
}

/** Only reads, and changes nothing. `folder`: the target of the new version. */
export async function planUpgrade(
  metainfo: Metainfo,
  folder: string,
  from: UpgradeFrom,
  store: ResumeStore | undefined,
  control: HashControl,
): Promise<Upgrade> {
  const earlier = from.metainfo;
  if (metainfo.format === 'v1' || earlier.format === 'v1') {
    const message = `the versions of ${metainfo.name} cannot be compared file by file: that takes torrents of v2 or hybrid ones`;
    throw new ClientError('format-not-supported', message, { missing: 'file-roots' });
  }
  const { pathOf, files, stamps } = await lookAtShare(earlier, from.path);
  const record = await store?.load(earlier.infoHash, files.rootPath, files.files.length);
  const nextAt = new Map<string, TorrentFile>();
  for (const file of metainfo.files) {
    if (!file.isPad) nextAt.set(path.resolve(folder, ...file.diskPath), file);
  }

  /** Index in the new version → index in the earlier one. */
  const kept = new Map<number, number>();
  const sources = new Map<string, string>();
  const replaced = new Map<number, FileStamp>();
  const stale = new Set<number>();
  /**
   * Files that may be the earlier version's, to be hashed: index in the earlier version → index in the new
   * one.
   */
  const doubtful = new Map<number, number>();
  for (const file of earlier.files) {
    const at = file.isPad ? undefined : pathOf(file);
    if (at === undefined) continue;
    const next = nextAt.get(path.resolve(at));
    const stamp = stamps[file.index];
    if (stamp === undefined && next !== undefined && !isSameFile(file, next)) {
      const part = await asPromise(
        stampOf(realFiles, path.resolve(folder, ...metainfo.layout.partPath(next.index))),
      );
      if (part !== undefined && part.inode === record?.stamps[file.index]?.inode) stale.add(next.index);
    }
    if (stamp === undefined || stamp.bytes !== file.bytes) continue;
    if (file.piecesRoot !== undefined) sources.set(latin1(file.piecesRoot), at);
    if (next === undefined) continue;
    if (isSameFile(file, next)) kept.set(next.index, file.index);
    else if (isRecorded(earlier, file, stamp, record)) replaced.set(next.index, stamp);
    else doubtful.set(file.index, next.index);
  }
  if (doubtful.size > 0) {
    const place = (file: TorrentFile) => (doubtful.has(file.index) ? pathOf(file) : undefined);
    for (const { index, ok } of (await verifyTorrent(earlier, place, control)).files) {
      const next = doubtful.get(index);
      if (next !== undefined && ok) replaced.set(next, stamps[index]!);
    }
  }
  return {
    replaced,
    record: record && carriedOver(metainfo, earlier, record, kept),
    stale,
    makeReady: async (stored, beneath) => {
      for (const index of stale) removePart(stored[index]!.partPath, beneath);
      return copyMoved(stored, beneath, (root) => sources.get(latin1(root)));
    },
  };
}

function isSameFile(a: TorrentFile, b: TorrentFile): boolean {
  if (a.bytes !== b.bytes) return false;
  return a.bytes === 0 || Buffer.compare(a.piecesRoot!, b.piecesRoot!) === 0;
}

/** The file was whole and correct when it was last recorded, and looks the same. */
function isRecorded(
  metainfo: Metainfo,
  file: TorrentFile,
  stamp: FileStamp,
  record: ResumeRecord | undefined,
): boolean {
  if (record === undefined || !sameStamp(stamp, record.stamps[file.index])) return false;
  return piecesOf(metainfo, file).every((piece) => hasPiece(record.have, piece));
}

/** In v2 no two files share a piece, so what is known of the pieces stays valid for the file. */
function carriedOver(
  metainfo: Metainfo,
  earlier: Metainfo,
  record: ResumeRecord,
  kept: ReadonlyMap<number, number>,
): ResumeRecord | undefined {
  if (metainfo.pieceLength !== earlier.pieceLength) return undefined;
  const have = noPieces(metainfo.geometry.pieceCount);
  const stamps: (FileStamp | undefined)[] = metainfo.files.map(() => undefined);
  for (const [index, earlierIndex] of kept) {
    const before = piecesOf(earlier, earlier.files[earlierIndex]!);
    for (const [at, piece] of piecesOf(metainfo, metainfo.files[index]!).entries()) {
      if (hasPiece(record.have, before[at]!)) addPiece(have, piece);
    }
    stamps[index] = record.stamps[earlierIndex];
  }
  return { have, stamps, clean: record.clean };
}

function piecesOf({ pieceLength }: Metainfo, { offset, bytes }: TorrentFile): number[] {
  return Array.from({ length: Math.ceil(bytes / pieceLength) }, (_, index) => offset / pieceLength + index);
}

/**
 * True when any file was copied. If a copy fails, the file is downloaded instead. Copies are hashed like all
 * existing files.
 */
async function copyMoved(
  stored: readonly (StoredFile | undefined)[],
  beneath: Beneath,
  sourceOf: (root: Uint8Array) => string | undefined,
): Promise<boolean> {
  let anything = false;
  for (const file of stored) {
    const root = file?.state === 'part' ? file.file.piecesRoot : undefined;
    const source = root && sourceOf(root);
    if (file === undefined || source === undefined || fs.existsSync(file.partPath)) continue;
    const { partPath } = file;
    try {
      await beneath.withinAsync(path.dirname(partPath), true, (folder) => {
        // Where the file system supports it, a copy takes no space until one of the two files is changed.
        const { COPYFILE_EXCL, COPYFILE_FICLONE } = fs.constants;
        const target = path.join(folder, path.basename(partPath));
        return fs.promises.copyFile(source, target, COPYFILE_EXCL | COPYFILE_FICLONE);
      });
      anything = true;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') removePart(partPath, beneath);
    }
  }
  return anything;
}

/** Does nothing when the file or its folder is missing. */
function removePart(partPath: string, beneath: Beneath): void {
  try {
    beneath.within(path.dirname(partPath), false, (folder) => {
      fs.rmSync(path.join(folder, path.basename(partPath)), { force: true });
    });
  } catch {}
}
