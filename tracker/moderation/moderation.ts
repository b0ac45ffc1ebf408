/** Moderation on the database: sends calls to its workers and publishes their results. */
import { extname } from 'node:path';
import type { Viewer } from '../access.ts';
import type { Clock } from '../clock.ts';
import { CommunityError } from '../community/community-error.ts';
import { parseReason } from '../community/people/safeguard-methods.ts';
import type { Database } from '../database/database.ts';
import type { Moderation, ModerationListeners } from './contract.ts';
import type { ModerationOutcome, reads, writes } from './moderation-stores.ts';

/** For `openDatabase`, after the modules of catalogue and community. */
export const moderationModule = 'moderation';
export const moderationStores = new URL(`./moderation-stores${extname(import.meta.url)}`, import.meta.url);

export function openModeration(
  database: Database,
  { served: tellServed, events: tellEvents, wallMs }: ModerationListeners & Pick<Clock, 'wallMs'>,
): Moderation {
  const write = database.writes<ReturnType<typeof writes>>(moderationModule);
  const read = database.reads<ReturnType<typeof reads>>(moderationModule);
  const acting = ({ accountId }: Viewer) => {
    if (accountId === undefined) throw new CommunityError('not-signed-in', 'sign in first');
    return { by: accountId, nowMs: wallMs() };
  };
  const tell = async (outcome: Promise<ModerationOutcome>) => {
    const { served, events } = await outcome;
    if (served !== undefined) tellServed(served);
    tellEvents(events);
  };
  return {
    takeDown: async (viewer, { releaseId, reason }) =>
      tell(write.takeDown({ ...acting(viewer), releaseId, reason: parseReason(reason) })),
    restore: async (viewer, releaseId) => tell(write.restore({ ...acting(viewer), releaseId })),
    liftBlock: async (viewer, takedownId) => tell(write.liftBlock({ ...acting(viewer), takedownId })),
    decide: async (viewer, waitingId, { isApproved, reason }) =>
      tell(write.decide({ ...acting(viewer), waitingId, isApproved, reason: parseReason(reason) })),
    takedowns: async (viewer, { isBlocking = false, ...page } = {}) =>
      read.takedowns({ ...acting(viewer), isBlocking, page }),
    waiting: async (viewer, page = {}) => read.waiting({ ...acting(viewer), page }),
  };
}
