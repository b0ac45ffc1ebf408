/**
 * The operations of moderators on the tables of catalogue and community. The database workers import this
 * file.
 */
import type { DatabaseSync } from 'node:sqlite';
import { isForEveryone, mayJudge, maySee, type ReleaseAccess } from '../access.ts';
import type { ServedRelease } from '../catalogue/contract.ts';
import { type DecidedWaiting, type TakedownSubject, takedowns } from '../catalogue/publication/takedowns.ts';
import { notAllowed, notFound } from '../community/community-error.ts';
import type { CommunityEvent, PageAsked } from '../community/contract.ts';
import { notifier } from '../community/stores/inbox/notices.ts';
import { viewerFinder } from '../community/stores/messages/rooms.ts';
import { auditor } from '../community/stores/people/audit.ts';
import { openReports, reportCloser } from '../community/stores/people/reports.ts';
import { optional, pagesOf } from '../community/stores/rows.ts';
import { type Acting, type Actor, actorFinder } from '../community/stores/sign-in/actor.ts';
import type { StoreModule } from '../database/store.ts';
import type { Takedown, WaitingPublication } from './contract.ts';

export interface ModerationOutcome {
  readonly served?: ServedRelease;
  readonly events: readonly CommunityEvent[];
}

/** Moderation has no tables of its own. */
export const migrations: StoreModule['migrations'] = [];

export function writes(db: DatabaseSync) {
  const releases = takedowns(db);
  const actor = actorFinder(db);
  const viewerOf = viewerFinder(db);
  const audit = auditor(db);
  const { tellPublisher, tellDecided } = publisherNews(db);
  const reportsOf = openReports(db);
  const closeReport = reportCloser(db);

  /** The title for the audit list, which all moderators read: only if everyone may see the release. */
  const titleFor = ({ title, access }: Pick<TakedownSubject, 'title' | 'access'>) =>
    isForEveryone(access) ? title : undefined;

  /** Throws CommunityError, which undoes the whole action. */
  function checkJudges({ id, role }: Actor, publisherId: number): void {
    if (!mayJudge(role, id === publisherId)) throw notAllowed('decide this: it is about what you published');
  }

  return {
    takeDown({ releaseId, reason, ...acting }: Acting & { releaseId: string; reason: string }) {
      const { id: by } = actor(acting, 'take-down');
      const { nowMs } = acting;
      const reports = reportsOf('release', releaseId, by);
      const viewer = reports.length > 0 ? undefined : viewerOf(by);
      const taken = releases.takeDown(viewer, { releaseId, moderatorId: by, reason, nowMs });
      if (taken === undefined) throw notFound(`release ${releaseId}`);
      const { subject, served } = taken;
      const { publisherId: accountId } = subject;
      audit(acting, { action: 'take-down', accountId, about: releaseId, detail: titleFor(subject), reason });
      const closed = reports.flatMap((id) => closeReport(acting, id, `taken down: ${reason}`) ?? []);
      const events = [...tellPublisher(subject, 'takedown', nowMs, reason), ...closed];
      return { served, events } satisfies ModerationOutcome;
    },

    restore({ releaseId, ...acting }: Acting & { releaseId: string }) {
      const by = actor(acting, 'take-down');
      const restored = releases.restore(releaseId, acting.nowMs);
      if (restored === undefined) throw notFound(`release ${releaseId} that was taken down`);
      const { subject, served, freed } = restored;
      const { publisherId: accountId } = subject;
      checkJudges(by, accountId);
      audit(acting, { action: 'restore', accountId, about: releaseId, detail: titleFor(subject) });
      const events = [
        ...tellPublisher(subject, 'restored', acting.nowMs),
        ...freed.flatMap((waiting) => tellDecided(waiting, 'approved', 'its block was lifted', acting.nowMs)),
      ];
      return { served, events } satisfies ModerationOutcome;
    },

    liftBlock({ takedownId, ...acting }: Acting & { takedownId: number }): ModerationOutcome {
      const by = actor(acting, 'moderate');
      const lifted = releases.unblock(takedownId, acting.nowMs);
      if (lifted === undefined) throw notFound(`block ${takedownId}`);
      const { subject, freed } = lifted;
      const { publisherId: accountId } = subject;
      checkJudges(by, accountId);
      const about = String(takedownId);
      audit(acting, { action: 'lift-block', accountId, about, detail: titleFor(subject) });
      return {
        events: freed.flatMap((waiting) =>
          tellDecided(waiting, 'approved', 'its block was lifted', acting.nowMs),
        ),
      };
    },

    decide(argument: Acting & { waitingId: number; isApproved: boolean; reason: string }): ModerationOutcome {
      const { waitingId, isApproved, reason, ...acting } = argument;
      const by = actor(acting, 'moderate');
      const decided = releases.decide(waitingId, isApproved, acting.nowMs);
      if (decided === undefined) throw notFound(`publication ${waitingId} that waits`);
      const { publisherId: accountId } = decided;
      checkJudges(by, accountId);
      const action = isApproved ? 'approve' : 'refuse';
      audit(acting, { action, accountId, about: String(waitingId), detail: titleFor(decided), reason });
      const kind = isApproved ? 'approved' : 'refused';
      return { events: tellDecided(decided, kind, reason, acting.nowMs) };
    },
  };
}

/** Notices to publishers about decisions on their releases. */
function publisherNews(db: DatabaseSync) {
  const notify = notifier(db);

  function tellPublisher(
    { publisherId, releaseId, title, takedownId }: TakedownSubject,
    kind: 'takedown' | 'restored',
    nowMs: number,
    text?: string,
  ): CommunityEvent[] {
    const about = `${kind} ${takedownId}`;
    return notify({
      accountId: publisherId,
      kind,
      about,
      releaseId,
      title,
      nowMs,
      ...optional('text', text),
    });
  }

  function tellDecided(
    { waitingId, publisherId: accountId, title }: DecidedWaiting,
    kind: 'approved' | 'refused',
    text: string,
    nowMs: number,
  ): CommunityEvent[] {
    return notify({ accountId, kind, about: `decided ${waitingId}`, title, text, nowMs });
  }

  return { tellPublisher, tellDecided };
}

interface TakedownRow {
  readonly id: number;
  readonly public_id: string;
  readonly publisher: string;
  readonly moderator: string;
  readonly title: string;
  readonly access: string;
  readonly reason: string;
  readonly made_ms: number;
  readonly restored_ms: number | null;
  readonly unblocked_ms: number | null;
}

interface WaitingRow {
  readonly id: number;
  readonly publisher: string;
  readonly takedown_id: number;
  readonly title: string;
  readonly access: string;
  readonly bytes: number;
  readonly file_count: number;
  readonly asked_ms: number;
}

export function reads(db: DatabaseSync) {
  const actor = actorFinder(db);
  const viewerOf = viewerFinder(db);
  const list = (condition: string) =>
    pagesOf<TakedownRow>(
      db,
      `SELECT t.*, publisher.name AS publisher, moderator.name AS moderator FROM takedowns AS t
       JOIN accounts AS publisher ON publisher.id = t.publisher_id
       JOIN accounts AS moderator ON moderator.id = t.moderator_id WHERE ${condition} AND $edge`,
      't.id',
    );
  const [every, blocking] = [list('TRUE'), list('t.unblocked_ms IS NULL')];
  const undecided = pagesOf<WaitingRow>(
    db,
    `SELECT w.*, publisher.name AS publisher FROM waiting AS w
     JOIN accounts AS publisher ON publisher.id = w.publisher_id
     WHERE w.approved_ms IS NULL AND w.refused_ms IS NULL AND $edge`,
    'w.id',
  );

  return {
    takedowns({ page, isBlocking, ...acting }: Acting & { page: PageAsked; isBlocking: boolean }) {
      const { id } = actor(acting, 'moderate');
      const viewer = viewerOf(id);
      const { rows, hasMore } = (isBlocking ? blocking : every)(page, {});
      return {
        rows: rows.map(
          (row): Takedown => ({
            id: row.id,
            releaseId: row.public_id,
            publisher: row.publisher,
            moderator: row.moderator,
            ...(maySee(viewer, accessOf(row)) && { title: row.title }),
            reason: row.reason,
            atMs: row.made_ms,
            ...optional('restoredAtMs', row.restored_ms),
            ...optional('unblockedAtMs', row.unblocked_ms),
          }),
        ),
        hasMore,
      };
    },
    waiting({ page, ...acting }: Acting & { page: PageAsked }) {
      const { id } = actor(acting, 'moderate');
      const viewer = viewerOf(id);
      const { rows, hasMore } = undecided(page, {});
      return {
        rows: rows.map((row): WaitingPublication => {
          const { title, bytes, file_count: fileCount } = row;
          const access = accessOf(row);
          return {
            id: row.id,
            publisher: row.publisher,
            takedownId: row.takedown_id,
            visibility: access.visibility,
            // The moderator needs to know which block applies, but not what a restricted release contains.
            ...(maySee(viewer, access) && { title, bytes, fileCount }),
            askedAtMs: row.asked_ms,
          };
        }),
        hasMore,
      };
    },
  };
}

function accessOf({ access }: { readonly access: string }): ReleaseAccess {
  return JSON.parse(access) as ReleaseAccess;
}

// Checked here, because the workers use these exports by name only.
({ migrations, reads, writes }) satisfies StoreModule;
