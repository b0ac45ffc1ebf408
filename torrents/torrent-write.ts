/**
 * Puts a torrent file where it belongs, whole or not at all.
 *
 * Invariant: under the given name there is never half a file, and never one in the place of another that nobody said
 * to replace; whatever happens, no other file stays behind.
 */
import { randomBytes } from 'node:crypto';
import { link, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CreateError } from './create-error.ts';

/** Written beside it under another name, then moved. Throws CreateError: `exists`, unless forced, `create-disk-full` and
 * `create-write`. */
export async function writeTorrentFile(
  path: string,
  bytes: Uint8Array,
  { force = false }: { readonly force?: boolean } = {},
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    if (force) await rename(temporary, path);
    else await placeNew(temporary, path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new CreateError('exists', `${path} exists already: use force to replace it`, path, error);
    }
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      const message = `${path} cannot be written: the disk is full; make room, or choose another place`;
      throw new CreateError('create-disk-full', message, path, error);
    }
    throw new CreateError('create-write', `${path} cannot be written (${code ?? message})`, path, error);
  } finally {
    await rm(temporary, { force: true });
  }
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
    await rm(path, { force: true });
    throw error;
  }
}
