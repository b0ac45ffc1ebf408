/** Decisions of moderators and owners about other accounts: roles and bans. */
import type { DatabaseSync } from 'node:sqlite';
import { givesUpOwnership, mayChangeRole, mayRule, type Role } from '../../../access.ts';
import { CommunityError, notAllowed } from '../../community-error.ts';
import { first } from '../rows.ts';
import { accountOf, accountQueries } from '../sign-in/accounts.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';
import { auditor } from './audit.ts';

export function rulingWrites(db: DatabaseSync) {
  const queries = accountQueries(db);
  const actor = actorFinder(db);
  const audit = auditor(db);
  const setRole = db.prepare('UPDATE accounts SET role = :role WHERE id = :id');
  const otherOwner = db.prepare("SELECT id FROM accounts WHERE role = 'owner' AND id <> :id LIMIT 1");
  const setBan = db.prepare(
    'UPDATE accounts SET banned_ms = :nowMs, ban_until_ms = :untilMs, ban_reason = :reason WHERE id = :id',
  );
  const liftBan = db.prepare(
    'UPDATE accounts SET banned_ms = NULL, ban_until_ms = NULL, ban_reason = NULL WHERE id = :id',
  );
  const endSessions = db.prepare('DELETE FROM sessions WHERE account_id = :id AND id IS NOT :kept');
  const endInvitations = db.prepare('DELETE FROM invitations WHERE inviter_id = :id');

  const outcome = (id: number, nowMs: number) => {
    const row = queries.rowOf(id);
    return { answer: accountOf(row, nowMs), access: [queries.access(row)] };
  };

  return {
    changeRole({ key, role, ...acting }: Acting & { key: string; role: Role }) {
      const { role: ofActor } = actor(acting, 'change-role');
      const target = queries.rowNamed(key);
      if (!mayChangeRole(ofActor, target.role, role))
        throw notAllowed(`make ${aRole(role)} of this ${target.role}`);
      if (givesUpOwnership(target.role, role) && first(otherOwner, { id: target.id }) === undefined) {
        throw new CommunityError('last-owner', 'a tracker needs an owner: make another account owner first');
      }
      setRole.run({ id: target.id, role });
      audit(acting, { action: 'role', accountId: target.id, detail: `${target.role} to ${role}` });
      return outcome(target.id, acting.nowMs);
    },
    ban({
      key,
      reason,
      untilMs,
      ...acting
    }: Acting & { key: string; reason: string; untilMs: number | null }) {
      const { role } = actor(acting, 'ban');
      const target = queries.rowNamed(key);
      if (!mayRule(role, target.role)) throw notAllowed(`ban ${aRole(target.role)}`);
      setBan.run({ id: target.id, reason, untilMs, nowMs: acting.nowMs });
      const detail = untilMs === null ? undefined : `until ${new Date(untilMs).toISOString()}`;
      audit(acting, { action: 'ban', accountId: target.id, reason, detail });
      endSessions.run({ id: target.id, kept: null });
      // Otherwise a banned user could return with an invitation of their own.
      endInvitations.run({ id: target.id });
      return outcome(target.id, acting.nowMs);
    },
    unban({ key, ...acting }: Acting & { key: string }) {
      const { role } = actor(acting, 'ban');
      const target = queries.rowNamed(key);
      if (!mayRule(role, target.role)) throw notAllowed(`lift the ban of ${aRole(target.role)}`);
      liftBan.run({ id: target.id });
      audit(acting, { action: 'unban', accountId: target.id });
      return outcome(target.id, acting.nowMs);
    },
  };
}

function aRole(role: Role): string {
  return role === 'owner' ? 'an owner' : `a ${role}`;
}
