/** Who may see a release, as people type it: `members`, `group:friends`, `people:ada,bob`. */
import type { Options } from 'yargs';
import { list } from '../../../torrents/wording.ts';
import type { AccessBody, ReleaseDetail } from '../../sharing/publishing.ts';
import { badOption } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';

export const visibilityOption = {
  visibility: {
    type: 'string',
    requiresArg: true,
    describe: 'Who may see it: everyone, members, group:NAME, people:A,B or nobody; default: as before',
    coerce: parseVisibility,
  },
} as const satisfies Record<string, Options>;

function parseVisibility(text: string): AccessBody {
  const [, word, names] = /^([a-z]+)(?::(.*))?$/s.exec(text) ?? [];
  if (names === undefined && (word === 'everyone' || word === 'members' || word === 'nobody')) {
    return { visibility: word };
  }
  if (word === 'group' && names) return { visibility: word, group: names };
  const people = (names ?? '').split(',').map((name) => name.trim().replace(/^@/, ''));
  if (word === 'people' && people.every((name) => name !== '')) return { visibility: word, people };
  throw badOption(`--visibility: "${text}" is not everyone, members, group:NAME, people:A,B or nobody`);
}

/** `for the group friends`, `only you see it`. */
export function audienceWords(release: Pick<ReleaseDetail, 'visibility' | 'group' | 'people'>): string {
  return release.visibility === 'nobody' ? 'only you see it' : `for ${audience(release)}`;
}

/** `now visible to members`, `now only you see it`. */
export function newAudienceWords(release: Pick<ReleaseDetail, 'visibility' | 'group' | 'people'>): string {
  return release.visibility === 'nobody' ? 'now only you see it' : `now visible to ${audience(release)}`;
}

function audience({
  visibility,
  group,
  people = [],
}: Pick<ReleaseDetail, 'visibility' | 'group' | 'people'>) {
  // The tracker does not name a group that the user has left.
  if (visibility === 'group') return group === undefined ? 'a group' : `the group ${plain(group)}`;
  return visibility === 'people' && people.length > 0 ? list(people.map(plain).sort()) : visibility;
}
