/**
 * Who sees a release, as one text: two releases with the same text are seen by exactly the same viewers. The vocabulary
 * counts words by these texts, so that a change of a group's members changes no count.
 */
import type { ReleaseAccess, Viewer } from '../access.ts';
import { isMember } from './visible.ts';

export interface Audience {
  readonly kind: 'everyone' | 'members' | 'group' | 'people';
  /** Undefined: without regard to the publisher. */
  readonly publisherId: number | undefined;
  readonly groupId: number | undefined;
  readonly people: ReadonlySet<number>;
}

/**
 * The texts a release is counted under. One, but two for members: the sum over all publishers answers the many members
 * at once, and that of each publisher answers one who is a guest by now and still sees their own releases.
 */
export function audienceTexts({ visibility, publisherId, groupId, peopleIds = [] }: ReleaseAccess): string[] {
  switch (visibility) {
    case 'everyone':
      return ['everyone'];
    case 'members':
      return ['members', membersOf(publisherId)];
    case 'group':
      return [`group ${publisherId} ${groupId}`];
    case 'people': {
      const people = [...new Set(peopleIds)].filter((id) => id !== publisherId).sort((a, b) => a - b);
      return [['people', publisherId, ...people].join(' ')];
    }
    case 'nobody':
      return [`people ${publisherId}`];
  }
}

/** Of the releases for members that this account has published. */
export function membersOf(publisherId: number): string {
  return `members ${publisherId}`;
}

export function readAudience(text: string): Audience {
  const [kind, publisherId, ...rest] = text.split(' ');
  return {
    kind: kind as Audience['kind'],
    publisherId: publisherId === undefined ? undefined : Number(publisherId),
    groupId: kind === 'group' ? Number(rest[0]) : undefined,
    people: new Set(kind === 'people' ? rest.map(Number) : []),
  };
}

/** Not asked of the texts of membersOf. */
export function isIn({ kind, publisherId, groupId, people }: Audience, viewer: Viewer): boolean {
  const { accountId, role, groupIds } = viewer;
  if (accountId !== undefined && accountId === publisherId) return true;
  switch (kind) {
    case 'everyone':
      return true;
    case 'members':
      return isMember(role);
    case 'group':
      return groupIds.includes(groupId!);
    case 'people':
      return accountId !== undefined && people.has(accountId);
  }
}
