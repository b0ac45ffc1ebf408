/** A small database module for tests: notes, and every way in which an operation can fail. */
import type { DatabaseSync } from 'node:sqlite';
import type { Migration } from '../../../tracker/database/store.ts';

export const migrations: readonly Migration[] = [
  'CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT',
  (db) => db.exec('ALTER TABLE notes ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0'),
];

export function writes(db: DatabaseSync) {
  const insert = db.prepare('INSERT INTO notes (text) VALUES (?)');
  return {
    add(text: string): number {
      return Number(insert.run(text).lastInsertRowid);
    },
    addAndRefuse(text: string): never {
      insert.run(text);
      throw Object.assign(new Error('no more notes today'), { code: 'notes-closed' });
    },
    /** Like a full disk: SQLite rolls back the whole transaction, not only the statement. */
    addAndLoseAll(text: string): void {
      insert.run(text);
      db.exec('ROLLBACK');
      throw Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR', errcode: 13 });
    },
    async later(): Promise<void> {},
    crash(): void {
      process.exit(1);
    },
  };
}

export function reads(db: DatabaseSync) {
  return {
    texts(): string[] {
      return db
        .prepare('SELECT text FROM notes ORDER BY id')
        .all()
        .map((row) => String(row.text));
    },
    write(): void {
      db.exec("INSERT INTO notes (text) VALUES ('by a reader')");
    },
  };
}
