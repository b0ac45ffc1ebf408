/**
 * Where the processes of one machine exchange their claims: one folder per user, in a place that depends only
 * on the machine and the user id, never on HOME, TMPDIR or XDG. Only the user can write to the folder, and
 * all users can read it.
 *
 * Invariant: a folder is used or read only when its name, owner and mode show that no other user can write in
 * it.
 */
import fs from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import process from 'node:process';

export interface ClaimsPlace {
  /** The folders for all users' claims folders; the first usable one is taken. */
  readonly bases: readonly string[];
  /** Undefined where the system has no numeric user ids. */
  readonly userId: number | undefined;
  /** The free bytes of the disk of a base; undefined when unknown. Defaults to the system's answer. */
  readonly freeBytesIn?: (base: string) => number | undefined;
}

/** Limits the scan: on a machine with more users than this, the rest is ignored. */
const usersMax = 64;

/** /run/lock is empty after a reboot, and no cleaner removes files from it. */
export const machinePlace: ClaimsPlace = {
  bases: process.platform === 'win32' ? [tmpdir()] : ['/run/lock', '/tmp'],
  userId: process.getuid?.(),
};

/**
 * Each folder is made when the generator reaches it, so that the second exists only where the first is
 * unusable. `from`: skips the folders before it. Throws when no folder can be used.
 */
export function* openClaimsFolders({ bases, userId }: ClaimsPlace, from?: string): Generator<string> {
  let failure: unknown;
  let count = 0;
  const folders = bases.map((base) => folderIn(base, userId));
  for (const folder of folders.slice(Math.max(0, folders.indexOf(from ?? '')))) {
    const base = path.dirname(folder);
    try {
      if (!isSafeBase(base)) throw new Error(`others may remove what lies in ${base}`);
      makeFolder(folder);
      if (!isFolderOf(folder, userId)) throw new Error(`${folder} belongs to another user`);
      fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    } catch (error) {
      failure ??= error;
      continue;
    }
    count += 1;
    yield folder;
  }
  if (count === 0) throw failure;
}

/** The folders of this user that exist. */
export function ownClaimsFolders({ bases, userId }: ClaimsPlace): string[] {
  return bases.map((base) => folderIn(base, userId)).filter((folder) => isFolderOf(folder, userId));
}

/** /run/lock has 5 MiB on many systems, for all programs: claims use at most a quarter of what is free. */
const keptFree = 4;
/** File systems count in pages, and a small file takes a whole page. */
const leastBytes = 64 * 1024;

/** Whether claims of this size fit into this folder and leave enough room for other programs. */
export function hasRoom({ freeBytesIn = freeBytesOf }: ClaimsPlace, folder: string, bytes: number): boolean {
  const free = freeBytesIn(path.dirname(folder));
  return free === undefined || keptFree * (bytes + leastBytes) <= free;
}

function freeBytesOf(base: string): number | undefined {
  try {
    const { bavail, bsize, blocks } = fs.statfsSync(base);
    return blocks === 0 ? undefined : bavail * bsize;
  } catch {
    return undefined;
  }
}

function folderIn(base: string, userId: number | undefined): string {
  return path.join(base, `cicada-claims-${userId ?? windowsUser()}`);
}

/** The folders of the other users, and our own in other places, each with its user. */
export function otherClaimsFolders(
  { bases, userId }: ClaimsPlace,
  own: string,
): { readonly folder: string; readonly userId: number }[] {
  if (userId === undefined) return [];
  const found: { folder: string; userId: number }[] = [];
  for (const base of bases) {
    for (const name of namesIn(base)) {
      const owner = Number(/^cicada-claims-(\d{1,10})$/.exec(name)?.[1] ?? Number.NaN);
      const folder = path.join(base, name);
      if (Number.isNaN(owner) || folder === own || !isFolderOf(folder, owner)) continue;
      if (found.length < usersMax) found.push({ folder, userId: owner });
    }
  }
  return found;
}

export function namesIn(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function makeFolder(folder: string): void {
  try {
    fs.mkdirSync(folder, { mode: 0o755 });
    fs.chmodSync(folder, 0o755);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** Whether it is a real folder of this user in which no other user can write. */
function isFolderOf(folder: string, userId: number | undefined): boolean {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) return false;
  return userId === undefined || (stat.uid === userId && (stat.mode & 0o022) === 0);
}

/** A world-writable base must be sticky, or another user could remove our folder. */
function isSafeBase(base: string): boolean {
  if (process.platform === 'win32') return true;
  const { mode } = fs.statSync(base);
  return (mode & 0o002) === 0 || (mode & 0o1000) !== 0;
}

function windowsUser(): string {
  return userInfo().username.replaceAll(/[^\w.-]/g, '_');
}
