/** Sessions, and what is checked before one is opened. Registering: registration.ts. */
import type { DatabaseSync } from 'node:sqlite';
import type { Authenticated, SessionInfo } from '../../accounts.ts';
import { CommunityError, notFound } from '../../community-error.ts';
import { all, first } from '../rows.ts';
import { type AccountRow, accountQueries } from './accounts.ts';
import { type Acting, isBannedAt } from './actor.ts';
import { limits } from './limits.ts';

export interface SessionSecret {
  readonly tokenHash: Uint8Array;
  readonly id: string;
  readonly label: string;
}

interface SessionRow {
  readonly token_hash: Uint8Array;
  readonly id: string;
  readonly label: string;
  readonly created_ms: number;
  readonly seen_ms: number;
}

const freshSession = `
  sessions.created_ms > :nowMs - ${limits.sessionLifeMs} AND sessions.seen_ms > :nowMs - ${limits.sessionIdleMs}`;

export function entranceReads(db: DatabaseSync) {
  const queries = accountQueries(db);
  const byHash = db.prepare(`
    SELECT sessions.id AS session_id, seen_ms, a.* FROM sessions JOIN accounts AS a ON a.id = account_id
    WHERE token_hash = :tokenHash AND ${freshSession}`);
  const ofAccount = db.prepare(
    `SELECT * FROM sessions WHERE account_id = :by AND ${freshSession} ORDER BY seen_ms DESC`,
  );
  return {
    authenticate({ tokenHash, nowMs }: { tokenHash: Uint8Array; nowMs: number }) {
      const row = first<AccountRow & { session_id: string; seen_ms: number }>(byHash, { tokenHash, nowMs });
      if (row === undefined || isBannedAt(row, nowMs)) return undefined;
      const { id: accountId, name, role, session_id: sessionId } = row;
      const viewer: Authenticated = {
        ...{ accountId, name, role, sessionId },
        hasRights: row.rights_ms !== null,
        groupIds: queries.groupIds(row.id),
      };
      return { viewer, isSeenDue: nowMs - row.seen_ms >= limits.sessionSeenEveryMs };
    },
    sessions: ({ by, nowMs, currentId }: Acting & { currentId?: string }) =>
      all<SessionRow>(ofAccount, { by, nowMs }).map(
        (row): SessionInfo => ({
          id: row.id,
          label: row.label,
          createdAtMs: row.created_ms,
          seenAtMs: row.seen_ms,
          isCurrent: row.id === currentId,
        }),
      ),
  };
}

/** Opens a session, and ends stale ones and those over the account's limit. */
export function sessionOpener(db: DatabaseSync) {
  const insertSession = db.prepare(
    'INSERT INTO sessions VALUES (:tokenHash, :id, :accountId, :label, :nowMs, :nowMs)',
  );
  const dropStale = db.prepare(`
    DELETE FROM sessions WHERE account_id = :accountId AND (NOT (${freshSession}) OR id IN (
      SELECT id FROM sessions WHERE account_id = :accountId ORDER BY seen_ms DESC, created_ms DESC
      LIMIT -1 OFFSET ${limits.sessionsPerAccount}))`);
  return (accountId: number, { tokenHash, id, label }: SessionSecret, nowMs: number): void => {
    insertSession.run({ tokenHash, id, accountId, label, nowMs });
    dropStale.run({ accountId, nowMs });
  };
}

export function entranceWrites(db: DatabaseSync) {
  const queries = accountQueries(db);
  const openSession = sessionOpener(db);
  const touch = db.prepare('UPDATE sessions SET seen_ms = :nowMs WHERE id = :id');
  const dropSession = db.prepare('DELETE FROM sessions WHERE id = :id AND account_id = :by');

  return {
    /** `password`: the hash that was checked, for a sign-in by password. */
    signIn(argument: { accountId: number; password?: string; session: SessionSecret; nowMs: number }) {
      const { accountId, password, session, nowMs } = argument;
      const row = queries.rowById(accountId);
      if (row === undefined || (password !== undefined && row.password !== password)) throw signInFailed();
      if (isBannedAt(row, nowMs)) throw banned(row);
      openSession(accountId, session, nowMs);
      return { answer: queries.own(row, nowMs) };
    },
    seen: ({ id, nowMs }: { id: string; nowMs: number }) => void touch.run({ id, nowMs }),
    signOut({ id, by }: Acting & { id: string }) {
      if (dropSession.run({ id, by }).changes === 0) throw notFound(`session ${id} of yours`);
      return { access: [queries.access(queries.rowOf(by))] };
    },
  };
}

/** The same for an unknown name and for a wrong password. */
export function signInFailed(): CommunityError {
  return new CommunityError('sign-in-failed', 'name and password, or name and key, do not fit together');
}

/** Shown only to users who have proved their identity. */
function banned(row: AccountRow): CommunityError {
  const until = row.ban_until_ms === null ? '' : ` until ${new Date(row.ban_until_ms).toISOString()}`;
  const why = row.ban_reason ? `: ${row.ban_reason}` : '';
  return new CommunityError('account-banned', `this account is banned${until}${why}`);
}
