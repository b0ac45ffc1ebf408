/**
 * File locks that end with their process, even after kill -9. Node has none, so SQLite provides the system's
 * own (POSIX record locks, LockFileEx): the kernel drops them when the process ends, and no child inherits
 * them.
 *
 * Invariant: only SQLite opens a locked file, which is empty and never read. On POSIX, closing any other
 * descriptor of it would drop the lock.
 */
import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface FileLock {
  release(): void;
}

/** SQLITE_BUSY: another process holds the lock. */
const busy = 5;

/** Throws when the lock is not obtained within `waitMs`. */
export function lockFile(file: string, mode: number, waitMs: number): FileLock {
  if (fs.lstatSync(file, { throwIfNoEntry: false }) === undefined) makeEmpty(file, mode);
  const database = new DatabaseSync(file, { timeout: waitMs });
  try {
    // Nothing is ever written, so no journal file is needed beside it.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw error;
  }
  return { release: () => database.close() };
}

/** `unknown`: the file cannot be inspected. */
export function lockState(file: string): 'held' | 'free' | 'unknown' {
  let database: DatabaseSync | undefined;
  try {
    const stat = fs.lstatSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return 'free';
    // Our lock files are empty. A file of another user that has content is never parsed as a database.
    if (!stat.isFile() || stat.size !== 0) return 'unknown';
    database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return 'free';
  } catch (error) {
    return ((error as { errcode?: number }).errcode ?? 0) % 256 === busy ? 'held' : 'unknown';
  } finally {
    database?.close();
  }
}

function makeEmpty(file: string, mode: number): void {
  const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
  try {
    const descriptor = fs.openSync(file, O_CREAT | O_EXCL | O_WRONLY, mode);
    // The umask may have removed the bits that other users need to see the lock.
    if (process.platform !== 'win32') fs.fchmodSync(descriptor, mode);
    fs.closeSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
