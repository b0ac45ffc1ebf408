/**
 * Whether the missing bytes of a download fit on its disk, checked before it starts. Existing part files have
 * their space already; holes in them do not.
 *
 * Left to others: a disk that fills up later (the engine pauses and retries).
 */
import path from 'node:path';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { displayPath } from '../../../torrents/paths/path-rules.ts';
import { hasPiece } from '../../../torrents/piece-set.ts';
import { size } from '../../../torrents/wording.ts';
import { unwanted } from '../../engine/pieces/piece-selection.ts';
import { ClientError } from '../client-error.ts';
import type { PreparedDownload } from '../preparing/download-folder.ts';
import type { StoredFile } from '../storage/stored-file.ts';
import type { FileSystem } from './file-system.ts';
import { realFiles } from './real-files.ts';
import { asPromise, orUndefined, type Steps } from './steps.ts';

export interface DiskSpace {
  /** What this download will write to space that is not allocated yet. */
  readonly missingBytes: number;
  /** What other downloads of this client will still write on the same disk. */
  readonly promisedBytes: number;
  /** For users other than root; undefined where the system does not tell (some network disks). */
  readonly freeBytes: number | undefined;
  /** Device number of the disk. */
  readonly device: number | undefined;
}

export interface SpaceOptions {
  /** The torrent's own folder or file goes inside it. */
  readonly folder: string;
  /** False: starts even if the disk has too little space. Otherwise that is a ClientError `disk-full`. */
  readonly spaceCheck?: boolean;
  /** Called with the missing and free bytes before anything is fetched. */
  readonly onSpace?: (space: DiskSpace) => void;
}

type FreeSpace = Pick<DiskSpace, 'freeBytes' | 'device'>;

/** Throws ClientError `disk-full`. */
export async function checkSpace(
  metainfo: Metainfo,
  prepared: PreparedDownload,
  { folder, spaceCheck = true, onSpace }: SpaceOptions,
  priorities: Uint8Array | undefined,
  promised: (device: number | undefined) => number,
): Promise<DiskSpace> {
  const space = await measureSpace(metainfo, prepared, folder, priorities, promised);
  onSpace?.(space);
  if (spaceCheck) refuseFullDisk(space, metainfo, folder);
  return space;
}

/**
 * `priorities`: by piece; if undefined, all pieces are wanted. `promised`: bytes that other downloads will
 * write on a disk.
 */
export function measureSpace(...about: Parameters<typeof measuring>): Promise<DiskSpace> {
  return asPromise(measuring(...about));
}

function* measuring(
  metainfo: Metainfo,
  prepared: PreparedDownload,
  folder: string,
  priorities: Uint8Array | undefined,
  promised: (device: number | undefined) => number,
): Steps<DiskSpace> {
  const { freeBytes, device } = yield* spaceOf(folder, prepared.files.fs);
  const missingBytes = yield* bytesToAllocate(metainfo, prepared, priorities);
  return { missingBytes, promisedBytes: promised(device), freeBytes, device };
}

function refuseFullDisk(
  { missingBytes, promisedBytes, freeBytes }: DiskSpace,
  { name }: Metainfo,
  folder: string,
): void {
  if (missingBytes === 0 || freeBytes === undefined || missingBytes + promisedBytes <= freeBytes) return;
  const at = displayPath([path.resolve(folder)]);
  const others = promisedBytes === 0 ? '' : `, ${size(promisedBytes)} of it for downloads under way`;
  const figures = `${size(missingBytes)} are missing, and ${size(freeBytes)} are free in ${at}${others}`;
  throw new ClientError('disk-full', `${displayPath([name])} does not fit: ${figures}`, {
    path: folder,
    space: { missingBytes, promisedBytes, freeBytes },
  });
}

/** The free space of the disk where the folder is, or will be made. */
export function freeSpace(folder: string): Promise<FreeSpace> {
  return asPromise(spaceOf(folder, realFiles));
}

function* spaceOf(folder: string, fs: FileSystem): Steps<FreeSpace> {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    const stat = yield* orUndefined(fs.later.stat(at));
    if (stat === undefined && path.dirname(at) !== at) continue;
    const freeBytes = yield* orUndefined(fs.later.freeBytes(at));
    return { freeBytes, device: stat && Number(stat.dev) };
  }
}

function* bytesToAllocate(
  { geometry }: Metainfo,
  { files, have }: PreparedDownload,
  priorities: Uint8Array | undefined,
): Steps<number> {
  let aside = 0;
  const missing = new Map<StoredFile, number>();
  for (const pieceIndex of geometry.pieces()) {
    const isHad = hasPiece(have, pieceIndex);
    if (isHad || priorities?.[pieceIndex] === unwanted) continue;
    const places = files.placesOf(pieceIndex);
    for (const { file, bytes, isAside } of places) {
      if (isAside) aside += bytes;
      else if (file?.state === 'part') missing.set(file, (missing.get(file) ?? 0) + bytes);
    }
  }
  let sum = aside;
  for (const [stored, bytes] of missing) {
    // Stored pieces that are wrong are overwritten in place.
    const allocated = stored.seen !== undefined ? yield* allocatedBytes(files.fs, stored.partPath) : 0;
    sum += Math.min(bytes, Math.max(0, stored.file.bytes - allocated));
  }
  return sum;
}

/** The allocated bytes of a file: if it was written from its end, it has a hole before that. */
function* allocatedBytes(fs: FileSystem, at: string): Steps<number> {
  const stat = yield* orUndefined(fs.later.lstat(at));
  if (stat === undefined) return 0;
  return Math.min(Number(stat.size), Number(stat.blocks) * 512);
}
