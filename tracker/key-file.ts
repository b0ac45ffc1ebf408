/**
 * The tracker's key: 32 random bytes in a file beside the database, so that a copy of the database alone is
 * not enough to make passkeys. Each part derives a key for its own purpose (deriveKey); the key itself is not
 * used otherwise.
 *
 * Invariant: the file is whole on the disk before its name exists, and only its owner may read it. Two
 * trackers that start at once get the same key.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { CodedError } from '../torrents/coded-error.ts';
import { writeWholeSync } from '../torrents/whole-file.ts';

export const keyFileErrorCodes = [
  'tracker-key-readable',
  'tracker-key-damaged',
  'tracker-key-unusable',
] as const;
export type KeyFileErrorCode = (typeof keyFileErrorCodes)[number];

export class KeyFileError extends CodedError<KeyFileErrorCode, { readonly path: string }> {
  override readonly name = 'KeyFileError';
}

export const trackerKeyName = 'tracker.key';
/** As many as the output of SHA-256. */
const keyBytes = 32;
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

/** The key of the tracker whose database is in this folder. A missing key is made. Throws KeyFileError. */
export function loadTrackerKey(dataFolder: string): Buffer {
  const path = join(dataFolder, trackerKeyName);
  try {
    return readKey(path) ?? makeKey(path);
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const text = `${path} cannot be used (${code ?? message})`;
    throw new KeyFileError('tracker-key-unusable', text, { path }, error);
  }
}

/** A key for one purpose. Keys with different labels reveal nothing about each other. */
export function deriveKey(key: Uint8Array, label: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `cicada tracker: ${label}`, keyBytes));
}

function readKey(path: string): Buffer | undefined {
  let file: number;
  try {
    file = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stats = fs.fstatSync(file);
    if (!stats.isFile() || stats.size !== keyBytes) {
      throw new KeyFileError('tracker-key-damaged', `${path} is damaged`, { path });
    }
    // Windows has no such mode bits: the user's folder protects the file there.
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      const mode = (stats.mode & 0o777).toString(8);
      const text = `other users of this machine can read ${path} (mode ${mode})`;
      throw new KeyFileError('tracker-key-readable', text, { path });
    }
    return fs.readFileSync(file);
  } finally {
    fs.closeSync(file);
  }
}

function makeKey(path: string): Buffer {
  const key = randomBytes(keyBytes);
  try {
    // A hard link never replaces a key that another tracker has put there at the same time.
    writeWholeSync(path, key, { mode: 0o600, replace: false, forcesName: true });
    return key;
  } catch (error) {
    const other = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readKey(path) : undefined;
    if (other === undefined) throw error;
    return other;
  }
}
