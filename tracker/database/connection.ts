/**
 * Opens a connection with the settings that all connections share: WAL, commits that are synced before they
 * are acknowledged, foreign keys, and protection against maliciously prepared files.
 */
import { DatabaseSync } from 'node:sqlite';
import { DatabaseError } from './database-error.ts';
import { tolerateRowNumbers } from './row-numbers.ts';

/**
 * In older versions, two connections that checkpoint at the same moment can damage the file (the WAL-reset
 * bug).
 */
const sqliteVersionMin = '3.51.3';

/**
 * Writer and reader never wait for each other in WAL mode, but a backup by another program may lock the file.
 */
const busyTimeoutMs = 5_000;
/**
 * KiB. The reader keeps the inner pages of a large index in memory; the writer touches few pages at a time.
 */
const cacheKiB = { writer: 32 * 1024, reader: 128 * 1024 };
/** A burst of writes makes the WAL long. It is truncated to this size. */
const walBytesMax = 64 * 1024 * 1024;

export type ConnectionRole = 'writer' | 'reader';

/** Throws DatabaseError `database-sqlite-too-old`, or SQLite's errors. */
export function openConnection(path: string, role: ConnectionRole): DatabaseSync {
  checkSqliteVersion(process.versions.sqlite ?? '0');
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs, readOnly: role === 'reader' });
  db.enableDefensive(true);
  tolerateRowNumbers(db);
  if (role === 'writer') {
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = ${walBytesMax};`);
  }
  // FULL: in WAL mode every commit is synced. With NORMAL, some builds' default, a power cut may lose the
  // last commits.
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -${cacheKiB[role]};
  `);
  return db;
}

/** Throws DatabaseError `database-sqlite-too-old`. */
export function checkSqliteVersion(version: string): void {
  const order = (text: string) => text.split('.').reduce((sum, part) => sum * 1000 + Number(part), 0);
  if (order(version) >= order(sqliteVersionMin)) return;
  throw new DatabaseError(
    'database-sqlite-too-old',
    `this Node brings SQLite ${version}, which can damage a database in WAL mode: use one with ${sqliteVersionMin} or newer`,
  );
}
