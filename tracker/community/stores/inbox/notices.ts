/**
 * Notices to users. `about` identifies the subject. An account has at most one notice per subject, so
 * repeating a notification has no effect, except with `again`.
 */
import type { DatabaseSync } from 'node:sqlite';
import { maySee } from '../../../access.ts';
import type { CommunityEvent, PageAsked, PublishedRelease, ReleaseRef } from '../../contract.ts';
import type { NoticeKind } from '../../inbox/notice-kinds.ts';
import { type Wish, wishable } from '../../inbox/wish.ts';
import { viewerFinder } from '../messages/rooms.ts';
import { muteQueries, notMuted } from '../people/mutes.ts';
import { all, first, only, pagesOf } from '../rows.ts';
import { accountQueries } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { limits } from '../sign-in/limits.ts';
import { eventCounter } from './events.ts';
import { type NoticeRow, noticeColumns, noticeOf } from './notice-rows.ts';

export interface NewNotice {
  readonly accountId: number;
  readonly kind: NoticeKind;
  readonly about: string;
  readonly actorId?: number;
  readonly releaseId?: string;
  readonly version?: number;
  readonly title?: string;
  readonly wishId?: string;
  /** Text of a moderator or the tracker. */
  readonly text?: string;
  readonly nowMs: number;
}

/**
 * `again`: a second notice on the same subject replaces the first, as the newest and unread. Without it, the
 * second is not made.
 */
export type Notify = (notice: NewNotice, again?: 'again') => CommunityEvent[];

export function notifier(db: DatabaseSync): Notify {
  const nextEvent = eventCounter(db);
  const known = db.prepare('SELECT id FROM notices WHERE account_id = :accountId AND about = :about');
  const forget = db.prepare('DELETE FROM notices WHERE id = :id');
  const insert = db.prepare(`
    INSERT INTO notices (id, account_id, about, kind, actor_id, release_id, version, title, wish_id, text, made_ms)
    VALUES (:id, :accountId, :about, :kind, :actorId, :releaseId, :version, :title, :wishId, :text, :nowMs)`);
  const dropOld = db.prepare(`
    DELETE FROM notices WHERE account_id = :accountId AND id <= (
      SELECT id FROM notices WHERE account_id = :accountId ORDER BY id DESC LIMIT 1
      OFFSET ${limits.noticesPerAccount})`);
  const made = db.prepare(`${noticeColumns} WHERE n.id = :id`);
  const { hasMuted } = muteQueries(db);
  return (notice, again) => {
    const { accountId, about, kind, nowMs, actorId = null, releaseId = null } = notice;
    const { version = null, title = null, wishId = null, text = null } = notice;
    // Notices of moderators have no actor, so that muting cannot hide them.
    if (actorId !== null && hasMuted(accountId, actorId)) return [];
    const old = first<{ id: number }>(known, { accountId, about });
    if (old !== undefined) {
      if (again === undefined) return [];
      forget.run({ id: old.id });
    }
    const id = nextEvent();
    insert.run({ id, accountId, about, kind, actorId, releaseId, version, title, wishId, text, nowMs });
    dropOld.run({ accountId });
    const body = { type: 'notice', notice: noticeOf(only<NoticeRow>(made, { id })) } as const;
    return [{ id, audience: { kind: 'accounts', accountIds: [accountId] }, body }];
  };
}

export function noticeReads(db: DatabaseSync) {
  const pages = pagesOf<NoticeRow>(
    db,
    `${noticeColumns} WHERE n.account_id = :by AND ${notMuted('n.actor_id')} AND $edge`,
    'n.id',
  );
  return {
    notices({ by, page }: Acting & { page: PageAsked }) {
      const { rows, hasMore } = pages(page, { by });
      return { rows: rows.map(noticeOf), hasMore };
    },
  };
}

export function noticeWrites(db: DatabaseSync) {
  const actor = actorFinder(db);
  const { rowByKey } = accountQueries(db);
  const notify = notifier(db);
  const viewerOf = viewerFinder(db);
  const { hasBlocked } = muteQueries(db);
  const read = db.prepare(
    'UPDATE accounts SET notices_read = max(notices_read, min(:upTo, (SELECT last FROM event_counter))) WHERE id = :by',
  );
  const followersOfRelease = db.prepare(
    'SELECT follower_id AS id FROM followed_releases WHERE release_id = :releaseId',
  );
  const followersOfAccount = db.prepare(
    'SELECT follower_id AS id FROM followed_accounts WHERE account_id = :publisherId',
  );
  const wishes = db.prepare(`
    SELECT id, account_id, wish FROM wishes WHERE key_word IN (SELECT value FROM json_each(:words))`);

  return {
    readNotices({ upTo, ...acting }: Acting & { upTo: number }) {
      const { id } = actor(acting, 'read-notices', true);
      read.run({ by: id, upTo });
    },
    tellPublished({ release, nowMs }: { release: PublishedRelease; nowMs: number }) {
      const { releaseId, version, title, access } = release;
      const { publisherId } = access;
      const common = { actorId: publisherId, releaseId, version, title, nowMs };
      const sees = (id: number) =>
        id !== publisherId && !hasBlocked(publisherId, id) && maySee(viewerOf(id), access);
      const events: CommunityEvent[] = [];
      const followers = release.isRest
        ? []
        : version === 1
          ? all<{ id: number }>(followersOfAccount, { publisherId })
          : all<{ id: number }>(followersOfRelease, { releaseId });
      for (const { id: accountId } of followers) {
        if (!sees(accountId)) continue;
        const kind = version === 1 ? 'new-release' : 'new-version';
        events.push(...notify({ ...common, accountId, kind, about: `version ${releaseId} ${version}` }));
      }
      const { keyWords, isWished } = wishable(release);
      const words = JSON.stringify([...keyWords]);
      for (const row of all<{ id: string; account_id: number; wish: string }>(wishes, { words })) {
        const { id: wishId, account_id: accountId } = row;
        if (!isWished(JSON.parse(row.wish) as Wish) || !sees(accountId)) continue;
        const about = `wish ${wishId} ${releaseId}`;
        events.push(...notify({ ...common, accountId, kind: 'wish', about, wishId }));
      }
      return { events };
    },
    tellFinished({ release, accountId, nowMs }: { release: ReleaseRef; accountId: number; nowMs: number }) {
      const { releaseId, publisherId, title } = release;
      if (accountId === publisherId) return { events: [] };
      const about = `finished ${releaseId} ${accountId}`;
      const notice = { accountId: publisherId, actorId: accountId, releaseId, title, about, nowMs };
      return { events: notify({ ...notice, kind: 'finished' }) };
    },
    tellWrongPasswords({ key, text, nowMs }: { key: string; text: string; nowMs: number }) {
      const accountId = rowByKey(key)?.id;
      if (accountId === undefined) return { events: [] };
      // The counts grow, so the latest replace the earlier ones.
      const notice = { accountId, kind: 'wrong-passwords', about: 'wrong passwords', text, nowMs } as const;
      return { events: notify(notice, 'again') };
    },
  };
}
