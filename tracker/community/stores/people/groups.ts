/** Groups: named lists of accounts, maintained by their founder. Releases and rooms can be for a group. */
import type { DatabaseSync } from 'node:sqlite';
import type { Group } from '../../accounts.ts';
import { CommunityError, notAllowed, notFound, quoted } from '../../community-error.ts';
import { all, first, only } from '../rows.ts';
import { accountQueries } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { limits } from '../sign-in/limits.ts';
import { muteQueries } from './mutes.ts';

interface GroupRow {
  readonly id: number;
  readonly name: string;
  readonly founder_id: number;
  readonly founder: string;
}

const groupColumns = `
  SELECT g.id, g.name, g.founder_id, a.name AS founder FROM groups AS g JOIN accounts AS a ON a.id = g.founder_id`;

function groupQueries(db: DatabaseSync) {
  const members = db.prepare(`
    SELECT name FROM accounts WHERE id IN (SELECT account_id FROM group_members WHERE group_id = :id)
    ORDER BY name_key`);
  /** For non-members a group does not exist. */
  const named = db.prepare(`${groupColumns} WHERE g.name_key = :key
    AND EXISTS (SELECT 1 FROM group_members WHERE group_id = g.id AND account_id = :by)`);
  return {
    groupOf: ({ id, name, founder }: GroupRow): Group => ({
      groupId: id,
      name,
      founder,
      members: all<{ name: string }>(members, { id }).map((member) => member.name),
    }),
    rowNamed(key: string, by: number): GroupRow {
      const row = first<GroupRow>(named, { key, by });
      if (row === undefined) throw notFound(`group ${quoted(key)}`);
      return row;
    },
  };
}

export function groupReads(db: DatabaseSync) {
  const { groupOf } = groupQueries(db);
  const mine = db.prepare(`${groupColumns}
    WHERE g.id IN (SELECT group_id FROM group_members WHERE account_id = :by) ORDER BY g.name_key`);
  return {
    groups: ({ by }: { by: number }) => all<GroupRow>(mine, { by }).map(groupOf),
  };
}

export function groupWrites(db: DatabaseSync) {
  const queries = groupQueries(db);
  const accounts = accountQueries(db);
  const actor = actorFinder(db);
  const { checkReaches } = muteQueries(db);
  const taken = db.prepare('SELECT id FROM groups WHERE name_key = :key');
  const founded = db.prepare('SELECT count(*) AS count FROM groups WHERE founder_id = :by');
  const insert = db.prepare(
    'INSERT INTO groups (name, name_key, founder_id, created_ms) VALUES (:name, :key, :by, :nowMs)',
  );
  const size = db.prepare('SELECT count(*) AS count FROM group_members WHERE group_id = :id');
  const add = db.prepare('INSERT OR IGNORE INTO group_members VALUES (:id, :accountId)');
  const remove = db.prepare('DELETE FROM group_members WHERE group_id = :id AND account_id = :accountId');

  const accessOf = (accountId: number) => [accounts.access(accounts.rowOf(accountId))];

  return {
    createGroup({ name, key, ...acting }: Acting & { name: string; key: string }) {
      const { id: by } = actor(acting, 'create-group');
      if (only<{ count: number }>(founded, { by }).count >= limits.groupsPerFounder) {
        throw new CommunityError(
          'limit-reached',
          `at most ${limits.groupsPerFounder} groups for each founder`,
        );
      }
      if (first(taken, { key }) !== undefined) {
        throw new CommunityError('name-taken', 'a group has this name already: choose another');
      }
      const id = Number(insert.run({ name, key, by, nowMs: acting.nowMs }).lastInsertRowid);
      add.run({ id, accountId: by });
      return { answer: queries.groupOf(queries.rowNamed(key, by)), access: accessOf(by) };
    },
    addToGroup({ key, nameKey, ...acting }: Acting & { key: string; nameKey: string }) {
      const group = queries.rowNamed(key, acting.by);
      actor(acting, 'change-group', group.founder_id === acting.by);
      const { id: accountId } = accounts.rowNamed(nameKey);
      checkReaches(acting.by, accountId, 'add this person to a group');
      if (only<{ count: number }>(size, { id: group.id }).count >= limits.membersPerGroup) {
        throw new CommunityError('limit-reached', `a group has at most ${limits.membersPerGroup} members`);
      }
      add.run({ id: group.id, accountId });
      return { answer: queries.groupOf(group), access: accessOf(accountId) };
    },
    removeFromGroup({ key, nameKey, ...acting }: Acting & { key: string; nameKey: string }) {
      const group = queries.rowNamed(key, acting.by);
      const { id: accountId } = accounts.rowNamed(nameKey);
      // A member may leave the group.
      actor(acting, 'change-group', group.founder_id === acting.by || accountId === acting.by);
      if (accountId === group.founder_id) throw notAllowed('take its founder out of a group');
      if (remove.run({ id: group.id, accountId }).changes === 0)
        throw notFound(`member ${quoted(nameKey)} in the group ${quoted(group.name)}`);
      return { access: accessOf(accountId) };
    },
  };
}
