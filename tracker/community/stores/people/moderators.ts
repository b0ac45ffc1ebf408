/** Moderators to be notified, and lists of accounts for moderators. */

import type { DatabaseSync } from 'node:sqlite';
import { rolesThatMay } from '../../../access.ts';
import type { PageAsked } from '../../contract.ts';
import type { Member } from '../../people/safeguards.ts';
import { notifier } from '../inbox/notices.ts';
import { all, optional, pagesOf } from '../rows.ts';
import { type AccountRow, accountOf } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { limits } from '../sign-in/limits.ts';

/**
 * Moderators except `except`. The condition is worded as in accounts_moderators, so that SQLite uses that
 * index.
 */
export function moderatorsOf(db: DatabaseSync): (except?: number) => number[] {
  const moderating = rolesThatMay('moderate').map((role) => `'${role}'`);
  const find = db.prepare(`
    SELECT id FROM accounts WHERE role IN (${moderating.join(', ')}) AND banned_ms IS NULL AND id <> :except
    ORDER BY id LIMIT ${limits.moderatorsTold}`);
  return (except = -1) => all<{ id: number }>(find, { except }).map(({ id }) => id);
}

export function moderatorReads(db: DatabaseSync) {
  const actor = actorFinder(db);
  const columns = `
    SELECT accounts.*, inviter.name AS inviter FROM accounts
    LEFT JOIN accounts AS inviter ON inviter.id = accounts.invited_by`;
  const everybody = pagesOf<AccountRow & { inviter: string | null }>(
    db,
    `${columns} WHERE accounts.deleted_ms IS NULL AND $edge`,
    'accounts.id',
  );
  const banned = pagesOf<AccountRow & { inviter: string | null }>(
    db,
    `${columns} WHERE accounts.banned_ms IS NOT NULL AND accounts.deleted_ms IS NULL
     AND (accounts.ban_until_ms IS NULL OR accounts.ban_until_ms > :nowMs) AND $edge`,
    'accounts.id',
  );
  return {
    members({ page, isBanned, ...acting }: Acting & { page: PageAsked; isBanned: boolean }) {
      actor(acting, 'moderate');
      const { nowMs } = acting;
      const { rows, hasMore } = isBanned ? banned(page, { nowMs }) : everybody(page, {});
      return {
        rows: rows.map(
          (row): Member => ({
            ...accountOf(row, nowMs),
            id: row.id,
            ...optional('invitedBy', row.inviter),
          }),
        ),
        hasMore,
      };
    },
  };
}

export function moderatorWrites(db: DatabaseSync) {
  const notify = notifier(db);
  const moderators = moderatorsOf(db);
  return {
    tellWaiting: (nowMs: number) => ({
      events: moderators().flatMap((accountId) =>
        notify({ accountId, kind: 'waiting', about: 'waiting', nowMs }, 'again'),
      ),
    }),
  };
}
