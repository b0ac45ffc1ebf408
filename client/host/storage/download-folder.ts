/**
 * Looks at a folder before a download goes into it: what is there already and right is adopted, what is there and
 * different is refused by name, and nothing is touched either way. Only an earlier version of the same folder makes way
 * (upgrade.ts).
 */
import path from 'node:path';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { HashControl } from '../../../torrents/hashing/engine.ts';
import { makeFolders } from '../../../torrents/make-folders.ts';
import type { TorrentFile } from '../../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { foldName } from '../../../torrents/paths/name-folding.ts';
import { addPiece, hasPiece, noPieces, removePiece } from '../../../torrents/piece-set.ts';
import { type FilePaths, verifyTorrent } from '../../../torrents/verify.ts';
import { amountsOf } from '../amounts.ts';
import { ClientError, cannotWrite } from '../client-error.ts';
import { Beneath } from '../disk/beneath.ts';
import { sameFile, sameStamp, stampFrom, stampOf } from '../disk/file-stamp.ts';
import type { FileStats, FileSystem } from '../disk/file-system.ts';
import { removeOwn } from '../disk/part-file.ts';
import { realFiles } from '../disk/real-files.ts';
import { asPromise, orUndefined, type Steps, together, waitFor } from '../disk/steps.ts';
import { recall } from '../resume/resume-recall.ts';
import type { ResumeRecord, ResumeStore } from '../resume/resume-store.ts';
import { recallSide } from '../resume/side-recall.ts';
import { planUpgrade, type Upgrade, type UpgradeFrom } from '../upgrade.ts';
import { SideFile } from './side-file.ts';
import type { StorageJobs } from './storage-job.ts';
import { strangeParts } from './strange-parts.ts';
import { type StoredFile, TorrentFiles } from './torrent-files.ts';

export interface PreparedDownload {
  readonly files: TorrentFiles;
  /** Pieces that are there and right, MSB first. */
  readonly have: Uint8Array;
  /** Files of pieces that no record tells of: their bytes were read, and may still be only in the system's memory. */
  readonly unforced?: ReadonlySet<StoredFile>;
}

/** What is needed to believe the record of an earlier run. */
export interface Memory {
  readonly store: ResumeStore;
  readonly pool: StorageJobs;
}

/** What somebody wants of it; without this, everything. */
export interface Wanted {
  readonly isWanted: (file: TorrentFile) => boolean;
  /** Another torrent is fetching it: what lies there of it is not ours, and it is not wanted. */
  readonly isLeft?: (file: TorrentFile) => boolean;
  readonly pool: StorageJobs;
}

/** Where the folder lies, and how all of a torrent is hashed there when no record tells of it. */
export interface Ground {
  readonly fs: FileSystem;
  readonly verify: (
    metainfo: Metainfo,
    place: FilePaths,
    control: HashControl,
  ) => PromiseLike<{ readonly have: Uint8Array }>;
}

const realGround: Ground = { fs: realFiles, verify: verifyTorrent };

export function prepareDownload(...about: Parameters<typeof preparing>): Promise<PreparedDownload> {
  return asPromise(preparing(...about));
}

export function* preparing(
  metainfo: Metainfo,
  folder: string,
  control: HashControl,
  memory: Memory | undefined,
  wanted?: Wanted,
  upgradeFrom?: UpgradeFrom,
  { fs, verify }: Ground = realGround,
): Steps<PreparedDownload> {
  yield* checkFolder(fs, folder);
  const upgrade =
    upgradeFrom && (yield* waitFor(planUpgrade(metainfo, folder, upgradeFrom, memory?.store, control)));
  const links = new Map<string, boolean>();
  const stored: (StoredFile | undefined)[] = [];
  let anythingThere = false;
  for (const file of metainfo.files) {
    const isWanted = wanted?.isWanted(file) ?? true;
    const found = file.isPad
      ? undefined
      : yield* lookAt(fs, file, metainfo, folder, links, isWanted, upgrade);
    if (found !== undefined && wanted?.isLeft?.(file)) {
      Object.assign(found, { isThere: false }).stored.state = 'side';
    }
    stored.push(found?.stored);
    anythingThere ||= found?.isThere ?? false;
  }
  const beneath = new Beneath(folder, fs);
  if (upgrade !== undefined && (yield* waitFor(upgrade.makeReady(stored, beneath)))) anythingThere = true;
  const { geometry, layout, infoHash } = metainfo;
  const sideFile = (rootPath: string) => new SideFile(rootPath, infoHash, layout, geometry);
  const files = new TorrentFiles(layout, geometry, stored, { beneath, sideFile });
  yield* dropSecondNames(files, beneath);
  yield* rememberLooks(files);
  const own = memory && (yield* memory.store.loading(infoHash, files.rootPath, stored.length));
  const record = own ?? upgrade?.record;
  if (record === undefined) yield* refuseHiddenFolder(metainfo, files);
  let have = noPieces(geometry.pieceCount);
  let recorded: Uint8Array | undefined;
  if (anythingThere) {
    recorded = record?.have;
    if (record !== undefined && memory !== undefined) {
      have = yield* recall(metainfo, files, record, memory.pool, control);
    } else {
      const place = (file: TorrentFile) => {
        const at = stored[file.index];
        return at && (at.state === 'side' ? undefined : files.pathOf(at));
      };
      have = new Uint8Array((yield* waitFor(verify(metainfo, place, control))).have);
    }
  }
  if (wanted !== undefined) {
    for (const file of stored) {
      if (file?.state === 'foreign' && !wanted.isWanted(file.file)) letBe(metainfo, file, have);
    }
    try {
      yield* recallSide(metainfo, files, have, wanted.pool, control);
    } catch (error) {
      throw control.signal?.aborted ? error : cannotWrite(files.rootPath, error);
    }
  }
  const strange = upgrade === undefined ? yield* strangeParts(files, have, record) : [];
  for (const part of strange) {
    if (part.isWanted) throw isDifferent(part.partPath);
    Object.assign(part, { state: 'side', seen: undefined, strange: part.seen });
  }
  const unforced = new Set<StoredFile>();
  const forced = new Uint8Array(have.length);
  const isUnchanged = stored.map((file, i) => file && sameStamp(files.seen(file), record?.stamps[i]));
  for (const pieceIndex of geometry.pieces()) {
    const isGood = hasPiece(have, pieceIndex);
    // What looks otherwise than recorded was read, and may be written since: a name given just before a kill is not forced.
    const isForced =
      recorded !== undefined &&
      hasPiece(recorded, pieceIndex) &&
      files.placesOf(pieceIndex).every(({ file }) => file === undefined || isUnchanged[file.file.index]);
    countPiece(files, pieceIndex, isGood, isForced);
    if (isGood && isForced) addPiece(forced, pieceIndex);
    if (!isGood || isForced) continue;
    for (const { file } of files.placesOf(pieceIndex)) {
      if (file !== undefined) unforced.add(file);
    }
  }
  if (memory !== undefined && !files.isWhole)
    yield* remember(memory.store.saving(infoHash, files.rootPath, begun(files, forced)));
  return { files, have, unforced };
}

/**
 * Written before the first part is made, however soon this program is killed: what is there is ours, and what comes is not
 * recorded yet. A record that went on to say `clean` would make our own torn parts another program's; so would none, where
 * one is there, and the program that made it was killed before the way to it was forced to the disk.
 */
function begun(files: TorrentFiles, have: Uint8Array): ResumeRecord {
  const strange = files.files.map((file) => file?.strange);
  const stamps = files.files.map((file) => file && files.seen(file));
  return { have, stamps, strange, amounts: amountsOf(files), clean: false };
}

/** A record that cannot be written costs the next start some hashing. */
function* remember(saving: Steps<void>): Steps<void> {
  try {
    yield* saving;
  } catch {}
}

/** A file that nobody wants and that is there all the same is adopted when it is right; otherwise it is let be. */
function letBe({ geometry }: Metainfo, stored: StoredFile, have: Uint8Array): void {
  const { offset, bytes } = stored.file;
  const first = Math.floor(offset / geometry.pieceLength);
  const last = Math.floor((offset + bytes - 1) / geometry.pieceLength);
  const isHad = (i: number) => hasPiece(have, i);
  const all = Array.from({ length: bytes === 0 ? 0 : last - first + 1 }, (_, i) => first + i);
  // The outer two may be bad because of a neighbour.
  const own = all.length > 2 ? all.slice(1, -1) : all;
  if (own.every(isHad)) return;
  stored.state = 'side';
  stored.seen = undefined;
  for (const i of all) removePiece(have, i);
}

/** A power cut between the two steps of giving a file its name leaves it with both. */
function* dropSecondNames({ files, fs }: TorrentFiles, beneath: Beneath): Steps<void> {
  for (const file of files) {
    if (file?.state !== 'foreign') continue;
    const seen = yield* stampOf(fs, file.partPath);
    if (seen === undefined || !sameFile(seen, yield* stampOf(fs, file.finalPath))) continue;
    removeOwn({ ...file, state: 'part', seen }, beneath);
  }
}

/** What is there of each file from now on is this very file. A disk that does not let us look has not lost it. */
function* rememberLooks(files: TorrentFiles): Steps<void> {
  const { side, fs } = files;
  const own = files.files.filter((file) => file !== undefined && file.state !== 'side');
  const remember = function* (file: StoredFile): Steps<void> {
    file.seen = stampFrom(yield* look(fs, files.pathOf(file)));
  };
  yield* together(own.map((file) => remember(file!)));
  const stat = side && (yield* orUndefined(fs.later.lstat(side.path)));
  // Ours is a plain file with one name.
  if (stat?.nlink === 1n) side!.place.seen = stampFrom(stat);
}

/** A good piece is counted; a bad one that lies in files of somebody else's alone means that they differ. */
function countPiece(files: TorrentFiles, pieceIndex: PieceIndex, isGood: boolean, isForced: boolean): void {
  const places = files.placesOf(pieceIndex);
  if (isGood) return files.onStored(pieceIndex, places, isForced ? 'all' : undefined);
  const real = places.map(({ file }) => file).filter((file) => file !== undefined);
  const [first] = real;
  if (first !== undefined && real.every((file) => file.state === 'foreign'))
    throw isDifferent(first.finalPath);
}

function* checkFolder(fs: FileSystem, folder: string): Steps<void> {
  // The folder may not be there yet; whatever is nearest to it must be a folder we may write in.
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const stat = yield* orUndefined(fs.later.stat(at));
    if (stat === undefined) {
      if (path.dirname(at) === at) return;
      continue;
    }
    if (!stat.isDirectory()) {
      throw new ClientError('not-a-folder', `${at} is not a folder: choose another place with --out`, {
        path: at,
      });
    }
    if (yield* waitFor(fs.later.mayMakeIn(at))) return tryMaking(fs, folder);
    throw new ClientError(
      'folder-not-writable',
      `${at} cannot be written to: choose another place with --out, or ask its owner`,
      { path: at },
    );
  }
}

/** Whether it can be made shows only when it is: better now than with the first piece. Nothing stays of the attempt. */
function tryMaking(fs: FileSystem, folder: string): void {
  try {
    for (const made of makeFolders(folder, undefined, fs).reverse()) fs.rmdir(made);
  } catch (error) {
    throw cannotWrite(path.resolve(folder), error);
  }
}

function* lookAt(
  fs: FileSystem,
  file: TorrentFile,
  metainfo: Metainfo,
  folder: string,
  links: Map<string, boolean>,
  isWanted: boolean,
  upgrade: Upgrade | undefined,
): Steps<{ stored: StoredFile; isThere: boolean }> {
  const finalPath = path.join(folder, ...file.diskPath);
  const partPath = path.join(folder, ...metainfo.layout.partPath(file.index));
  const replaces = upgrade?.replaced.get(file.index);
  for (let depth = 1; depth < file.diskPath.length; depth++) {
    yield* refuseLink(fs, path.join(folder, ...file.diskPath.slice(0, depth)), links);
  }
  const place = { finalPath, partPath, replaces, state: 'part' as const, seen: undefined, lost: undefined };
  const stored: StoredFile = { ...place, file, isWanted, missingBytes: file.bytes };
  const final = replaces === undefined ? yield* look(fs, finalPath) : undefined;
  if (final !== undefined) {
    const isOfSize = final.isFile() && Number(final.size) === file.bytes;
    if (!isOfSize && !isWanted) return { stored: { ...stored, state: 'side' }, isThere: false };
    if (!isOfSize) throw isDifferent(finalPath);
    return { stored: { ...stored, state: 'foreign' }, isThere: true };
  }
  const part = upgrade?.stale.has(file.index) ? undefined : yield* look(fs, partPath);
  if (part === undefined) return { stored: { ...stored, state: isWanted ? 'part' : 'side' }, isThere: false };
  // Ours are plain files with one name, never larger than they will be.
  if (!part.isFile() || part.nlink !== 1n || part.size > file.bytes) throw isDifferent(partPath);
  return { stored, isThere: part.size > 0 };
}

/** Undefined when nothing is there. A file where a folder should be is somebody's file all the same. */
function* look(fs: FileSystem, at: string): Steps<FileStats | undefined> {
  try {
    return yield* waitFor(fs.later.lstat(at));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'ENOTDIR') throw isDifferent(path.dirname(at));
    throw new ClientError('unreadable', `${at} cannot be looked at: ${message}`, { path: at, cause: error });
  }
}

/** A folder of the torrent that is a link would lead the download somewhere else. */
function* refuseLink(fs: FileSystem, folder: string, links: Map<string, boolean>): Steps<void> {
  let isLink = links.get(folder);
  if (isLink === undefined) {
    isLink = (yield* orUndefined(fs.later.lstat(folder)))?.isSymbolicLink() ?? false;
    links.set(folder, isLink);
  }
  if (!isLink) return;
  throw new ClientError(
    'unsafe-link',
    `${folder} is a link that leads elsewhere: remove it or choose another --out`,
    {
      path: folder,
    },
  );
}

/**
 * `...And Justice for All` is a title, and a hidden name all the same: a folder of that name is entered when it is ours
 * by its record, or holds nothing but files of this torrent. Other hidden names are never given (path-rules.ts).
 */
function* refuseHiddenFolder({ layout, files }: Metainfo, { rootPath, side, fs }: TorrentFiles): Steps<void> {
  if (layout.isSingleFile || !layout.rootName.startsWith('.')) return;
  const there = (yield* orUndefined(fs.later.readdir(rootPath))) ?? [];
  if (there.length === 0) return;
  const real = files.filter(({ isPad }) => !isPad);
  const own = real.flatMap(({ diskPath, index }) => [diskPath[1]!, layout.partPath(index)[1]!]);
  const ours = new Set([...own, path.basename(side?.path ?? '')].map(foldName));
  const strange = there.find((name) => !ours.has(foldName(name)));
  if (strange === undefined) return;
  throw new ClientError(
    'exists',
    `${rootPath} is a hidden folder that holds other things (${strange}): nothing goes into it; choose another --out`,
    { path: rootPath },
  );
}

function isDifferent(at: string): ClientError {
  return new ClientError(
    'exists',
    `${at} is there already and differs from the torrent: nothing was changed; move it away or choose another --out`,
    { path: at },
  );
}
