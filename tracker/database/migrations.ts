/**
 * Migrates the tables of every module to the version that this program knows. Each step is one transaction,
 * so that an interruption leaves a whole version. A database of a newer program is refused, since this
 * program would write what the newer one does not expect.
 */
import type { DatabaseSync } from 'node:sqlite';
import { DatabaseError } from './database-error.ts';
import type { Migration } from './store.ts';

/** `rooms`: module → its steps, ordered so that tables come after those they refer to. */
export function migrate(db: DatabaseSync, rooms: ReadonlyMap<string, readonly Migration[]>): void {
  db.exec(
    'CREATE TABLE IF NOT EXISTS room_versions (room TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT',
  );
  // This pragma has no effect inside a transaction.
  const { foreign_keys: before } = db.prepare('PRAGMA foreign_keys').get() as { foreign_keys: number };
  db.exec('PRAGMA foreign_keys = OFF');
  try {
    for (const [room, steps] of rooms) migrateRoom(db, room, steps);
  } finally {
    db.exec(`PRAGMA foreign_keys = ${before}`);
  }
}

function migrateRoom(db: DatabaseSync, room: string, steps: readonly Migration[]): void {
  const row = db.prepare('SELECT version FROM room_versions WHERE room = ?').get(room);
  const version = Number(row?.version ?? 0);
  if (version > steps.length) {
    throw new DatabaseError(
      'database-newer',
      `the database comes from a newer program (${room} ${version}, this one knows ${steps.length}): use that one`,
    );
  }
  for (let step = version; step < steps.length; step++) runStep(db, room, step, steps[step]!);
}

function runStep(db: DatabaseSync, room: string, step: number, migration: Migration): void {
  // VACUUM cannot run in a transaction. If interrupted before the next commit, it is repeated.
  if (typeof migration === 'object' && migration.rewrite(db)) rewriteFile(db);
  db.exec('BEGIN IMMEDIATE');
  try {
    if (typeof migration === 'string') db.exec(migration);
    else if (typeof migration === 'function') migration(db);
    const broken = db.prepare('PRAGMA foreign_key_check').get();
    if (broken !== undefined)
      throw new Error(`migration ${step} of ${room} breaks ${JSON.stringify(broken)}`);
    db.prepare(
      'INSERT INTO room_versions VALUES (?, ?) ON CONFLICT (room) DO UPDATE SET version = excluded.version',
    ).run(room, step + 1);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/**
 * Truncates the WAL too, since it contains old pages. Uses temporary files, since a large database does not
 * fit into memory twice.
 */
function rewriteFile(db: DatabaseSync): void {
  const { temp_store: tempStore } = db.prepare('PRAGMA temp_store').get() as { temp_store: number };
  db.exec('PRAGMA temp_store = FILE; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
  db.exec(`PRAGMA temp_store = ${tempStore}`);
}
