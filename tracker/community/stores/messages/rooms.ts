/** Chat rooms. A room is for everyone, for members, or for a group. For others it does not exist. */
import type { DatabaseSync } from 'node:sqlite';
import { type Audience, hears, type RoomVisibility, type Viewer } from '../../../access.ts';
import { CommunityError, notFound, quoted } from '../../community-error.ts';
import type { Room } from '../../contract.ts';
import { auditor } from '../people/audit.ts';
import { all, first, only, optional } from '../rows.ts';
import { accountQueries } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { limits } from '../sign-in/limits.ts';

export interface RoomRow {
  readonly id: number;
  readonly name: string;
  readonly topic: string;
  readonly visibility: RoomVisibility;
  readonly group_id: number | null;
  readonly group_name: string | null;
  readonly founder_id: number | null;
  readonly last_ms: number | null;
}

const roomColumns = `
  SELECT r.*, g.name AS group_name, (
    SELECT sent_ms FROM messages WHERE room_id = r.id ORDER BY id DESC LIMIT 1
  ) AS last_ms
  FROM rooms AS r LEFT JOIN groups AS g ON g.id = r.group_id`;

export function audienceOf({ visibility, group_id }: Pick<RoomRow, 'visibility' | 'group_id'>): Audience {
  return { kind: 'room', visibility, ...optional('groupId', group_id) };
}

export function roomQueries(db: DatabaseSync) {
  const named = db.prepare(`${roomColumns} WHERE r.name_key = :key`);
  const byId = db.prepare(`${roomColumns} WHERE r.id = :id`);
  const listed = db.prepare(`${roomColumns} ORDER BY last_ms DESC NULLS LAST, r.name_key`);
  const ids = db.prepare('SELECT id, visibility, group_id FROM rooms');
  return {
    /** Throws CommunityError `not-found`, also for a room that this viewer may not see. */
    rowNamed(key: string, viewer: Viewer): RoomRow {
      const row = first<RoomRow>(named, { key });
      if (row === undefined || !hears(viewer, audienceOf(row))) throw notFound(`room ${quoted(key)}`);
      return row;
    },
    rowById: (id: number) => only<RoomRow>(byId, { id }),
    visibleTo: (viewer: Viewer) => all<RoomRow>(listed).filter((row) => hears(viewer, audienceOf(row))),
    /** As JSON, for json_each. */
    idsVisibleTo(viewer: Viewer): string {
      const rows = all<RoomRow>(ids).filter((row) => hears(viewer, audienceOf(row)));
      return JSON.stringify(rows.map(({ id }) => id));
    },
  };
}

/** Returns the present viewer of an account. */
export function viewerFinder(db: DatabaseSync): (accountId: number) => Viewer {
  const accounts = accountQueries(db);
  return (accountId) => {
    const row = accounts.rowById(accountId);
    if (row === undefined) throw notFound('account of yours');
    return { accountId, role: row.role, groupIds: accounts.groupIds(accountId) };
  };
}

export function roomReads(db: DatabaseSync) {
  const rooms = roomQueries(db);
  return {
    rooms: (viewer: Viewer) => rooms.visibleTo(viewer).map(roomOf),
  };
}

export interface CreateRoomArgument extends Acting {
  readonly name: string;
  readonly key: string;
  readonly topic: string;
  readonly visibility: RoomVisibility;
  readonly groupKey?: string;
}

export function roomWrites(db: DatabaseSync) {
  const rooms = roomQueries(db);
  const viewerOf = viewerFinder(db);
  const actor = actorFinder(db);
  const audit = auditor(db);
  const counts = db.prepare('SELECT count(*) AS all_rooms, sum(founder_id = :by) AS own FROM rooms');
  const taken = db.prepare('SELECT id FROM rooms WHERE name_key = :key');
  const groupId = db.prepare(`
    SELECT id FROM groups WHERE name_key = :key
    AND EXISTS (SELECT 1 FROM group_members WHERE group_id = id AND account_id = :by)`);
  const insert = db.prepare(`
    INSERT INTO rooms (name, name_key, topic, visibility, group_id, founder_id, created_ms)
    VALUES (:name, :key, :topic, :visibility, :groupId, :by, :nowMs)`);
  const setTopic = db.prepare('UPDATE rooms SET topic = :topic WHERE id = :id');

  /** Null for a room without a group. */
  function groupFor({ visibility, groupKey, by }: CreateRoomArgument): number | null {
    if (visibility !== 'group') return null;
    const row = groupKey === undefined ? undefined : first<{ id: number }>(groupId, { key: groupKey, by });
    if (row === undefined) throw notFound(`group ${quoted(groupKey ?? '')}`);
    return row.id;
  }

  return {
    createRoom(argument: CreateRoomArgument) {
      const { name, key, topic, visibility, nowMs } = argument;
      const { id: by } = actor(argument, 'create-room');
      const { all_rooms, own } = only<{ all_rooms: number; own: number | null }>(counts, { by });
      if ((own ?? 0) >= limits.roomsPerFounder || all_rooms >= limits.rooms) {
        throw new CommunityError('limit-reached', 'there are too many rooms already: use one of them');
      }
      // Names of hidden rooms are taken too, which reveals that such a room exists, but no more.
      if (first(taken, { key }) !== undefined) {
        throw new CommunityError('name-taken', 'a room has this name already: choose another');
      }
      const group = groupFor(argument);
      insert.run({ name, key, topic, visibility, groupId: group, by, nowMs });
      return { answer: roomOf(rooms.rowNamed(key, viewerOf(by))) };
    },
    changeTopic({ key, topic, ...acting }: Acting & { key: string; topic: string }) {
      const room = rooms.rowNamed(key, viewerOf(acting.by));
      actor(acting, 'change-room', room.founder_id === acting.by);
      setTopic.run({ id: room.id, topic });
      if (room.founder_id !== acting.by) audit(acting, { action: 'change-topic', ...about(room) });
      return { answer: roomOf(rooms.rowById(room.id)) };
    },
  };
}

/** For the audit entry. Without the name of a group's room, which only the group may know. */
function about({ founder_id: accountId, name, visibility }: RoomRow) {
  return {
    ...optional('accountId', accountId),
    ...(visibility !== 'group' && { detail: name }),
  };
}

function roomOf({ name, topic, visibility, group_name, last_ms }: RoomRow): Room {
  return {
    name,
    topic,
    visibility,
    ...optional('group', group_name),
    ...optional('lastMessageAtMs', last_ms),
  };
}
