/** The rules of a community: what its start names, and for the rest what the community had before. */
import type { Database } from '../../database/database.ts';
import { communityRoom } from '../community.ts';
import { type CommunityPolicy, openPolicy } from '../method-context.ts';
import type { CommunityReads, CommunityWrites } from '../stores/community-stores.ts';

/** Without `newcomerRole`: as the community had it before. */
export type WantedPolicy = Partial<CommunityPolicy>;

/** `isExposed`: strangers from the whole internet can reach it, so a new community begins with invitations alone. */
export async function keptPolicy(
  database: Database,
  wanted: WantedPolicy,
  isExposed: boolean,
): Promise<CommunityPolicy> {
  const { signInRequired = openPolicy.signInRequired } = wanted;
  const { isNew, kept } = await database.reads<CommunityReads>(communityRoom).registration();
  // A community that is older than this setting was open unless it was told otherwise.
  const before = isNew ? (isExposed ? 'invited' : 'open') : (kept ?? 'open');
  const isNamed = Object.hasOwn(wanted, 'newcomerRole');
  const registration = isNamed ? (wanted.newcomerRole === undefined ? 'invited' : 'open') : before;
  if (registration !== kept) {
    await database.writes<CommunityWrites>(communityRoom).setRegistration(registration);
  }
  const newcomerRole = registration === 'invited' ? undefined : openPolicy.newcomerRole;
  return { signInRequired, newcomerRole: isNamed ? wanted.newcomerRole : newcomerRole };
}
