/** Coming in: registering, sessions, invitations, and the link that makes the first owner. */
import type { DatabaseSync } from 'node:sqlite';
import { may, mayInviteAs, type Role } from '../../../access.ts';
import { CommunityError, notAllowed, notFound } from '../../community-error.ts';
import type { Authenticated, Invitation, SessionInfo } from '../../contract.ts';
import { auditor } from '../people/audit.ts';
import { all, first } from '../rows.ts';
import { type AccountRow, accountQueries, keyTaken } from './accounts.ts';
import { type Acting, actorFinder, isBannedAt } from './actor.ts';
import { limits } from './limits.ts';

export interface SessionSecret {
  readonly tokenHash: Uint8Array;
  readonly id: string;
  readonly label: string;
}

export interface RegisterArgument {
  readonly name: string;
  readonly key: string;
  readonly publicKey: Uint8Array | null;
  readonly password: string | null;
  readonly generation: number;
  readonly setupHash?: Uint8Array;
  readonly invitationHash?: Uint8Array;
  /** Undefined: only by invitation. */
  readonly newcomerRole?: Role;
  /** Strangers see accounts here, so they may be told whose a key is. */
  readonly isOwnerTold: boolean;
  readonly session: SessionSecret;
  readonly nowMs: number;
}

interface SessionRow {
  readonly token_hash: Uint8Array;
  readonly id: string;
  readonly label: string;
  readonly created_ms: number;
  readonly seen_ms: number;
}

interface InvitationRow {
  readonly id: string;
  readonly inviter_id: number;
  readonly inviter: string;
  readonly role: Role;
  readonly note: string;
  readonly uses_left: number;
  readonly expires_ms: number;
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
  const invitations = db.prepare(`
    SELECT i.*, a.name AS inviter FROM invitations AS i JOIN accounts AS a ON a.id = i.inviter_id
    WHERE uses_left > 0 AND expires_ms > :nowMs AND (inviter_id = :by OR :all) ORDER BY i.created_ms DESC LIMIT 500`);
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
    invitations({ by, nowMs }: Acting): Invitation[] {
      const row = queries.rowById(by);
      if (row === undefined) return [];
      const showsAll = may(row.role, 'withdraw-invitation', false) ? 1 : 0;
      return all<InvitationRow>(invitations, { by, nowMs, all: showsAll }).map((invitation) => ({
        id: invitation.id,
        inviter: invitation.inviter,
        role: invitation.role,
        note: invitation.note,
        usesLeft: invitation.uses_left,
        expiresAtMs: invitation.expires_ms,
      }));
    },
  };
}

export function entranceWrites(db: DatabaseSync) {
  const queries = accountQueries(db);
  const actor = actorFinder(db);
  const audit = auditor(db);
  const anyOwner = db.prepare("SELECT id FROM accounts WHERE role = 'owner' LIMIT 1");
  const setSetup = db.prepare('INSERT OR REPLACE INTO setup_token VALUES (1, :tokenHash)');
  const takeSetup = db.prepare('DELETE FROM setup_token WHERE token_hash = :tokenHash');
  const takeInvitation = db.prepare(`
    UPDATE invitations SET uses_left = uses_left - 1
    WHERE token_hash = :tokenHash AND uses_left > 0 AND expires_ms > :nowMs RETURNING role, inviter_id`);
  const retired = db.prepare('SELECT 1 FROM retired_names WHERE name_key = :key AND until_ms > :nowMs');
  const keyOwner = db.prepare('SELECT name FROM accounts WHERE public_key = :publicKey');
  const insert = db.prepare(`
    INSERT INTO accounts (name, name_key, role, public_key, password, generation, created_ms, invited_by)
    VALUES (:name, :key, :role, :publicKey, :password, :generation, :nowMs, :invitedBy)`);
  const insertSession = db.prepare(
    'INSERT INTO sessions VALUES (:tokenHash, :id, :accountId, :label, :nowMs, :nowMs)',
  );
  const dropStale = db.prepare(`
    DELETE FROM sessions WHERE account_id = :accountId AND (NOT (${freshSession}) OR id IN (
      SELECT id FROM sessions WHERE account_id = :accountId ORDER BY seen_ms DESC, created_ms DESC
      LIMIT -1 OFFSET ${limits.sessionsPerAccount}))`);
  const touch = db.prepare('UPDATE sessions SET seen_ms = :nowMs WHERE id = :id');
  const dropSession = db.prepare('DELETE FROM sessions WHERE id = :id AND account_id = :by');
  const liveInvitations = db.prepare(
    'SELECT count(*) AS count FROM invitations WHERE inviter_id = :by AND uses_left > 0 AND expires_ms > :nowMs',
  );
  const insertInvitation = db.prepare(
    'INSERT INTO invitations VALUES (:id, :tokenHash, :by, :role, :note, :uses, :nowMs, :expiresMs)',
  );
  const inviterOf = db.prepare('SELECT inviter_id FROM invitations WHERE id = :id');
  const dropInvitation = db.prepare('DELETE FROM invitations WHERE id = :id');

  function openSession(accountId: number, { tokenHash, id, label }: SessionSecret, nowMs: number): void {
    insertSession.run({ tokenHash, id, accountId, label, nowMs });
    dropStale.run({ accountId, nowMs });
  }

  function roleOfNewcomer({ setupHash, invitationHash, newcomerRole, nowMs }: RegisterArgument): {
    role: Role;
    invitedBy: number | null;
  } {
    if (setupHash !== undefined) {
      if (first(anyOwner) !== undefined || takeSetup.run({ tokenHash: setupHash }).changes === 0) {
        throw new CommunityError('setup-invalid', 'this link was used already, or is from an earlier start');
      }
      return { role: 'owner', invitedBy: null };
    }
    if (invitationHash !== undefined) {
      const row = first<{ role: Role; inviter_id: number }>(takeInvitation, {
        tokenHash: invitationHash,
        nowMs,
      });
      if (row === undefined) throw invitationInvalid();
      return { role: row.role, invitedBy: row.inviter_id };
    }
    if (newcomerRole === undefined) {
      throw new CommunityError(
        'registration-closed',
        'this tracker takes newcomers by invitation: ask a member for one',
      );
    }
    return { role: newcomerRole, invitedBy: null };
  }

  return {
    /** False: there is an owner, and the token is good for nothing. */
    setSetupToken(tokenHash: Uint8Array): boolean {
      if (first(anyOwner) !== undefined) return false;
      setSetup.run({ tokenHash });
      return true;
    },
    register(argument: RegisterArgument) {
      const { name, key, publicKey, password, generation, session, nowMs } = argument;
      const newcomer = roleOfNewcomer(argument);
      if (queries.rowByKey(key) !== undefined || first(retired, { key, nowMs }) !== undefined) {
        throw new CommunityError(
          'name-taken',
          `the name “${name}” is taken here, or looks the same as one that is: choose another`,
        );
      }
      const owner = publicKey === null ? undefined : first<{ name: string }>(keyOwner, { publicKey });
      if (owner !== undefined) throw keyTaken(argument.isOwnerTold ? owner.name : undefined);
      const values = { name, key, publicKey, password, generation, nowMs };
      const id = Number(insert.run({ ...values, ...newcomer }).lastInsertRowid);
      openSession(id, session, nowMs);
      const row = queries.rowById(id)!;
      return { answer: queries.own(row, nowMs), access: [queries.access(row)] };
    },
    /** `password`: the hash that was checked, when it was one. */
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
      return { access: [queries.access(queries.rowById(by)!)] };
    },
    invite(argument: Acting & InviteArgument): void {
      const { by, nowMs, id, tokenHash, role, note, uses, expiresMs } = argument;
      const inviter = actor(argument, 'invite');
      if (!mayInviteAs(inviter.role, role)) throw notAllowed(`invite somebody as ${role}`);
      if (first<{ count: number }>(liveInvitations, { by, nowMs })!.count >= limits.invitationsPerAccount) {
        throw new CommunityError(
          'limit-reached',
          'too many invitations of yours are open: withdraw one first',
        );
      }
      insertInvitation.run({ id, tokenHash, by, role, note, uses, nowMs, expiresMs });
    },
    withdrawInvitation({ id, ...acting }: Acting & { id: string }) {
      const inviterId = first<{ inviter_id: number }>(inviterOf, { id })?.inviter_id;
      const isOwn = inviterId === acting.by;
      // An invitation one may not withdraw is one that one cannot see.
      const { role } = actor(acting, 'withdraw-invitation', true);
      if (inviterId === undefined || !may(role, 'withdraw-invitation', isOwn))
        throw notFound(`invitation ${id}`);
      dropInvitation.run({ id });
      if (!isOwn) audit(acting, { action: 'withdraw-invitation', accountId: inviterId, about: id });
    },
  };
}

export interface InviteArgument {
  readonly id: string;
  readonly tokenHash: Uint8Array;
  readonly role: Role;
  readonly note: string;
  readonly uses: number;
  readonly expiresMs: number;
}

export function invitationInvalid(): CommunityError {
  return new CommunityError(
    'invitation-invalid',
    'this invitation is not good, used up or too old: ask for another',
  );
}

/** The same for a name that nobody has and a password that is wrong. */
export function signInFailed(): CommunityError {
  return new CommunityError('sign-in-failed', 'name and password, or name and key, do not fit together');
}

/** Said only to those who have proved who they are. */
function banned(row: AccountRow): CommunityError {
  const until = row.ban_until_ms === null ? '' : ` until ${new Date(row.ban_until_ms).toISOString()}`;
  const why = row.ban_reason ? `: ${row.ban_reason}` : '';
  return new CommunityError('account-banned', `this account is banned${until}${why}`);
}
