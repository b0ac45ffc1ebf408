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
}

/** Of more users than this at once on one machine the rest is not seen. */
const usersMax = 64;

/** /run/lock is empty after a reboot and no cleaner goes through it. */
export const machinePlace: ClaimsPlace = {
  bases: process.platform === 'win32' ? [tmpdir()] : ['/run/lock', '/tmp'],
  userId: process.getuid?.(),
};

/** Made when it is not there. Throws when there is no place for it. */
export function openClaimsFolder({ bases, userId }: ClaimsPlace): string {
  let failure: unknown;
  for (const base of bases) {
    const folder = path.join(base, `cicada-claims-${userId ?? windowsUser()}`);
    try {
      if (!isSafeBase(base)) throw new Error(`others may remove what lies in ${base}`);
      makeFolder(folder);
      if (!isFolderOf(folder, userId)) throw new Error(`${folder} belongs to another user`);
      fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
      return folder;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
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
