/** The rules of a community: those named at the start, and for the rest those that it had before. */
import type { Database } from '../../database/database.ts';
import { communityRoom } from '../community.ts';
import { type CommunityPolicy, openPolicy } from '../method-context.ts';
import type { CommunityReads, CommunityWrites } from '../stores/community-stores.ts';

/** Without `newcomerRole`: as the community had it before. */
export type WantedPolicy = Partial<CommunityPolicy>;

/**
 * `isExposed`: the whole internet can reach the tracker, so a new community takes newcomers by invitation
 * only.
 */
export async function keptPolicy(
  database: Database,
  wanted: WantedPolicy,
  isExposed: boolean,
): Promise<CommunityPolicy> {
  const { signInRequired = openPolicy.signInRequired } = wanted;
  const { isNew, kept } = await database.reads<CommunityReads>(communityRoom).registration();
  // A community from before this setting was open by default.
  const before = isNew ? (isExposed ? 'invited' : 'open') : (kept ?? 'open');
  const isNamed = Object.hasOwn(wanted, 'newcomerRole');
  const registration = isNamed ? (wanted.newcomerRole === undefined ? 'invited' : 'open') : before;
  if (registration !== kept) {
    await database.writes<CommunityWrites>(communityRoom).setRegistration(registration);
  }
  const newcomerRole = registration === 'invited' ? undefined : openPolicy.newcomerRole;
  return { signInRequired, newcomerRole: isNamed ? wanted.newcomerRole : newcomerRole };
}
