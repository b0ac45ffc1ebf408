/** Who may see what is published, as people type it: `members`, `group:friends`, `people:ada,bob`. */
import type { Options } from 'yargs';
import type { AccessBody } from '../community/publishing.ts';
import { badOption } from './cli-error.ts';

export const visibilityOption = {
  visibility: {
    type: 'string',
    requiresArg: true,
    describe: 'Who may see it: everyone, members, group:NAME, people:A,B or nobody; as before if left out',
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
  throw badOption(`--visibility: "${text}" is none of everyone, members, group:NAME, people:A,B and nobody`);
}
