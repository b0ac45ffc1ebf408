/** Muted and blocked accounts. */
import type { DatabaseSync } from 'node:sqlite';
import { CommunityError, notAllowed } from '../../community-error.ts';
import type { Muted } from '../../people/safeguards.ts';
import { all, first, only } from '../rows.ts';
import { accountQueries } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { limits } from '../sign-in/limits.ts';

/** A condition: the account `:by` has not muted the account in the column `author`. */
export const notMuted = (author: string): string =>
  `NOT EXISTS (SELECT 1 FROM mutes WHERE account_id = :by AND muted_id = ${author})`;

export function muteQueries(db: DatabaseSync) {
  const find = db.prepare('SELECT is_block FROM mutes WHERE account_id = :id AND muted_id = :other');
  const row = (id: number, other: number) => first<{ is_block: number }>(find, { id, other });
  const hasBlocked = (id: number, other: number) => row(id, other)?.is_block === 1;
  return {
    hasMuted: (id: number, other: number) => row(id, other) !== undefined,
    hasBlocked,
    /**
     * Throws CommunityError `not-allowed` if either account has blocked the other. `what`: what `by` wants
     * to do.
     */
    checkReaches(by: number, other: number, what: string): void {
      if (hasBlocked(other, by)) throw notAllowed(what);
      if (hasBlocked(by, other)) {
        throw new CommunityError('not-allowed', 'you have blocked this person: unblock them first');
      }
    },
  };
}

export function muteReads(db: DatabaseSync) {
  const muted = db.prepare(`
    SELECT name, is_block, made_ms FROM mutes JOIN accounts ON id = muted_id
    WHERE account_id = :by ORDER BY made_ms DESC, name_key`);
  const ids = db.prepare('SELECT muted_id AS id FROM mutes WHERE account_id = :by');
  return {
    mutes: ({ by }: Acting): Muted[] =>
      all<{ name: string; is_block: number; made_ms: number }>(muted, { by }).map((row) => ({
        name: row.name,
        isBlock: row.is_block === 1,
        sinceMs: row.made_ms,
      })),
    mutedIds: (by: number) => all<{ id: number }>(ids, { by }).map(({ id }) => id),
  };
}

export function muteWrites(db: DatabaseSync) {
  const accounts = accountQueries(db);
  const actor = actorFinder(db);
  const { hasMuted } = muteQueries(db);
  const count = db.prepare('SELECT count(*) AS count FROM mutes WHERE account_id = :by');
  const put = db.prepare(`
    INSERT INTO mutes VALUES (:by, :muted, :isBlock, :nowMs)
    ON CONFLICT (account_id, muted_id) DO UPDATE SET is_block = max(is_block, excluded.is_block)`);
  const drop = db.prepare(
    'DELETE FROM mutes WHERE account_id = :by AND muted_id = :muted AND is_block = :isBlock',
  );
  const unfollow = db.prepare(`
    DELETE FROM followed_accounts
    WHERE account_id = :by AND follower_id = :muted OR account_id = :muted AND follower_id = :by`);

  /** Ends the account's live streams, so that its clients reconnect with the new mutes. */
  const changed = (id: number) => ({ access: [accounts.access(accounts.rowOf(id))] });

  return {
    mute({ nameKey, isBlock, ...acting }: Acting & { nameKey: string; isBlock: boolean }) {
      const { id: by } = actor(acting, 'mute');
      const { id: muted } = accounts.rowNamed(nameKey);
      if (muted === by) throw new CommunityError('text-invalid', 'this is you: name another user');
      const isNew = !hasMuted(by, muted);
      if (isNew && only<{ count: number }>(count, { by }).count >= limits.mutesPerAccount) {
        throw new CommunityError(
          'limit-reached',
          `at most ${limits.mutesPerAccount} muted or blocked users for each account`,
        );
      }
      put.run({ by, muted, isBlock: Number(isBlock), nowMs: acting.nowMs });
      if (isBlock) unfollow.run({ by, muted });
      return changed(by);
    },
    unmute({ nameKey, isBlock, ...acting }: Acting & { nameKey: string; isBlock: boolean }) {
      const { id: by } = actor(acting, 'mute');
      const { id: muted } = accounts.rowNamed(nameKey);
      drop.run({ by, muted, isBlock: Number(isBlock) });
      return changed(by);
    },
  };
}
