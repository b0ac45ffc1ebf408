/**
 * Messages in rooms, direct messages and comments. They share a table, and so their order and their deletion.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Audience, hears, may, type Viewer } from '../../../access.ts';
import { indexWords } from '../../../catalogue/words/words.ts';
import { CommunityError, notFound } from '../../community-error.ts';
import type { CommunityEvent, Conversation, Page, PageAsked, ReleaseRef } from '../../contract.ts';
import { eventCounter } from '../inbox/events.ts';
import { notifier } from '../inbox/notices.ts';
import { auditor } from '../people/audit.ts';
import { muteQueries, notMuted } from '../people/mutes.ts';
import { openReports } from '../people/reports.ts';
import { first, only, pagesOf } from '../rows.ts';
import { accountQueries } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { type MessageRow, messageColumns, messageOf } from './message-rows.ts';
import { audienceOf, roomQueries, viewerFinder } from './rooms.ts';

const messagesOf = ({ rows, hasMore }: Page<MessageRow>) => ({ rows: rows.map(messageOf), hasMore });

export function messageReads(db: DatabaseSync) {
  const accounts = accountQueries(db);
  const rooms = roomQueries(db);
  const heard = notMuted('m.author_id');
  const ofRoom = pagesOf<MessageRow>(
    db,
    `${messageColumns} WHERE m.room_id = :roomId AND ${heard} AND $edge`,
    'm.id',
  );
  const ofPair = pagesOf<MessageRow>(
    db,
    `${messageColumns} WHERE m.receiver_id IS NOT NULL AND min(m.author_id, m.receiver_id) = min(:by, :other)
     AND max(m.author_id, m.receiver_id) = max(:by, :other) AND ${heard} AND $edge`,
    'm.id',
  );
  const ofRelease = pagesOf<MessageRow>(
    db,
    `${messageColumns} WHERE m.release_id = :releaseId AND ${heard} AND $edge`,
    'm.id',
  );
  const found = pagesOf<MessageRow>(
    db,
    `${messageColumns} JOIN message_words AS words ON words.rowid = m.id
     WHERE message_words MATCH :match AND ${heard} AND $edge
     AND (m.room_id IN (SELECT value FROM json_each(:rooms)) OR :by IN (m.author_id, m.receiver_id))`,
    'words.rowid',
  );
  const conversations = pagesOf<MessageRow & { with_name: string }>(
    db,
    `${messageColumns.replace('SELECT', 'SELECT other.name AS with_name,')}
     JOIN conversations AS c ON c.last_id = m.id JOIN accounts AS other ON other.id = c.with_id
     WHERE c.account_id = :by AND ${notMuted('c.with_id')} AND $edge`,
    'c.last_id',
  );
  return {
    messages({ viewer, key, page }: { viewer: Viewer; key: string; page: PageAsked }) {
      const by = viewer.accountId ?? -1;
      return messagesOf(ofRoom(page, { by, roomId: rooms.rowNamed(key, viewer).id }));
    },
    directMessages({ by, nameKey, page }: Acting & { nameKey: string; page: PageAsked }) {
      return messagesOf(ofPair(page, { by, other: accounts.anyRowNamed(nameKey).id }));
    },
    conversations({ by, page }: Acting & { page: PageAsked }): Page<Conversation> {
      const { rows, hasMore } = conversations(page, { by });
      return { rows: rows.map((row) => ({ with: row.with_name, last: messageOf(row) })), hasMore };
    },
    comments: ({ by, releaseId, page }: { by: number; releaseId: string; page: PageAsked }) =>
      messagesOf(ofRelease(page, { by, releaseId })),
    /** `words` come from queryWords: letters and digits, no operators of FTS5. */
    searchMessages({ viewer, words, page }: { viewer: Viewer; words: readonly string[]; page: PageAsked }) {
      const match = words.map((word) => `"${word}"*`).join(' AND ');
      const by = viewer.accountId ?? -1;
      return messagesOf(found(page, { match, by, rooms: rooms.idsVisibleTo(viewer) }));
    },
  };
}

/** A deleted message keeps its place but loses its text. */
export function messageErasing(db: DatabaseSync) {
  const rooms = roomQueries(db);
  const nextEvent = eventCounter(db);
  const byId = db.prepare(`${messageColumns} WHERE m.id = :id`);
  const deleteWords = db.prepare('DELETE FROM message_words WHERE rowid = :id');
  const erase = db.prepare(`
    UPDATE messages SET text = '', deleted_ms = :nowMs, changed_event = :event WHERE id = :id`);

  /** Who may read the message and gets the event of its deletion. Undefined for a comment. */
  function audienceOfMessage(message: MessageRow): Audience | undefined {
    if (message.room_id !== null) return audienceOf(rooms.rowById(message.room_id));
    if (message.receiver_id === null) return undefined;
    return { kind: 'accounts', accountIds: [message.author_id, message.receiver_id] };
  }

  return {
    audienceOfMessage,
    /** Returns the events for others. */
    erase(id: number, nowMs: number): CommunityEvent[] {
      const event = nextEvent();
      erase.run({ id, event, nowMs });
      const message = only<MessageRow>(byId, { id });
      if (message.release_id === null) deleteWords.run({ id });
      const audience = audienceOfMessage(message);
      return audience === undefined ? [] : [messageEvent(event, message, audience)];
    },
  };
}

const messageEvent = (id: number, message: MessageRow, audience: Audience): CommunityEvent => ({
  id,
  audience,
  authorId: message.author_id,
  body: { type: 'message', message: messageOf(message) },
});

export function messageWrites(db: DatabaseSync) {
  return { ...sayingWrites(db), ...deletingWrites(db) };
}

function sayingWrites(db: DatabaseSync) {
  const accounts = accountQueries(db);
  const rooms = roomQueries(db);
  const viewerOf = viewerFinder(db);
  const actor = actorFinder(db);
  const nextEvent = eventCounter(db);
  const notify = notifier(db);
  const { checkReaches } = muteQueries(db);
  const byId = db.prepare(`${messageColumns} WHERE m.id = :id`);
  const insert = db.prepare(`
    INSERT INTO messages (id, changed_event, author_id, room_id, receiver_id, release_id, text, sent_ms)
    VALUES (:id, :id, :authorId, :roomId, :receiverId, :releaseId, :text, :nowMs)`);
  const insertWords = db.prepare('INSERT INTO message_words (rowid, words) VALUES (:id, :words)');
  const setLast = db.prepare(`
    INSERT INTO conversations VALUES (:accountId, :withId, :id)
    ON CONFLICT (account_id, with_id) DO UPDATE SET last_id = excluded.last_id`);

  interface Place {
    readonly roomId?: number;
    readonly receiverId?: number;
    readonly releaseId?: string;
  }

  function add({ by, nowMs }: Acting, text: string, place: Place): MessageRow {
    const id = nextEvent();
    const { roomId = null, receiverId = null, releaseId = null } = place;
    insert.run({ id, authorId: by, roomId, receiverId, releaseId, text, nowMs });
    if (releaseId === null) insertWords.run({ id, words: indexWords(text).join(' ') });
    return only<MessageRow>(byId, { id });
  }

  return {
    say({ key, text, ...acting }: Acting & { key: string; text: string }) {
      actor(acting, 'say');
      const room = rooms.rowNamed(key, viewerOf(acting.by));
      const message = add(acting, text, { roomId: room.id });
      return { answer: messageOf(message), events: [messageEvent(message.id, message, audienceOf(room))] };
    },
    sayTo({ nameKey, text, ...acting }: Acting & { nameKey: string; text: string }) {
      const { id: by } = actor(acting, 'send-direct');
      const receiver = accounts.rowNamed(nameKey);
      if (receiver.id === by) throw new CommunityError('text-invalid', 'this is you: write to another user');
      checkReaches(by, receiver.id, 'write to this person');
      const message = add(acting, text, { receiverId: receiver.id });
      setLast.run({ accountId: by, withId: receiver.id, id: message.id });
      setLast.run({ accountId: receiver.id, withId: by, id: message.id });
      const notice = { accountId: receiver.id, actorId: by, about: `direct ${by}`, nowMs: acting.nowMs };
      return {
        answer: messageOf(message),
        events: [
          messageEvent(message.id, message, { kind: 'accounts', accountIds: [by, receiver.id] }),
          ...notify({ ...notice, kind: 'direct' }, 'again'),
        ],
      };
    },
    comment({ release, text, ...acting }: Acting & { release: ReleaseRef; text: string }) {
      const { id: by } = actor(acting, 'comment');
      const { releaseId, publisherId, title } = release;
      checkReaches(by, publisherId, 'comment on what this person shares');
      const message = add(acting, text, { releaseId });
      const about = `comment ${releaseId} ${by}`;
      const notice = { accountId: publisherId, actorId: by, releaseId, title, about, nowMs: acting.nowMs };
      const events = publisherId === by ? [] : notify({ ...notice, kind: 'comment' }, 'again');
      return { answer: messageOf(message), events };
    },
  };
}

function deletingWrites(db: DatabaseSync) {
  const viewerOf = viewerFinder(db);
  const actor = actorFinder(db);
  const audit = auditor(db);
  const reportsOf = openReports(db);
  const byId = db.prepare(`${messageColumns} WHERE m.id = :id`);
  const { erase, audienceOfMessage } = messageErasing(db);
  return {
    deleteMessage({ id, ...acting }: Acting & { id: number }) {
      const message = first<MessageRow>(byId, { id });
      const { role } = actor(acting, 'delete-message', message?.author_id === acting.by);
      if (message === undefined || message.deleted_ms !== null) throw notFound('such message');
      const audience = audienceOfMessage(message);
      const isOwn = message.author_id === acting.by;
      const sees =
        audience === undefined ||
        hears(viewerOf(acting.by), audience) ||
        reportsOf('message', String(id), acting.by).length > 0;
      // Only its author can delete a direct message.
      if (!sees || !may(role, 'delete-message', isOwn) || (message.receiver_id !== null && !isOwn))
        throw notFound('such message');
      if (!isOwn)
        audit(acting, { action: 'delete-message', accountId: message.author_id, about: String(id) });
      return { events: erase(id, acting.nowMs) };
    },
  };
}
