/** Which participants of a plan can meet: one of two learns of the other, and can dial it. */
import type { CastMember } from './cast.ts';

export function canMeet(a: CastMember, b: CastMember): boolean {
  return learnsOf(a, b) || learnsOf(b, a);
}

/** Whether any two participants can meet at all. */
export function hasMeeting(cast: readonly CastMember[]): boolean {
  return cast.some((a, i) => cast.slice(i + 1).some((b) => canMeet(a, b)));
}

function learnsOf(a: CastMember, b: CastMember): boolean {
  if (b.reachability !== 'open') return false;
  return a.knows.includes(b.name) || a.trackers.some((tracker) => b.trackers.includes(tracker));
}
