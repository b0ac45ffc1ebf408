/**
 * Notices that their reader may see now. A notice about a release that was withdrawn or hidden from the
 * reader is left out, as if it had never been made.
 *
 * Invariant: a page has as many rows as requested, unless there are no more.
 */
import { maySee, type Viewer } from '../../../access.ts';
import type { OwnAccount } from '../../../community/accounts.ts';
import type { Notice, PageAsked } from '../../../community/contract.ts';
import { pageRowsMax } from '../../../community/contract.ts';
import { moderationNotices, type NoticeKind } from '../../../community/inbox/notice-kinds.ts';
import type { Library } from '../../../library.ts';

const ofModeration: ReadonlySet<NoticeKind> = new Set(moderationNotices);

/** `releaseId` undefined: the notice is about no release. Notices of moderation are always visible. */
export function isSeen(
  library: Pick<Library, 'served'>,
  viewer: Viewer,
  { releaseId, kind }: { readonly releaseId?: string; readonly kind?: NoticeKind },
): boolean {
  if (releaseId === undefined || (kind !== undefined && ofModeration.has(kind))) return true;
  return maySee(viewer, library.served(releaseId)?.access);
}

/** The visible notices, newest first, with the same paging as Community's `notices`. */
export async function seenNotices(
  library: Library,
  viewer: Viewer,
  { before, after, limit = pageRowsMax }: PageAsked,
): Promise<{ rows: Notice[]; hasMore: boolean }> {
  const isForward = before === undefined && after !== undefined;
  const rows: Notice[] = [];
  let edge = isForward ? after : before;
  // One row more than requested shows whether there are more. An inbox holds up to 1,000 notices, which are
  // about 20 pages.
  while (rows.length <= limit) {
    const asked = edge === undefined ? {} : isForward ? { after: edge } : { before: edge };
    const page = await library.community.notices(viewer, asked);
    const seen = page.rows.filter((notice) => isSeen(library, viewer, notice));
    // In paging order, so oldest first when paging forward.
    rows.push(...(isForward ? seen.toReversed() : seen));
    edge = (isForward ? page.rows[0] : page.rows.at(-1))?.id;
    if (!page.hasMore || edge === undefined) break;
  }
  const shown = rows.slice(0, limit);
  return { rows: isForward ? shown.reverse() : shown, hasMore: rows.length > limit };
}

/** The number of unread notices that the reader may see. */
export async function unreadSeen(library: Library, account: OwnAccount): Promise<number> {
  if (account.unreadNotices === 0) return 0;
  const { accountId, role } = account;
  const groups = await library.community.groups({ accountId, role, groupIds: [] });
  const viewer: Viewer = { accountId, role, groupIds: groups.map(({ groupId }) => groupId) };
  let count = 0;
  let left = account.unreadNotices;
  for (let before: number | undefined; left > 0; ) {
    const page = await library.community.notices(viewer, before === undefined ? {} : { before });
    const unread = page.rows.filter(({ isRead }) => !isRead);
    count += unread.filter((notice) => isSeen(library, viewer, notice)).length;
    left -= unread.length;
    before = page.rows.at(-1)?.id;
    if (!page.hasMore || unread.length < page.rows.length) break;
  }
  return count;
}
