/** Which peers of a plan can meet: one of the two learns the other's address, and can dial it. */
import type { Family } from '../world/place.ts';
import type { CastMember } from './cast.ts';

/** Certain to meet: through the first tracker of both, when it works, or through an address in the plan. */
export function canMeet(a: CastMember, b: CastMember): boolean {
  return learnsOf(a, b, true) || learnsOf(b, a, true);
}

/** Whether any two peers can meet at all. */
export function hasMeeting(cast: readonly CastMember[]): boolean {
  const mayMeet = (a: CastMember, b: CastMember) => learnsOf(a, b, false) || learnsOf(b, a, false);
  return cast.some((a, i) => cast.slice(i + 1).some((b) => mayMeet(a, b)));
}

/**
 * Whether `a` learns the address of `b` and can dial it. A tracker after the first is only asked when the
 * first fails.
 */
function learnsOf(a: CastMember, b: CastMember, isCertain: boolean): boolean {
  if (b.reachability !== 'open') return false;
  const dials = (family: Family) =>
    (a.families === 'both' || a.families === family) &&
    (family === 'ipv6' || a.house === undefined || a.house !== b.house || a.house.hairpin === true);
  const told: readonly Family[] = b.families === 'both' ? ['ipv4', 'ipv6'] : [b.families];
  if (a.knows.includes(b.name) && told.some(dials)) return true;
  const [mine, others] = [[...a.listings.keys()], [...b.listings]];
  const common = isCertain ? others.slice(0, 1).filter(([name]) => name === mine[0]) : others;
  return common.some(([tracker, family]) => a.listings.has(tracker) && dials(family));
}
