/** Muting, blocking, reporting, and the lists of moderators. */
import { CommunityError } from '../community-error.ts';
import { nameKey, parseLine, parseMessage } from '../messages/texts.ts';
import type { MethodContext } from '../method-context.ts';
import type { ReportedThing } from '../stores/people/reports.ts';
import type { Safeguards } from './safeguards.ts';

/** A paragraph, since a moderator reads many reports. */
const reportCharactersMax = 1_000;

export function safeguardMethods({ reads, writes, wallMs, tell, acting }: MethodContext): Safeguards {
  const muting = (isBlock: boolean) => async (viewer: Parameters<Safeguards['mute']>[0], name: string) => {
    await tell(writes.mute({ ...acting(viewer), nameKey: nameKey(name), isBlock }));
  };
  const unmuting = (isBlock: boolean) => async (viewer: Parameters<Safeguards['mute']>[0], name: string) => {
    await tell(writes.unmute({ ...acting(viewer), nameKey: nameKey(name), isBlock }));
  };
  return {
    mute: muting(false),
    unmute: unmuting(false),
    block: muting(true),
    unblock: unmuting(true),
    mutes: async (viewer) => reads.mutes(acting(viewer)),
    mutedIds: async ({ accountId }) => (accountId === undefined ? [] : reads.mutedIds(accountId)),

    message: async (viewer, id) => reads.readableMessage({ ...acting(viewer), id }),

    async report(viewer, what, text) {
      const who = acting(viewer);
      const clean = parseMessage(text);
      if ([...clean].length > reportCharactersMax) {
        throw new CommunityError('text-invalid', `at most ${reportCharactersMax} characters: shorten it`);
      }
      const thing: ReportedThing = 'account' in what ? { nameKey: nameKey(what.account) } : what;
      return (await tell(writes.report({ ...who, what: thing, text: clean }))).answer;
    },

    reports: async (viewer, { isClosed = false, ...page } = {}) =>
      reads.reports({ ...acting(viewer), page, isClosed }),

    async closeReport(viewer, id, outcome) {
      await tell(writes.closeReport({ ...acting(viewer), id, outcome: parseReason(outcome) }));
    },

    audit: async (viewer, page = {}) => reads.audit({ ...acting(viewer), page }),
    members: async (viewer, { isBanned = false, ...page } = {}) =>
      reads.members({ ...acting(viewer), page, isBanned }),

    async tellWaiting() {
      await tell(writes.tellWaiting(wallMs()));
    },
  };
}

/** One line that is not empty. Throws CommunityError `text-invalid`. */
export function parseReason(text: string): string {
  const reason = parseLine(text);
  if (reason !== '') return reason;
  throw new CommunityError('text-invalid', 'say why: a moderation has a reason');
}
