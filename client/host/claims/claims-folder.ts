/**
 * Where the processes of one machine tell each other what they write: one folder a user, in a place that follows from
 * the machine and the user id alone, never from HOME, TMPDIR or XDG. Each user's folder is theirs to write and
 * everybody's to read.
 *
 * Invariant: a folder is used or read only when its name, its owner and its mode say that no other user wrote in it.
 */
import fs from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import process from 'node:process';

export interface ClaimsPlace {
  /** The folders in which every user's own lies; the first that can be used is. */
  readonly bases: readonly string[];
  /** Undefined where the system has no numbers for users. */
  readonly userId: number | undefined;
  /** Of the disk that a base lies on; undefined: it does not say. The system's answer if left out. */
  readonly freeBytesIn?: (base: string) => number | undefined;
}

/** Of more users than this at once on one machine the rest is not seen. */
const usersMax = 64;

/** /run/lock is empty after a reboot and no cleaner goes through it. */
export const machinePlace: ClaimsPlace = {
  bases: process.platform === 'win32' ? [tmpdir()] : ['/run/lock', '/tmp'],
  userId: process.getuid?.(),
};

/**
 * Each is made when its turn comes, so that the second is there only where the first does not do. `from`: not those before
 * it. Throws when there is no place for any.
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

/** Those that are there. */
export function ownClaimsFolders({ bases, userId }: ClaimsPlace): string[] {
  return bases.map((base) => folderIn(base, userId)).filter((folder) => isFolderOf(folder, userId));
}

/** /run/lock has 5 MiB on many systems, for all of its programs: three quarters of what is free stay so. */
const keptFree = 4;
/** The system counts in pages, and a small file has one too. */
const leastBytes = 64 * 1024;

/** Whether claims of this size may lie in this folder, so that nothing else is without room. */
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

/** The folders of the other users, and our own in other places; with the user each belongs to. */
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

/** A real folder of this user, in which no other one can write. */
function isFolderOf(folder: string, userId: number | undefined): boolean {
  const stat = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) return false;
  return userId === undefined || (stat.uid === userId && (stat.mode & 0o022) === 0);
}

/** What everybody may write in must be sticky, or another user could remove our folder. */
function isSafeBase(base: string): boolean {
  if (process.platform === 'win32') return true;
  const { mode } = fs.statSync(base);
  return (mode & 0o002) === 0 || (mode & 0o1000) !== 0;
}

function windowsUser(): string {
  return userInfo().username.replaceAll(/[^\w.-]/g, '_');
}
