/** Implements own-account.ts. */
import { nameKey } from '../messages/texts.ts';
import type { MethodContext } from '../method-context.ts';
import type { OwnAccounts } from './own-account.ts';

export function ownAccountMethods({ reads, writes, acting, tell, wallMs }: MethodContext): OwnAccounts {
  const pages = { messages: reads.ownMessages, notices: reads.ownNotices, reports: reads.ownReports };
  return {
    confirmRights: async (viewer) => writes.confirmRights(acting(viewer)),

    async deleteAccount(viewer, { name, sessionId }) {
      await tell(writes.deleteAccount({ ...acting(viewer), key: nameKey(name), sessionId }));
    },

    async eraseMessagesOf(accountId) {
      return (await tell(writes.eraseMessagesOf({ accountId, nowMs: wallMs() }))).isMore;
    },

    finishDeparture: (accountId) => writes.finishDeparture(accountId),
    unfinishedDepartures: () => reads.unfinishedDepartures(),

    ownData: async (viewer, kind, after) => pages[kind]({ ...acting(viewer), after }),
  };
}
