/**
 * Reports to moderators about a release, a message or an account. Reports about the same thing are one report
 * with several texts.
 *
 * Invariant: moderators neither see nor close reports about themselves. A report contains what is needed to
 * judge it, since a moderator may not see the reported thing itself.
 */
import type { DatabaseSync } from 'node:sqlite';
import { hears } from '../../../access.ts';
import { CommunityError, notFound } from '../../community-error.ts';
import type { CommunityEvent, Message, PageAsked, ReleaseRef } from '../../contract.ts';
import type { Report, ReportKind } from '../../people/safeguards.ts';
import { notifier } from '../inbox/notices.ts';
import { type MessageRow, messageColumns, messageOf } from '../messages/message-rows.ts';
import { audienceOf, roomQueries, viewerFinder } from '../messages/rooms.ts';
import { all, first, optional, pagesOf } from '../rows.ts';
import { accountQueries } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { limits } from '../sign-in/limits.ts';
import { auditor } from './audit.ts';
import { moderatorsOf } from './moderators.ts';

export type ReportedThing =
  | { readonly release: ReleaseRef }
  | { readonly messageId: number }
  | { readonly nameKey: string };

interface ReportRow {
  readonly id: number;
  readonly kind: ReportKind;
  readonly about: string;
  readonly accused_id: number;
  readonly person: string;
  readonly title: string | null;
  readonly quoted: string | null;
  readonly made_ms: number;
  readonly closed_ms: number | null;
  readonly closer: string | null;
  readonly outcome: string | null;
}

const reportColumns = `
  SELECT reports.*, accused.name AS person, closer.name AS closer FROM reports
  JOIN accounts AS accused ON accused.id = accused_id LEFT JOIN accounts AS closer ON closer.id = closed_by`;

/**
 * A message that `by` may read. For a comment, the caller checks access to the release. Throws CommunityError
 * `not-found`.
 */
function readableMessage(db: DatabaseSync): (by: number, id: number) => MessageRow {
  const byId = db.prepare(`${messageColumns} WHERE m.id = :id AND m.deleted_ms IS NULL`);
  const rooms = roomQueries(db);
  const viewerOf = viewerFinder(db);
  return (by, id) => {
    const row = first<MessageRow>(byId, { id });
    if (row === undefined) throw notFound('such message');
    const isThere =
      row.room_id !== null
        ? hears(viewerOf(by), audienceOf(rooms.rowById(row.room_id)))
        : row.receiver_id === null || row.receiver_id === by || row.author_id === by;
    if (!isThere) throw notFound('such message');
    return row;
  };
}

export function reportReads(db: DatabaseSync) {
  const actor = actorFinder(db);
  const readable = readableMessage(db);
  const list = (isClosed: boolean) =>
    pagesOf<ReportRow>(
      db,
      `${reportColumns} WHERE reports.closed_ms IS ${isClosed ? 'NOT NULL' : 'NULL'} AND accused_id <> :by AND $edge`,
      'reports.id',
    );
  const [open, closed] = [list(false), list(true)];
  const texts = db.prepare(`
    SELECT name AS reporter, text, made_ms AS atMs FROM report_texts JOIN accounts ON id = reporter_id
    WHERE report_id = :id ORDER BY made_ms DESC LIMIT ${limits.textsPerReport}`);
  return {
    readableMessage: ({ by, id }: Acting & { id: number }): Message => messageOf(readable(by, id)),
    reports({ page, isClosed, ...acting }: Acting & { page: PageAsked; isClosed: boolean }) {
      const { id: by } = actor(acting, 'moderate');
      const { rows, hasMore } = (isClosed ? closed : open)(page, { by });
      return { rows: rows.map((row) => reportOf(row, all(texts, { id: row.id }))), hasMore };
    },
  };
}

export function reportWrites(db: DatabaseSync) {
  const accounts = accountQueries(db);
  const actor = actorFinder(db);
  const readable = readableMessage(db);
  const close = reportCloser(db);
  const notify = notifier(db);
  const moderators = moderatorsOf(db);
  const open = db.prepare(
    'SELECT id FROM reports WHERE kind = :kind AND about = :about AND closed_ms IS NULL',
  );
  const insert = db.prepare(`
    INSERT INTO reports (kind, about, accused_id, title, quoted, made_ms)
    VALUES (:kind, :about, :accusedId, :title, :quoted, :nowMs)`);
  const textCount = db.prepare('SELECT count(*) AS count FROM report_texts WHERE report_id = :id');
  const openOf = db.prepare(`
    SELECT count(*) AS count FROM report_texts JOIN reports ON id = report_id
    WHERE reporter_id = :by AND closed_ms IS NULL`);
  const addText = db.prepare(`
    INSERT INTO report_texts VALUES (:id, :by, :text, :nowMs)
    ON CONFLICT (report_id, reporter_id) DO UPDATE SET text = excluded.text, made_ms = excluded.made_ms`);
  const countOf = (row: unknown) => (row as { count: number }).count;

  function thingOf(by: number, what: ReportedThing) {
    const none = { title: null, quoted: null };
    if ('release' in what) {
      const { releaseId, publisherId, title } = what.release;
      return { ...none, kind: 'release' as const, about: releaseId, accusedId: publisherId, title };
    }
    if ('messageId' in what) {
      const { id, author_id: accusedId, text: quoted } = readable(by, what.messageId);
      return { ...none, kind: 'message' as const, about: String(id), accusedId, quoted };
    }
    const { id: accusedId } = accounts.rowNamed(what.nameKey);
    return { ...none, kind: 'person' as const, about: String(accusedId), accusedId };
  }

  return {
    report({ what, text, ...acting }: Acting & { what: ReportedThing; text: string }) {
      const { id: by } = actor(acting, 'report');
      const { nowMs } = acting;
      const thing = thingOf(by, what);
      const { kind, about, accusedId, title } = thing;
      if (accusedId === by) throw new CommunityError('text-invalid', 'this is yours: report another user');
      const known = first<{ id: number }>(open, { kind, about });
      if (known === undefined && countOf(first(openOf, { by })) >= limits.openReportsPerAccount) {
        const message = 'too many reports of yours are open: wait until some are dealt with';
        throw new CommunityError('limit-reached', message);
      }
      const id = known?.id ?? Number(insert.run({ ...thing, nowMs }).lastInsertRowid);
      if (countOf(first(textCount, { id })) < limits.textsPerReport) addText.run({ id, by, text, nowMs });
      const person = accounts.rowOf(accusedId).name;
      const events = moderators(accusedId).flatMap((accountId) =>
        notify(
          { accountId, kind: 'report', about: `report ${id}`, title: title ?? person, nowMs },
          known === undefined ? 'again' : undefined,
        ),
      );
      return { answer: id, events };
    },
    closeReport({ id, outcome, ...acting }: Acting & { id: number; outcome: string }) {
      const { id: by } = actor(acting, 'moderate');
      const events = close({ by, nowMs: acting.nowMs }, id, outcome);
      if (events === undefined) throw notFound(`open report ${id}`);
      return { events };
    },
  };
}

/**
 * Closes an open report that is not about the moderator, and notifies its reporters. Undefined: there is no
 * such report.
 */
export function reportCloser(
  db: DatabaseSync,
): (acting: Acting, id: number, outcome: string) => CommunityEvent[] | undefined {
  const audit = auditor(db);
  const notify = notifier(db);
  const open = db.prepare(
    `${reportColumns} WHERE reports.id = :id AND reports.closed_ms IS NULL AND accused_id <> :by`,
  );
  const close = db.prepare(
    'UPDATE reports SET closed_ms = :nowMs, closed_by = :by, outcome = :outcome WHERE id = :id',
  );
  const reporters = db.prepare('SELECT reporter_id AS id FROM report_texts WHERE report_id = :id');
  return ({ by, nowMs }, id, outcome) => {
    const row = first<ReportRow>(open, { id, by });
    if (row === undefined) return undefined;
    close.run({ id, by, nowMs, outcome });
    audit(
      { by, nowMs },
      {
        action: 'close-report',
        accountId: row.accused_id,
        about: String(id),
        reason: outcome,
      },
    );
    const told = {
      kind: 'report-closed',
      about: `report-closed ${id}`,
      title: row.title ?? row.person,
    } as const;
    return all<{ id: number }>(reporters, { id }).flatMap(({ id: accountId }) =>
      notify({ ...told, accountId, nowMs }),
    );
  };
}

/** Open reports about one thing, except those about `by`, the acting moderator. */
export function openReports(db: DatabaseSync): (kind: ReportKind, about: string, by: number) => number[] {
  const find = db.prepare(`
    SELECT id FROM reports WHERE kind = :kind AND about = :about AND closed_ms IS NULL AND accused_id <> :by`);
  return (kind, about, by) => all<{ id: number }>(find, { kind, about, by }).map(({ id }) => id);
}

function reportOf(row: ReportRow, texts: Report['texts']): Report {
  const closed = {
    by: row.closer ?? '',
    atMs: row.closed_ms ?? 0,
    outcome: row.outcome ?? '',
  };
  return {
    id: row.id,
    kind: row.kind,
    person: row.person,
    ...(row.kind === 'release' && { releaseId: row.about }),
    ...(row.kind === 'message' && { messageId: Number(row.about) }),
    ...optional('title', row.title),
    ...optional('quoted', row.quoted),
    madeAtMs: row.made_ms,
    texts: texts.map(({ reporter, text, atMs }) => ({ reporter, text, atMs })),
    ...(row.closed_ms !== null && { closed }),
  };
}
