/** What an account wrote and received, in pages, as an export for its owner. */
import type { DatabaseSync } from 'node:sqlite';
import { type NoticeRow, noticeColumns, noticeOf } from '../inbox/notice-rows.ts';
import { type MessageRow, messageColumns, messageOf } from '../messages/message-rows.ts';
import { all } from '../rows.ts';
import type { Acting } from '../sign-in/actor.ts';

/** Some megabytes at most: a message has up to 4,000 characters. */
const rowsAtOnce = 500;

export type OwnDataAsked = Acting & { readonly after: number };

export function ownDataReads(db: DatabaseSync) {
  const messages = db.prepare(`${messageColumns} WHERE m.id IN (
      SELECT id FROM (SELECT id FROM messages WHERE author_id = :by AND id > :after ORDER BY id LIMIT ${rowsAtOnce})
      UNION SELECT id FROM (SELECT id FROM messages WHERE receiver_id = :by AND id > :after ORDER BY id LIMIT ${rowsAtOnce})
    ) ORDER BY m.id LIMIT ${rowsAtOnce}`);
  const notices = db.prepare(
    `${noticeColumns} WHERE n.account_id = :by AND n.id > :after ORDER BY n.id LIMIT ${rowsAtOnce}`,
  );
  const reports = db.prepare(`
    SELECT report_id AS id, kind, text, report_texts.made_ms FROM report_texts JOIN reports ON reports.id = report_id
    WHERE reporter_id = :by AND report_id > :after ORDER BY report_id LIMIT ${rowsAtOnce}`);
  return {
    ownMessages: ({ by, after }: OwnDataAsked) => all<MessageRow>(messages, { by, after }).map(messageOf),
    ownNotices: ({ by, after }: OwnDataAsked) => all<NoticeRow>(notices, { by, after }).map(noticeOf),
    ownReports: ({ by, after }: OwnDataAsked) =>
      all<{ id: number; kind: string; text: string; made_ms: number }>(reports, { by, after }).map(
        ({ id, kind, text, made_ms: madeAtMs }) => ({ id, about: kind, text, madeAtMs }),
      ),
  };
}
