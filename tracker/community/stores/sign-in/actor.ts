/**
 * Looks up the acting account in the transaction of its action, so that a removed role or a ban applies at
 * once.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Action, isBanned, may, type Role } from '../../../access.ts';
import { CommunityError, notAllowed } from '../../community-error.ts';
import { first } from '../rows.ts';

/** Fields of every operation that acts for an account. */
export interface Acting {
  readonly by: number;
  readonly nowMs: number;
}

export interface Actor {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
}

interface ActorRow extends Actor {
  readonly banned_ms: number | null;
  readonly ban_until_ms: number | null;
}

export type FindActor = (acting: Acting, action: Action, isOwn?: boolean) => Actor;

/** Wording for refusals where the action's name is not clear enough. */
const actionWords: Partial<Record<Action, string>> = {
  'take-down': 'take down releases: report it, and a moderator decides',
  moderate: 'see or decide this: it is for moderators',
  say: 'write here',
  'send-direct': 'write to people',
};

/** The returned function throws CommunityError `not-signed-in`, `account-banned` or `not-allowed`. */
export function actorFinder(db: DatabaseSync): FindActor {
  const find = db.prepare('SELECT id, name, role, banned_ms, ban_until_ms FROM accounts WHERE id = :by');
  return ({ by, nowMs }, action, isOwn = false) => {
    const row = first<ActorRow>(find, { by });
    if (row === undefined)
      throw new CommunityError('not-signed-in', 'this account does not exist: sign in again');
    if (isBannedAt(row, nowMs)) throw new CommunityError('account-banned', 'this account is banned');
    if (!may(row.role, action, isOwn)) throw notAllowed(actionWords[action] ?? action.replaceAll('-', ' '));
    return row;
  };
}

export function isBannedAt(row: Pick<ActorRow, 'banned_ms' | 'ban_until_ms'>, nowMs: number): boolean {
  return isBanned(banOf(row), nowMs);
}

export function banOf(row: Pick<ActorRow, 'banned_ms' | 'ban_until_ms'>): {
  readonly bannedUntilMs?: number;
} {
  return row.banned_ms === null ? {} : { bannedUntilMs: row.ban_until_ms ?? Infinity };
}
