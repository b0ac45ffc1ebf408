/**
 * The list of all actions of moderators: who did what, about which account, when and why.
 *
 * Invariant: a row is written in the transaction of its action. The database refuses to change or delete one.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { PageAsked } from '../../contract.ts';
import type { AuditAction, AuditEntry } from '../../people/safeguards.ts';
import { optional, pagesOf } from '../rows.ts';
import { type Acting, actorFinder } from '../sign-in/actor.ts';

export interface NewAudit {
  readonly action: AuditAction;
  readonly accountId?: number;
  readonly about?: string;
  readonly detail?: string | undefined;
  readonly reason?: string;
}

interface AuditRow {
  readonly id: number;
  readonly at_ms: number;
  readonly moderator: string;
  readonly action: AuditAction;
  readonly person: string | null;
  readonly about: string | null;
  readonly detail: string | null;
  readonly reason: string | null;
}

/** For the writer only, in the transaction of the action. */
export function auditor(db: DatabaseSync): (acting: Acting, audit: NewAudit) => void {
  const insert = db.prepare(`
    INSERT INTO audit (at_ms, moderator_id, action, account_id, about, detail, reason)
    VALUES (:nowMs, :by, :action, :accountId, :about, :detail, :reason)`);
  return ({ by, nowMs }, { action, accountId = null, about = null, detail = null, reason = null }) => {
    insert.run({ by, nowMs, action, accountId, about, detail, reason });
  };
}

export function auditReads(db: DatabaseSync) {
  const actor = actorFinder(db);
  const pages = pagesOf<AuditRow>(
    db,
    `SELECT audit.*, moderator.name AS moderator, person.name AS person FROM audit
     JOIN accounts AS moderator ON moderator.id = moderator_id
     LEFT JOIN accounts AS person ON person.id = account_id WHERE $edge`,
    'audit.id',
  );
  return {
    audit({ page, ...acting }: Acting & { page: PageAsked }) {
      actor(acting, 'moderate');
      const { rows, hasMore } = pages(page, {});
      return { rows: rows.map(entryOf), hasMore };
    },
  };
}

function entryOf(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    atMs: row.at_ms,
    moderator: row.moderator,
    action: row.action,
    ...optional('person', row.person),
    ...optional('about', row.about),
    ...optional('detail', row.detail),
    ...optional('reason', row.reason),
  };
}
