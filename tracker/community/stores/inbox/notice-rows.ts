/** A notice as it is stored, and as it is shown. */
import type { Notice } from '../../contract.ts';
import type { NoticeKind } from '../../inbox/notice-kinds.ts';
import { optional } from '../rows.ts';

export interface NoticeRow {
  readonly id: number;
  readonly kind: NoticeKind;
  readonly actor: string | null;
  readonly release_id: string | null;
  readonly version: number | null;
  readonly title: string | null;
  readonly wish_id: string | null;
  readonly text: string | null;
  readonly made_ms: number;
  readonly is_read: number;
}

/** Ends before WHERE; `n` is the notice. */
export const noticeColumns = `
  SELECT n.*, actor.name AS actor, n.id <= reader.notices_read AS is_read FROM notices AS n
  JOIN accounts AS reader ON reader.id = n.account_id
  LEFT JOIN accounts AS actor ON actor.id = n.actor_id`;

export function noticeOf(row: NoticeRow): Notice {
  return {
    id: row.id,
    kind: row.kind,
    madeAtMs: row.made_ms,
    isRead: row.is_read === 1,
    ...optional('actor', row.actor),
    ...optional('releaseId', row.release_id),
    ...optional('version', row.version),
    ...optional('title', row.title),
    ...optional('wishId', row.wish_id),
    ...optional('text', row.text),
  };
}
