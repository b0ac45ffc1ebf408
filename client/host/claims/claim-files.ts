/**
 * The claims of the machine's other processes, as they lie in the claims folders (claims-folder.ts):
 *
 *   guard                empty; the process that locks it may change the other files
 *   LIFE.life            empty; locked by one process for as long as it has claims
 *   LIFE-N.claims        the claims of one torrent (claim-bytes.ts), and whether they are held or asked for
 *   LIFE-N.about         which torrent that is; readable only by its own user
 *
 * Invariant: a claim counts only while its life is locked. Files of other users are read with size limits,
 * and an unreadable one counts as missing.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import {
  claimBytesMax,
  frontBytesMax,
  frontBytesUsual,
  type ReadClaims,
  unpackClaims,
} from './claim-bytes.ts';
import { namesIn } from './claims-folder.ts';
import { lockState } from './file-lock.ts';

/** The torrent that holds a path, as far as it can be known. */
export interface ClaimHolder {
  readonly name?: string;
  /** Hexadecimal. */
  readonly infoHash?: string;
  /** The path of the torrent's own folder or file. */
  readonly path?: string;
  readonly processId?: number;
  /** The user of the holder, if it is another user. */
  readonly userId?: number;
}

/** A claims file of another process. */
export interface ClaimFile {
  readonly folder: string;
  readonly life: string;
  /** `LIFE-N` */
  readonly stem: string;
  /** The user that the file belongs to, if it is not ours. */
  readonly userId: number | undefined;
}

/** More than one user's simultaneous downloads. */
const claimFilesMax = 4_096;
const aboutBytesMax = 64 * 1024;

export const lifePath = (folder: string, life: string) => path.join(folder, `${life}.life`);

export function claimFilesIn(folder: string, userId?: number): ClaimFile[] {
  const files: ClaimFile[] = [];
  for (const name of namesIn(folder)) {
    const [, stem, life] = /^(([0-9a-f]{16})-\d{1,9})\.claims$/.exec(name) ?? [];
    if (stem === undefined || life === undefined || files.length >= claimFilesMax) continue;
    files.push({ folder, life, stem, userId });
  }
  return files;
}

/** Without the `below` records: enough to see whether the torrents can conflict. */
export function readFront(file: ClaimFile): ReadClaims | undefined {
  return readClaims(file, frontBytesUsual, 'front') ?? readClaims(file, frontBytesMax, 'front');
}

export function readAll(file: ClaimFile): ReadClaims | undefined {
  return readClaims(file, claimBytesMax, 'all');
}

function readClaims(file: ClaimFile, bytesMax: number, part: 'all' | 'front'): ReadClaims | undefined {
  const { folder, stem, userId } = file;
  const bytes = readSmall(path.join(folder, `${stem}.claims`), bytesMax, userId);
  return bytes && unpackClaims(bytes, part);
}

/** Of another user's claims, only the user id is known. */
export function holderOf({ folder, stem, userId }: ClaimFile): ClaimHolder {
  if (userId !== undefined) return { userId };
  const bytes = readSmall(path.join(folder, `${stem}.about`), aboutBytesMax, undefined);
  try {
    const about = JSON.parse(bytes?.toString() ?? '{}') as Record<string, unknown>;
    const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
    const [name, infoHash, at] = [text(about.name), text(about.infoHash), text(about.path)];
    const { processId } = about;
    return {
      ...(name !== undefined && { name }),
      ...(infoHash !== undefined && { infoHash }),
      ...(at !== undefined && { path: at }),
      ...(typeof processId === 'number' && { processId }),
    };
  } catch {
    return {};
  }
}

/**
 * Whether the process that wrote the file still runs. If that cannot be seen, a process of ours counts as
 * running, and another user's as ended.
 */
export function isAlive({ folder, life, userId }: ClaimFile): boolean {
  const state = lockState(lifePath(folder, life));
  return state === 'held' || (state === 'unknown' && userId === undefined);
}

/** Removes the files of ended processes. Call it only under the guard. */
export function removeDead(folder: string): void {
  const names = namesIn(folder);
  const lives = new Set(names.map((name) => /^([0-9a-f]{16})[.-]/.exec(name)?.[1]));
  for (const life of lives) {
    if (life === undefined || lockState(lifePath(folder, life)) !== 'free') continue;
    for (const name of names) {
      if (name.startsWith(life)) fs.rmSync(path.join(folder, name), { force: true });
    }
  }
}

/** The start of a file; undefined if it cannot be read, or is not a regular file of this user. */
function readSmall(file: string, bytesMax: number, userId: number | undefined): Buffer | undefined {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stat = fs.fstatSync(descriptor);
    if (!stat.isFile() || (process.platform !== 'win32' && stat.uid !== (userId ?? process.getuid?.()))) {
      return undefined;
    }
    const bytes = Buffer.alloc(Math.min(stat.size, bytesMax));
    return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, bytes.length, 0));
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
