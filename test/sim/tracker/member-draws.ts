/** Draws the releases of members of a simulated tracker, and their old passkeys. */
import type { Prng } from '../../../client/engine/prng.ts';
import type { ReleaseAccess } from '../../../tracker/access.ts';

export const accountsMax = 5;
const visibilities = ['everyone', 'everyone', 'members', 'group', 'people', 'nobody'] as const;

export function drawAccess(random: Prng): ReleaseAccess {
  const visibility = visibilities[random.below(visibilities.length)]!;
  return {
    visibility,
    publisherId: 1 + random.below(accountsMax),
    ...(visibility === 'group' && { groupId: 1 + random.below(2) }),
    ...(visibility === 'people' && { peopleIds: [1 + random.below(accountsMax)] }),
  };
}

export function oldKey(accountId: number): string {
  return String.fromCharCode(96 + accountId).repeat(32);
}
