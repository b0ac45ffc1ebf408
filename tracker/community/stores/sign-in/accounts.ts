/** Accounts, as others see them and as their owners do. A name never changes, nor a key once set. */
import type { DatabaseSync } from 'node:sqlite';
import type { Role } from '../../../access.ts';
import type { Account, OwnAccount } from '../../accounts.ts';
import { CommunityError, noSuchAccount, notFound } from '../../community-error.ts';
import type { AccountAccess } from '../../contract.ts';
import { all, first, only, optional } from '../rows.ts';
import { type Acting, actorFinder, banOf, isBannedAt } from './actor.ts';

export interface AccountRow {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly public_key: Uint8Array | null;
  readonly password: string | null;
  /** The generation of its passkeys. */
  readonly generation: number;
  /** The hash of its passkey from before passkeys named a release. */
  readonly passkey_hash: Uint8Array | null;
  readonly created_ms: number;
  readonly banned_ms: number | null;
  readonly ban_until_ms: number | null;
  readonly ban_reason: string | null;
  readonly notices_read: number;
  readonly rights_ms: number | null;
  readonly deleted_ms: number | null;
}

/** What a sign-in is checked against. */
export interface Credentials {
  readonly accountId: number;
  readonly name: string;
  readonly password?: string;
  readonly publicKey?: Uint8Array;
}

/** Queries of both connections, the reader and the writer. */
export function accountQueries(db: DatabaseSync) {
  const byId = db.prepare('SELECT * FROM accounts WHERE id = :id');
  const byKey = db.prepare('SELECT * FROM accounts WHERE name_key = :key');
  const groupsOf = db.prepare(
    `SELECT id, name FROM groups WHERE id IN (SELECT group_id FROM group_members WHERE account_id = :id)
     ORDER BY name_key`,
  );
  const unread = db.prepare('SELECT count(*) AS count FROM notices WHERE account_id = :id AND id > :read');
  const rowById = (id: number) => first<AccountRow>(byId, { id });
  const rowByKey = (key: string) => first<AccountRow>(byKey, { key });
  const groups = (id: number) => all<{ id: number; name: string }>(groupsOf, { id });
  return {
    rowById,
    /** For an account that exists. */
    rowOf: (id: number) => only<AccountRow>(byId, { id }),
    /** Throws CommunityError `not-found`. */
    rowNamed(key: string): AccountRow {
      const row = rowByKey(key);
      if (row === undefined || row.deleted_ms !== null) throw noSuchAccount(key);
      return row;
    },
    rowByKey,
    /** Also finds deleted accounts, since authors can still read what they wrote to them. */
    anyRowNamed(key: string): AccountRow {
      const row = rowByKey(key);
      if (row === undefined) throw noSuchAccount(key);
      return row;
    },
    groupIds: (id: number) => groups(id).map((group) => group.id),
    own(row: AccountRow, nowMs: number): OwnAccount {
      return {
        ...accountOf(row, nowMs),
        accountId: row.id,
        hasPassword: row.password !== null,
        ...optional('rightsConfirmedAtMs', row.rights_ms),
        groups: groups(row.id).map(({ name }) => name),
        unreadNotices: only<{ count: number }>(unread, { id: row.id, read: row.notices_read }).count,
      };
    },
    access(row: AccountRow): AccountAccess {
      const { id: accountId, generation, role } = row;
      return {
        accountId,
        generation,
        ...optional('passkeyHash', row.passkey_hash),
        role,
        groupIds: groups(row.id).map(({ id }) => id),
        ...banOf(row),
      };
    },
  };
}

export function accountOf(row: AccountRow, nowMs: number): Account {
  const ban = {
    reason: row.ban_reason ?? '',
    sinceMs: row.banned_ms ?? 0,
    ...optional('untilMs', row.ban_until_ms),
  };
  return {
    name: row.name,
    role: row.role,
    ...optional('publicKey', row.public_key),
    createdAtMs: row.created_ms,
    ...(isBannedAt(row, nowMs) && { ban }),
  };
}

export function accountReads(db: DatabaseSync) {
  const queries = accountQueries(db);
  const names = db.prepare('SELECT id, name FROM accounts WHERE id IN (SELECT value FROM json_each(:ids))');
  const page = db.prepare('SELECT * FROM accounts WHERE id > :after ORDER BY id LIMIT 1000');
  return {
    account: ({ key, nowMs }: { key: string; nowMs: number }) => accountOf(queries.rowNamed(key), nowMs),
    accountId(key: string) {
      const row = queries.rowByKey(key);
      return row?.deleted_ms === null ? row.id : undefined;
    },
    credentials(key: string): Credentials | undefined {
      const row = queries.rowByKey(key);
      if (row === undefined) return undefined;
      const { id: accountId, name } = row;
      return {
        accountId,
        name,
        ...optional('password', row.password),
        ...optional('publicKey', row.public_key),
      };
    },
    me({ by, nowMs }: Acting): OwnAccount {
      const row = queries.rowById(by);
      if (row === undefined) throw notFound('account of yours');
      return queries.own(row, nowMs);
    },
    names: (ids: readonly number[]) =>
      all<{ id: number; name: string }>(names, { ids: JSON.stringify(ids) }).map(
        ({ id, name }): [number, string] => [id, name],
      ),
    accessAfter: (after: number) => all<AccountRow>(page, { after }).map(queries.access),
  };
}

export function accountWrites(db: DatabaseSync) {
  const queries = accountQueries(db);
  const actor = actorFinder(db);
  const keyOwner = db.prepare('SELECT id, name FROM accounts WHERE public_key = :publicKey');
  const setKey = db.prepare(
    'UPDATE accounts SET public_key = :publicKey WHERE id = :by AND public_key IS NULL',
  );
  const confirmRights = db.prepare(
    'UPDATE accounts SET rights_ms = :nowMs WHERE id = :by AND rights_ms IS NULL',
  );
  const setPassword = db.prepare('UPDATE accounts SET password = :password WHERE id = :by');
  const renewPasskeys = db.prepare(
    'UPDATE accounts SET generation = generation + 1, passkey_hash = NULL WHERE id = :by',
  );
  const endSessions = db.prepare('DELETE FROM sessions WHERE account_id = :id AND id IS NOT :kept');

  return {
    addKey({ publicKey, ...acting }: Acting & { publicKey: Uint8Array }) {
      const { id } = actor(acting, 'change-account', true);
      const owner = first<{ id: number; name: string }>(keyOwner, { publicKey });
      if (owner?.id === id) return;
      if (owner !== undefined) throw keyTaken(owner.name);
      if (setKey.run({ publicKey, by: id }).changes === 0) {
        throw new CommunityError(
          'key-taken',
          'this account has a key already, and its releases are signed with it',
        );
      }
    },
    /** Only the first confirmation counts. */
    confirmRights(acting: Acting) {
      const { id } = actor(acting, 'change-account', true);
      confirmRights.run({ by: id, nowMs: acting.nowMs });
    },
    /** `old`: the hash that was checked. It may have been changed since. */
    setPassword(change: Acting & { old: string | null; password: string; kept: string | null }) {
      const { id } = actor(change, 'change-account', true);
      if (queries.rowOf(id).password !== change.old) {
        throw new CommunityError('sign-in-failed', 'the password has been changed: sign in again');
      }
      setPassword.run({ by: id, password: change.password });
      endSessions.run({ id, kept: change.kept });
      return { access: [queries.access(queries.rowOf(id))] };
    },
    renewPasskeys(acting: Acting) {
      const { id } = actor(acting, 'change-account', true);
      renewPasskeys.run({ by: id });
      return { access: [queries.access(queries.rowOf(id))] };
    },
  };
}

/** `owner`: undefined where the asker may not know who has an account. */
export function keyTaken(owner: string | undefined): CommunityError {
  const whose = owner === undefined ? 'another account' : `the account “${owner}”`;
  return new CommunityError('key-taken', `this key belongs to ${whose} here: sign in with that name`);
}
