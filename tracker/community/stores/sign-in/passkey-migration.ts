/**
 * Removes passkeys from the database. Each account's passkey is replaced by its SHA-256, so that torrents
 * with it still work, and accounts get the generation that newer passkeys contain.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Migration } from '../../../database/store.ts';
import { accountPasskeyHash } from '../../sign-in/secrets.ts';

export function dropClearPasskeys(db: DatabaseSync): void {
  // SQLite cannot drop a column with a UNIQUE index, so the table and its indexes are rebuilt.
  const indexes = db
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'accounts' AND sql IS NOT NULL",
    )
    .all()
    .map(({ sql }) => String(sql));
  db.exec(`
    CREATE TABLE accounts_new (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL,
      name_key TEXT NOT NULL UNIQUE,
      role TEXT NOT NULL CHECK (role IN ('guest', 'member', 'moderator', 'owner')),
      public_key BLOB UNIQUE CHECK (length(public_key) = 32),
      password TEXT,
      generation INTEGER NOT NULL,
      passkey_hash BLOB UNIQUE CHECK (length(passkey_hash) = 32),
      created_ms INTEGER NOT NULL,
      invited_by INTEGER REFERENCES accounts,
      banned_ms INTEGER,
      ban_until_ms INTEGER,
      ban_reason TEXT,
      notices_read INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    INSERT INTO accounts_new
      SELECT id, name, name_key, role, public_key, password, abs(random() % 2147483648), NULL, created_ms, invited_by,
        banned_ms, ban_until_ms, ban_reason, notices_read
      FROM accounts;
  `);
  const setHash = db.prepare('UPDATE accounts_new SET passkey_hash = ? WHERE id = ?');
  for (const { id, passkey } of db.prepare('SELECT id, passkey FROM accounts').iterate()) {
    setHash.run(accountPasskeyHash(String(passkey)), Number(id));
  }
  db.exec(`
    DROP TABLE accounts;
    ALTER TABLE accounts_new RENAME TO accounts;
  `);
  for (const sql of indexes) db.exec(sql);
}

/** Dropped data remains in free pages of the file. A database without accounts never contained any. */
export const forgetClearPasskeys: Migration = {
  rewrite: (db) => db.prepare('SELECT 1 FROM accounts LIMIT 1').get() !== undefined,
};
