/** New accounts, and the link that makes the first owner. */
import type { DatabaseSync } from 'node:sqlite';
import type { Role } from '../../../access.ts';
import { CommunityError } from '../../community-error.ts';
import { first } from '../rows.ts';
import { accountQueries, keyTaken } from './accounts.ts';
import { type SessionSecret, sessionOpener } from './entrance.ts';
import { invitationInvalid } from './invitations.ts';

export interface RegisterArgument {
  readonly name: string;
  readonly key: string;
  readonly publicKey: Uint8Array | null;
  readonly password: string | null;
  readonly generation: number;
  readonly setupHash?: Uint8Array;
  readonly invitationHash?: Uint8Array;
  /** Undefined: an invitation is required. */
  readonly newcomerRole?: Role;
  /** Anonymous users may see accounts, so they may learn whose key it is. */
  readonly isOwnerTold: boolean;
  readonly session: SessionSecret;
  readonly nowMs: number;
}

export function registrationWrites(db: DatabaseSync) {
  const queries = accountQueries(db);
  const openSession = sessionOpener(db);
  const roleOfNewcomer = newcomerRoles(db);
  const anyOwner = db.prepare("SELECT id FROM accounts WHERE role = 'owner' LIMIT 1");
  const setSetup = db.prepare('INSERT OR REPLACE INTO setup_token VALUES (1, :tokenHash)');
  const retired = db.prepare('SELECT 1 FROM retired_names WHERE name_key = :key AND until_ms > :nowMs');
  const keyOwner = db.prepare('SELECT name FROM accounts WHERE public_key = :publicKey');
  const insert = db.prepare(`
    INSERT INTO accounts (name, name_key, role, public_key, password, generation, created_ms, invited_by)
    VALUES (:name, :key, :role, :publicKey, :password, :generation, :nowMs, :invitedBy)`);

  return {
    /** False: there is an owner, and the token is useless. */
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
      const row = queries.rowOf(id);
      return { answer: queries.own(row, nowMs), access: [queries.access(row)] };
    },
  };
}

/** The role of a newcomer, by the link or the invitation, which is used up. */
function newcomerRoles(db: DatabaseSync) {
  const anyOwner = db.prepare("SELECT id FROM accounts WHERE role = 'owner' LIMIT 1");
  const takeSetup = db.prepare('DELETE FROM setup_token WHERE token_hash = :tokenHash');
  const takeInvitation = db.prepare(`
    UPDATE invitations SET uses_left = uses_left - 1
    WHERE token_hash = :tokenHash AND uses_left > 0 AND expires_ms > :nowMs RETURNING role, inviter_id`);

  return ({
    setupHash,
    invitationHash,
    newcomerRole,
    nowMs,
  }: RegisterArgument): {
    role: Role;
    invitedBy: number | null;
  } => {
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
  };
}
