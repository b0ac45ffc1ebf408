/** Invitations: made by members, used by newcomers (registration.ts). */
import type { DatabaseSync } from 'node:sqlite';
import { may, mayInviteAs, type Role } from '../../../access.ts';
import type { Invitation } from '../../accounts.ts';
import { CommunityError, notAllowed, notFound } from '../../community-error.ts';
import { auditor } from '../people/audit.ts';
import { all, first, only } from '../rows.ts';
import { accountQueries } from './accounts.ts';
import { type Acting, actorFinder } from './actor.ts';
import { limits } from './limits.ts';

interface InvitationRow {
  readonly id: string;
  readonly inviter_id: number;
  readonly inviter: string;
  readonly role: Role;
  readonly note: string;
  readonly uses_left: number;
  readonly expires_ms: number;
}

export interface InviteArgument {
  readonly id: string;
  readonly tokenHash: Uint8Array;
  readonly role: Role;
  readonly note: string;
  readonly uses: number;
  readonly expiresMs: number;
}

export function invitationReads(db: DatabaseSync) {
  const queries = accountQueries(db);
  const invitations = db.prepare(`
    SELECT i.*, a.name AS inviter FROM invitations AS i JOIN accounts AS a ON a.id = i.inviter_id
    WHERE uses_left > 0 AND expires_ms > :nowMs AND (inviter_id = :by OR :all) ORDER BY i.created_ms DESC LIMIT 500`);
  return {
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

export function invitationWrites(db: DatabaseSync) {
  const actor = actorFinder(db);
  const audit = auditor(db);
  const liveInvitations = db.prepare(
    'SELECT count(*) AS count FROM invitations WHERE inviter_id = :by AND uses_left > 0 AND expires_ms > :nowMs',
  );
  const insertInvitation = db.prepare(
    'INSERT INTO invitations VALUES (:id, :tokenHash, :by, :role, :note, :uses, :nowMs, :expiresMs)',
  );
  const inviterOf = db.prepare('SELECT inviter_id FROM invitations WHERE id = :id');
  const dropInvitation = db.prepare('DELETE FROM invitations WHERE id = :id');

  return {
    invite(argument: Acting & InviteArgument): void {
      const { by, nowMs, id, tokenHash, role, note, uses, expiresMs } = argument;
      const inviter = actor(argument, 'invite');
      if (!mayInviteAs(inviter.role, role)) throw notAllowed(`invite a user as ${role}`);
      if (only<{ count: number }>(liveInvitations, { by, nowMs }).count >= limits.invitationsPerAccount) {
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
      // A user cannot see an invitation that they may not withdraw.
      const { role } = actor(acting, 'withdraw-invitation', true);
      if (inviterId === undefined || !may(role, 'withdraw-invitation', isOwn))
        throw notFound(`invitation ${id}`);
      dropInvitation.run({ id });
      if (!isOwn) audit(acting, { action: 'withdraw-invitation', accountId: inviterId, about: id });
    },
  };
}

export function invitationInvalid(): CommunityError {
  return new CommunityError(
    'invitation-invalid',
    'this invitation is not good, used up or too old: ask for another',
  );
}
