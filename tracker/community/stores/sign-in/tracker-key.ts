/**
 * The fingerprint by which the tracker's key is recognized. The key itself is in its own file
 * (tracker/key-file.ts), never in the database.
 */
import type { DatabaseSync } from 'node:sqlite';
import { first } from '../rows.ts';

export function trackerKeyReads(db: DatabaseSync) {
  const get = db.prepare('SELECT fingerprint FROM tracker_key');
  return {
    keyFingerprint: () => first<{ fingerprint: Uint8Array }>(get)?.fingerprint,
  };
}

export function trackerKeyWrites(db: DatabaseSync) {
  const set = db.prepare('INSERT OR REPLACE INTO tracker_key VALUES (1, :fingerprint)');
  return {
    setKeyFingerprint: (fingerprint: Uint8Array): void => void set.run({ fingerprint }),
  };
}
