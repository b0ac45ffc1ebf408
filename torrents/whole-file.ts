/**
 * Writes a file whole or not at all: beside it under another name, forced to the disk, then moved or linked into its place.
 *
 * Invariant: under its name there is never half a file, and, unless it is said, never one in the place of another;
 * whatever happens nothing else stays behind, and the first error is the one that is thrown. The other name is never
 * longer than the file's own: a name that is as long as the disk allows can be written, too.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface WholeFileOptions {
  /** Rights of the file, less the umask. */
  readonly mode?: number;
  /** False: throws EEXIST when something has the name. */
  readonly replace?: boolean;
  /** Where it is written first. A fixed place suits a large file that is written often: one that a kill left is replaced. */
  readonly temporary?: string;
  /** Forces the name to the disk too: after a power cut the file is there. */
  readonly forcesName?: boolean;
}

/** What goes into it: all of it, or what writes it. */
type Content<T> = Uint8Array | string | ((file: FileHandle) => Promise<T>);

/** Throws what the system says (ENOSPC, EACCES, EEXIST, …), with `code`. */
export async function writeWhole<T = undefined>(
  path: string,
  content: Content<T>,
  { mode = 0o666, replace = true, temporary, forcesName = false }: WholeFileOptions = {},
): Promise<T | undefined> {
  let written: T | undefined;
  if (temporary !== undefined) await rm(temporary, { force: true });
  const at = temporary ?? temporaryBeside(path);
  // 'wx' is O_CREAT | O_EXCL: nothing that others put there is written through.
  const file = await open(at, 'wx', mode);
  try {
    try {
      if (typeof content === 'function') written = await content(file);
      else await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    if (replace) await rename(at, path);
    else await placeNew(at, path);
  } finally {
    // After a move it is not there; and what cannot be removed is no reason to hide what went wrong before.
    await rm(at, { force: true }).catch(() => {});
  }
  if (forcesName) await syncFolder(dirname(path));
  return written;
}

/** The same, for the start of a program. */
export function writeWholeSync(
  path: string,
  content: Uint8Array | string,
  { mode = 0o666, replace = true, forcesName = false }: Omit<WholeFileOptions, 'temporary'> = {},
): void {
  const at = temporaryBeside(path);
  const file = fs.openSync(at, 'wx', mode);
  try {
    try {
      fs.writeFileSync(file, content);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    if (replace) fs.renameSync(at, path);
    else placeNewSync(at, path);
  } finally {
    try {
      fs.rmSync(at, { force: true });
    } catch {}
  }
  if (forcesName) syncFolderSync(dirname(path));
}

const temporaryBytes = { random: 6, least: 2, around: '..tmp'.length };

/** Hidden, and no longer than the name itself, unless that has fewer than nine bytes. */
function temporaryBeside(path: string): string {
  const { random, least, around } = temporaryBytes;
  const room = Math.floor((Buffer.byteLength(basename(path)) - around) / 2);
  const name = randomBytes(Math.min(random, Math.max(least, room))).toString('hex');
  return join(dirname(path), `.${name}.tmp`);
}

/** What file systems without hard links answer: FAT and exFAT, and some that are mounted over a network. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/**
 * Gives a file its name if that is free. A link, unlike a move, fails when the name is taken: no other program can slip in
 * between a look and the move. Where there are no links the name is taken by an empty file first, in the same way.
 */
export async function placeNew(temporary: string, path: string, makeLink = link): Promise<void> {
  try {
    return await makeLink(temporary, path);
  } catch (error) {
    if (!noLinks.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  await (await open(path, 'wx')).close();
  try {
    await rename(temporary, path);
  } catch (error) {
    await rm(path, { force: true }).catch(() => {});
    throw error;
  }
}

function placeNewSync(temporary: string, path: string): void {
  try {
    return fs.linkSync(temporary, path);
  } catch (error) {
    if (!noLinks.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  fs.closeSync(fs.openSync(path, 'wx'));
  try {
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(path, { force: true });
    throw error;
  }
}

/** Forces the names in a folder to the disk. Some systems cannot, and keep names in order by themselves. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close().catch(() => {});
}

function syncFolderSync(folder: string): void {
  try {
    const handle = fs.openSync(folder, 'r');
    try {
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
  } catch {}
}
