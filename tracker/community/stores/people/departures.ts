/**
 * Deleted accounts. The row stays, without its owner's data, because messages of others, the audit list and
 * the numbers in passkeys refer to it. Like a banned account it can do nothing, and its name is reserved for
 * a time.
 *
 * Messages, which may be many, are erased in slices after the answer, and after a crash at the next start.
 */

import type { DatabaseSync } from 'node:sqlite';
import { givesUpOwnership } from '../../../access.ts';
import { CommunityError } from '../../community-error.ts';
import type { AccountAccess, CommunityEvent } from '../../contract.ts';
import { messageErasing } from '../messages/messages.ts';
import { all, first } from '../rows.ts';
import { accountQueries } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { limits } from '../sign-in/limits.ts';

/** No registered name begins like this (texts.ts). */
const goneName = (id: number) => `[deleted ${id}]`;

export function departureReads(db: DatabaseSync) {
  const unfinished = db.prepare(
    'SELECT id FROM accounts WHERE id > 0 AND deleted_ms IS NOT NULL AND is_emptied = 0 ORDER BY id LIMIT 1000',
  );
  return {
    /** Deleted accounts with data that is not erased yet. */
    unfinishedDepartures: () => all<{ id: number }>(unfinished).map(({ id }) => id),
  };
}

export function departureWrites(db: DatabaseSync) {
  const queries = accountQueries(db);
  const actor = actorFinder(db);
  const { erase } = messageErasing(db);
  const isFresh = db.prepare(
    `SELECT 1 FROM sessions WHERE id = :sessionId AND account_id = :by AND created_ms > :nowMs - ${limits.deletionSessionMs}`,
  );
  const otherOwner = db.prepare("SELECT id FROM accounts WHERE role = 'owner' AND id <> :by LIMIT 1");
  const empty = db.prepare(`
    UPDATE accounts SET name = :name, name_key = :name, public_key = NULL, password = NULL, passkey_hash = NULL,
      generation = generation + 1, role = 'guest', invited_by = NULL, rights_ms = NULL,
      banned_ms = :nowMs, ban_until_ms = NULL, ban_reason = 'deleted', deleted_ms = :nowMs WHERE id = :by`);
  const retire = db.prepare('INSERT OR REPLACE INTO retired_names VALUES (:key, :untilMs)');
  const dropRetired = db.prepare('DELETE FROM retired_names WHERE until_ms <= :nowMs');
  const handOn = db.prepare(`
    UPDATE groups SET founder_id = (SELECT min(account_id) FROM group_members WHERE group_id = id)
    WHERE founder_id = :by AND EXISTS (SELECT 1 FROM group_members WHERE group_id = id)`);
  const own = [
    'sessions WHERE account_id = :by',
    'invitations WHERE inviter_id = :by',
    'group_members WHERE account_id = :by',
    'followed_releases WHERE follower_id = :by',
    'followed_accounts WHERE follower_id = :by',
    'followed_accounts WHERE account_id = :by',
    'wishes WHERE account_id = :by',
    'notices WHERE account_id = :by',
    'conversations WHERE account_id = :by',
    'mutes WHERE account_id = :by',
    'mutes WHERE muted_id = :by',
  ].map((rows) => db.prepare(`DELETE FROM ${rows}`));
  const messages = db.prepare(`
    SELECT id FROM messages WHERE author_id = :by AND deleted_ms IS NULL LIMIT ${limits.messagesErasedAtOnce}`);
  const done = db.prepare('UPDATE accounts SET is_emptied = 1 WHERE id = :by');

  return {
    deleteAccount({ key, sessionId, ...acting }: Acting & { key: string; sessionId: string }) {
      const { nowMs } = acting;
      const { id: by, role } = actor(acting, 'change-account', true);
      if (queries.rowByKey(key)?.id !== by) {
        throw new CommunityError('name-invalid', 'an account is deleted by its own name: type yours');
      }
      if (first(isFresh, { by, sessionId, nowMs }) === undefined) {
        const message =
          'an account is deleted with a session of the last ten minutes: sign in anew, then delete it';
        throw new CommunityError('session-old', message);
      }
      if (givesUpOwnership(role, 'guest') && first(otherOwner, { by }) === undefined) {
        throw new CommunityError('last-owner', 'a tracker needs an owner: make another account owner first');
      }
      for (const rows of own) rows.run({ by });
      handOn.run({ by });
      dropRetired.run({ nowMs });
      retire.run({ key, untilMs: nowMs + limits.retiredNameMs });
      empty.run({ by, name: goneName(by), nowMs });
      return { access: [queries.access(queries.rowOf(by))] };
    },
    /** Erases some messages of a deleted account. `isMore`: there were some, so call again. */
    eraseMessagesOf({ accountId: by, nowMs }: { accountId: number; nowMs: number }): {
      isMore: boolean;
      events: CommunityEvent[];
      access: AccountAccess[];
    } {
      const ids = all<{ id: number }>(messages, { by });
      return { isMore: ids.length > 0, events: ids.flatMap(({ id }) => erase(id, nowMs)), access: [] };
    },
    /** All data of this deleted account is erased. */
    finishDeparture: (accountId: number) => void done.run({ by: accountId }),
  };
}
