/**
 * Locks that end with their process, also after kill -9: Node has none, SQLite's are the system's own (POSIX record locks,
 * LockFileEx), which the kernel drops when the process is gone and which no child inherits.
 *
 * Invariant: a locked file is opened by SQLite alone. Closing any other descriptor of it would drop the lock (POSIX), so
 * it is empty and is never read.
 */
import fs from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

export interface FileLock {
  release(): void;
}

/** SQLITE_BUSY: another one has it. */
const busy = 5;

/** Throws when it cannot be had in so many ms. */
export function lockFile(file: string, mode: number, waitMs: number): FileLock {
  if (fs.lstatSync(file, { throwIfNoEntry: false }) === undefined) makeEmpty(file, mode);
  const database = new DatabaseSync(file, { timeout: waitMs });
  try {
    // Nothing is ever written: no journal has to lie beside it.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw error;
  }
  return { release: () => database.close() };
}

/** `unknown`: it cannot be looked at. */
export function lockState(file: string): 'held' | 'free' | 'unknown' {
  let database: DatabaseSync | undefined;
  try {
    const stat = fs.lstatSync(file, { throwIfNoEntry: false });
    if (stat === undefined) return 'free';
    // Ours are empty: of a database that another user has written nothing is ever parsed.
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
    // The user's umask may have taken what others need to see that it is locked.
    if (process.platform !== 'win32') fs.fchmodSync(descriptor, mode);
    fs.closeSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
