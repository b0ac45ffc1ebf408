/** A message as it is stored, and as it is shown. */
import type { Message } from '../../contract.ts';
import { optional } from '../rows.ts';

export interface MessageRow {
  readonly id: number;
  readonly changed_event: number;
  readonly author_id: number;
  readonly author: string;
  readonly room_id: number | null;
  readonly room: string | null;
  readonly receiver_id: number | null;
  readonly receiver: string | null;
  readonly release_id: string | null;
  readonly text: string;
  readonly sent_ms: number;
  readonly deleted_ms: number | null;
}

/** Ends before WHERE; `m` is the message. */
export const messageColumns = `
  SELECT m.*, author.name AS author, receiver.name AS receiver, room.name AS room FROM messages AS m
  JOIN accounts AS author ON author.id = m.author_id
  LEFT JOIN accounts AS receiver ON receiver.id = m.receiver_id
  LEFT JOIN rooms AS room ON room.id = m.room_id`;

export function messageOf(row: MessageRow): Message {
  return {
    id: row.id,
    author: row.author,
    ...optional('room', row.room),
    ...optional('receiver', row.receiver),
    ...optional('releaseId', row.release_id),
    text: row.text,
    sentAtMs: row.sent_ms,
    isDeleted: row.deleted_ms !== null,
  };
}
