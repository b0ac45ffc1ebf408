/** What a community keeps of the rules it was started with. */
import type { DatabaseSync } from 'node:sqlite';
import { first } from '../rows.ts';

/** Whether everybody may register, or only those who were invited. */
export type Registration = 'open' | 'invited';

export function settingReads(db: DatabaseSync) {
  const anyAccount = db.prepare('SELECT id FROM accounts WHERE id > 0 LIMIT 1');
  const settings = db.prepare('SELECT registration FROM settings');
  return {
    /** `isNew`: there is no account yet. `kept`: undefined for a community that is older than this setting. */
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
