/**
 * The audience of a release (who sees it) as one text. Two releases with the same text are seen by exactly
 * the same viewers. The vocabulary counts words by these texts, so that a change of a group's members changes
 * no count.
 */
import type { ReleaseAccess, SharedAccess, Visibility } from '../access.ts';

/**
 * The texts that a release is counted under. A release for members has two: the count over all publishers
 * serves every member at once, and the count of each publisher serves a former member (now a guest), who
 * still sees their own releases.
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

/** The audience text of the releases for members that this account has published. */
export function membersOf(publisherId: number): string {
  return `members ${publisherId}`;
}

export function readAudience(text: string): SharedAccess {
  const [visibility, publisherId, ...rest] = text.split(' ');
  return {
    visibility: visibility as Visibility,
    publisherId: publisherId === undefined ? undefined : Number(publisherId),
    groupId: visibility === 'group' ? Number(rest[0]) : undefined,
    peopleIds: visibility === 'people' ? rest.map(Number) : undefined,
  };
}
