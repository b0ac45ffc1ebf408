/** The rules of a community that are stored in its database. */
import type { DatabaseSync } from 'node:sqlite';
import { first } from '../rows.ts';

/** Whether registration is open or needs an invitation. */
export type Registration = 'open' | 'invited';

export function settingReads(db: DatabaseSync) {
  const anyAccount = db.prepare('SELECT id FROM accounts WHERE id > 0 LIMIT 1');
  const settings = db.prepare('SELECT registration FROM settings');
  return {
    /** `isNew`: there is no account yet. `kept`: undefined for a community from before this setting. */
    registration: () => ({
      isNew: first(anyAccount) === undefined,
      kept: first<{ registration: Registration }>(settings)?.registration,
    }),
  };
}

export function settingWrites(db: DatabaseSync) {
  const set = db.prepare('INSERT OR REPLACE INTO settings VALUES (1, :registration)');
  return { setRegistration: (registration: Registration) => void set.run({ registration }) };
}
