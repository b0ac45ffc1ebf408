/** Followed releases and accounts, and wishes. */
import type { DatabaseSync } from 'node:sqlite';
import { CommunityError, notFound } from '../../community-error.ts';
import type { Follows, SavedWish } from '../../contract.ts';
import type { Wish } from '../../inbox/wish.ts';
import { muteQueries } from '../people/mutes.ts';
import { all, first } from '../rows.ts';
import { accountQueries } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { limits } from '../sign-in/limits.ts';

/** A release, or the account of this name. */
export type Followed = { readonly releaseId: string } | { readonly nameKey: string };

interface WishRow {
  readonly id: string;
  readonly wish: string;
  readonly created_ms: number;
}

export function deskReads(db: DatabaseSync) {
  const releases = db.prepare('SELECT release_id AS id FROM followed_releases WHERE follower_id = :by');
  const accounts = db.prepare(`
    SELECT name AS id FROM accounts
    WHERE id IN (SELECT account_id FROM followed_accounts WHERE follower_id = :by) ORDER BY name_key`);
  const wishes = db.prepare('SELECT * FROM wishes WHERE account_id = :by ORDER BY created_ms DESC');
  const ids = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);
  return {
    follows: ({ by }: Acting): Follows => ({
      releaseIds: ids(all(releases, { by })),
      accounts: ids(all(accounts, { by })),
    }),
    wishes: ({ by }: Acting) => all<WishRow>(wishes, { by }).map(savedWish),
  };
}

export function deskWrites(db: DatabaseSync) {
  const queries = accountQueries(db);
  const actor = actorFinder(db);
  const { checkReaches } = muteQueries(db);
  const followed = db.prepare(`
    SELECT (SELECT count(*) FROM followed_releases WHERE follower_id = :by)
         + (SELECT count(*) FROM followed_accounts WHERE follower_id = :by) AS count`);
  const followRelease = db.prepare('INSERT OR IGNORE INTO followed_releases VALUES (:releaseId, :by)');
  const followAccount = db.prepare('INSERT OR IGNORE INTO followed_accounts VALUES (:accountId, :by)');
  const unfollowRelease = db.prepare(
    'DELETE FROM followed_releases WHERE release_id = :releaseId AND follower_id = :by',
  );
  const unfollowAccount = db.prepare(
    'DELETE FROM followed_accounts WHERE account_id = :accountId AND follower_id = :by',
  );
  const forget = db.prepare('DELETE FROM followed_releases WHERE release_id = :releaseId');
  const forgetComments = db.prepare('DELETE FROM messages WHERE release_id = :releaseId');
  const wishCount = db.prepare('SELECT count(*) AS count FROM wishes WHERE account_id = :by');
  const insertWish = db.prepare('INSERT INTO wishes VALUES (:id, :by, :wish, :word, :nowMs)');
  const dropWish = db.prepare('DELETE FROM wishes WHERE id = :id AND account_id = :by');

  const countOf = (row: unknown) => (row as { count: number }).count;

  return {
    follow({ what, ...acting }: Acting & { what: Followed }) {
      const { id: by } = actor(acting, 'follow');
      if (countOf(first(followed, { by })) >= limits.followsPerAccount) {
        throw new CommunityError(
          'limit-reached',
          `at most ${limits.followsPerAccount} follows for each account`,
        );
      }
      if ('releaseId' in what) followRelease.run({ releaseId: what.releaseId, by });
      else {
        const { id: accountId } = queries.rowNamed(what.nameKey);
        checkReaches(by, accountId, 'follow this person');
        followAccount.run({ accountId, by });
      }
    },
    unfollow({ what, ...acting }: Acting & { what: Followed }) {
      const { id: by } = actor(acting, 'follow');
      if ('releaseId' in what) unfollowRelease.run({ releaseId: what.releaseId, by });
      else unfollowAccount.run({ accountId: queries.rowNamed(what.nameKey).id, by });
    },
    forgetRelease(releaseId: string): void {
      forget.run({ releaseId });
      // Its publisher may reuse the id, and a later release must not show these comments.
      forgetComments.run({ releaseId });
    },
    addWish({ id, wish, word, ...acting }: Acting & { id: string; wish: Wish; word: string }): SavedWish {
      const { id: by } = actor(acting, 'wish');
      if (countOf(first(wishCount, { by })) >= limits.wishesPerAccount) {
        throw new CommunityError(
          'limit-reached',
          `a wishlist has at most ${limits.wishesPerAccount} lines: drop one`,
        );
      }
      const row = { id, wish: JSON.stringify(wish), created_ms: acting.nowMs };
      insertWish.run({ id, by, wish: row.wish, word, nowMs: acting.nowMs });
      return savedWish(row);
    },
    dropWish({ id, ...acting }: Acting & { id: string }) {
      const { id: by } = actor(acting, 'wish');
      if (dropWish.run({ id, by }).changes === 0) throw notFound(`wish ${id} of yours`);
    },
  };
}

function savedWish({ id, wish, created_ms }: WishRow): SavedWish {
  return { ...(JSON.parse(wish) as Wish), id, createdAtMs: created_ms };
}
