/**
 * Small files that only their owner may read: keys and tokens.
 *
 * Invariant: a file is written atomically and is never readable by others, not even for a moment. A file that
 * others can read, or that another user owns, is refused.
 */
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { makeFolders } from '../../torrents/make-folders.ts';
import { writeWhole } from '../../torrents/whole-file.ts';
import { ShareError } from './share-error.ts';

/** Keys and tokens are short. A larger file was not written by Cicada. */
const privateBytesMax = 64 * 1024;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Undefined when the file does not exist. Throws a ShareError `private-file-…`. */
export async function readPrivate(file: string): Promise<string | undefined> {
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(file, error);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > privateBytesMax) throw damaged(file);
    // Windows has no permission bits. There the user's profile folder protects the file.
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      const mode = (stats.mode & 0o777).toString(8);
      const message = `${file} can be read by others (mode ${mode}), so what is in it is no secret any more`;
      throw new ShareError('private-file-readable', message, { path: file });
    }
    if (process.getuid !== undefined && stats.uid !== process.getuid()) {
      throw new ShareError('private-file-unusable', `${file} belongs to another user`, { path: file });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/**
 * Writes a temporary file, fsyncs it, then moves it into place. With `replace: false`, returns false if the
 * file exists already: of two processes that start at the same time, only one writes.
 */
export async function writePrivate(
  file: string,
  text: string,
  { replace }: { readonly replace: boolean },
): Promise<boolean> {
  try {
    makeFolders(path.dirname(file), 0o700);
    await writeWhole(file, text, { mode: 0o600, replace, forcesName: true });
    return true;
  } catch (error) {
    if (!replace && (error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unusable(file, error);
  }
}

/** A damaged file is never replaced automatically, because a lost key cannot be recovered. */
export function damaged(file: string, cause?: unknown): ShareError {
  return new ShareError('private-file-damaged', `${file} is damaged`, { path: file, cause });
}

function unusable(file: string, error: unknown): ShareError {
  const { code, message } = error as NodeJS.ErrnoException;
  const what = `${file} cannot be used (${code ?? message})`;
  return new ShareError('private-file-unusable', what, { path: file, cause: error });
}
