/**
 * The single sequence of everything that is sent live, and catching up after an interruption.
 *
 * Invariant: the one writer numbers events in the order of the commits. A reader who has seen N and asks for
 * later events misses none.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Viewer } from '../../../access.ts';
import type { EventsAfter } from '../../contract.ts';
import { type MessageRow, messageColumns, messageOf } from '../messages/message-rows.ts';
import { roomQueries } from '../messages/rooms.ts';
import { notMuted } from '../people/mutes.ts';
import { all, only } from '../rows.ts';
import { limits } from '../sign-in/limits.ts';
import { type NoticeRow, noticeColumns, noticeOf } from './notice-rows.ts';

/** Returns the next number. For the writer only. */
export function eventCounter(db: DatabaseSync): () => number {
  const next = db.prepare('UPDATE event_counter SET last = last + 1 RETURNING last');
  return () => only<{ last: number }>(next).last;
}

export function eventReads(db: DatabaseSync) {
  const rooms = roomQueries(db);
  const counter = db.prepare('SELECT last FROM event_counter');
  // Comments are not sent live, because only the catalogue knows who may see their release. Each place uses
  // its own index, so that messages elsewhere affect neither the cost nor the result.
  const after = 'changed_event > :after ORDER BY changed_event LIMIT :limit';
  const heard = `${notMuted('author_id')} AND ${after}`;
  const messages = db.prepare(`${messageColumns}
    WHERE m.id IN (
      SELECT said.id FROM json_each(:rooms) AS room JOIN messages AS said
        ON said.id IN (SELECT id FROM messages WHERE room_id = room.value AND ${heard})
      UNION SELECT id FROM (SELECT id FROM messages WHERE receiver_id = :by AND ${heard})
      UNION SELECT id FROM (SELECT id FROM messages WHERE author_id = :by AND receiver_id IS NOT NULL AND ${after})
    ) ORDER BY changed_event LIMIT :limit`);
  const notices = db.prepare(`${noticeColumns}
    WHERE n.account_id = :by AND n.id > :after AND ${notMuted('n.actor_id')} ORDER BY n.id LIMIT :limit`);

  return {
    eventsAfter({ viewer, after }: { viewer: Viewer; after: number }): EventsAfter {
      const { last } = only<{ last: number }>(counter);
      // A number from the future: the database was restored from an older copy.
      if (after > last) {
        return { events: [], lastId: last, hasMore: false, isTooFar: true };
      }
      const by = viewer.accountId ?? -1;
      const limit = limits.eventsPerAnswer + 1;
      const found = [
        ...all<MessageRow>(messages, { after, by, limit, rooms: rooms.idsVisibleTo(viewer) }).map((row) => ({
          id: row.changed_event,
          body: { type: 'message' as const, message: messageOf(row) },
        })),
        ...all<NoticeRow>(notices, { after, by, limit }).map((row) => ({
          id: row.id,
          body: { type: 'notice' as const, notice: noticeOf(row) },
        })),
      ].sort((a, b) => a.id - b.id);
      const events = found.slice(0, limits.eventsPerAnswer);
      const hasMore = found.length > events.length;
      return { events, lastId: (hasMore ? events.at(-1)?.id : undefined) ?? last, hasMore, isTooFar: false };
    },
  };
}
