/**
 * Writes a file whole or not at all: writes a temporary file beside it, syncs it to disk, then renames or
 * links it into place.
 *
 * Invariant: under the file's name there is never a partial file. With `replace: false` an existing file is
 * never replaced. No temporary file stays behind after an error, and the first error is the one thrown. The
 * temporary name is not longer than the file's own, so a file with the longest name that the disk allows can
 * be written.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export interface WholeFileOptions {
  /** Permissions of the file. The umask is subtracted. */
  readonly mode?: number;
  /** False: throws EEXIST if the name is taken. */
  readonly replace?: boolean;
  /**
   * The path of the temporary file. For large files that are written often, use a fixed path: the next write
   * replaces a file that a killed process left behind.
   */
  readonly temporary?: string;
  /** Also syncs the folder: the file's name survives a power cut. */
  readonly forcesName?: boolean;
}

/** The content itself, or a function that writes it. */
type Content<T> = Uint8Array | string | ((file: FileHandle) => Promise<T>);

/** Throws the system's error (ENOSPC, EACCES, EEXIST, …), with its `code`. */
export async function writeWhole<T = undefined>(
  path: string,
  content: Content<T>,
  { mode = 0o666, replace = true, temporary, forcesName = false }: WholeFileOptions = {},
): Promise<T | undefined> {
  let written: T | undefined;
  if (temporary !== undefined) await rm(temporary, { force: true });
  const at = temporary ?? temporaryBeside(path);
  // 'wx' is O_CREAT | O_EXCL: it does not follow a file or link that another program put there.
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
    // After a rename the temporary file is gone. An error of removing it must not hide an earlier error.
    await rm(at, { force: true }).catch(() => {});
  }
  if (forcesName) await syncFolder(dirname(path));
  return written;
}

/** The same, synchronously, for the start of a program. */
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

/** A hidden name that is not longer than the file's own name, unless that has fewer than nine bytes. */
function temporaryBeside(path: string): string {
  const { random, least, around } = temporaryBytes;
  const room = Math.floor((Buffer.byteLength(basename(path)) - around) / 2);
  const name = randomBytes(Math.min(random, Math.max(least, room))).toString('hex');
  return join(dirname(path), `.${name}.tmp`);
}

/** Answers of file systems without hard links: FAT, exFAT and some network file systems. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL']);

/**
 * Gives a file its final name if that name is free. A link fails if the name is taken, a rename does not: no
 * other program can take the name between a check and the rename. Without hard links, an empty file reserves
 * the name first.
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

/**
 * Syncs a folder. Errors are ignored: some systems cannot sync a folder, and keep names in order on their
 * own.
 */
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
