/**
 * Claims of this machine's other processes, as they lie in the folders of claims (claims-folder.ts):
 *
 *   guard                empty; the process that has its lock may change the others
 *   LIFE.life            empty; locked by one process for as long as it has claims
 *   LIFE-N.claims        what it claims for one torrent (claim-bytes.ts), and whether it has it or asks for it
 *   LIFE-N.about         which torrent that is, for its user's own eyes
 *
 * Invariant: a claim counts only while its life is locked. What another user wrote is read with limits, and what cannot be
 * read counts as not there: their rights permit no more.
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

/** Which torrent holds a path, as far as may be known. */
export interface ClaimHolder {
  readonly name?: string;
  /** Hexadecimal. */
  readonly infoHash?: string;
  /** Where the torrent's own folder or file lies. */
  readonly path?: string;
  readonly processId?: number;
  /** Another user's. */
  readonly userId?: number;
}

/** A file of claims of some other process. */
export interface ClaimFile {
  readonly folder: string;
  readonly life: string;
  /** `LIFE-N` */
  readonly stem: string;
  /** The user it belongs to, when that is not ours. */
  readonly userId: number | undefined;
}

/** More downloads at once than one user has. */
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

/** Without what lies below: enough to see whether a torrent may be met. */
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

/** Of another user's claims no more is known than whose they are. */
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

/** Its process is there. One of ours that cannot be looked at counts as there, another user's as gone. */
export function isAlive({ folder, life, userId }: ClaimFile): boolean {
  const state = lockState(lifePath(folder, life));
  return state === 'held' || (state === 'unknown' && userId === undefined);
}

/** What processes that are gone have left. Only under the guard. */
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

/** The beginning of a file; undefined when it is no plain file of this user, or not to be read. */
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
