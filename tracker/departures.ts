/**
 * Deletes what a deleted account has published and written. It runs after the answer, in small steps so that
 * other writes get their turn. If a crash interrupts it, the next start repeats it.
 */
import type { Catalogue } from './catalogue/contract.ts';
import type { Community } from './community/contract.ts';
import type { OwnAccounts } from './community/people/own-account.ts';

interface Rooms {
  readonly catalogue: Pick<Catalogue, 'ownedBy' | 'withdraw' | 'dropWaitingOf'>;
  readonly community: Pick<Community, 'forgetRelease'> & OwnAccounts;
}

/** `isStopped`: the tracker is stopping; its next start does the rest. */
export async function emptyAccount(
  { catalogue, community }: Rooms,
  accountId: number,
  isStopped: () => boolean,
): Promise<void> {
  const viewer = { accountId, role: 'guest' as const, groupIds: [] };
  for (;;) {
    const owned = await catalogue.ownedBy(accountId);
    if (owned.length === 0) break;
    for (const { releaseId } of owned) {
      if (isStopped()) return;
      await catalogue.withdraw({ viewer, releaseId });
      await community.forgetRelease(releaseId);
    }
  }
  await catalogue.dropWaitingOf(accountId);
  while (await community.eraseMessagesOf(accountId)) if (isStopped()) return;
  await community.finishDeparture(accountId);
}
