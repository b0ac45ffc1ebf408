/**
 * Finds the licence of music in its tags. The names are short and uniform, so that users can filter by them.
 * A link to Creative Commons anywhere in a text gives `CC BY-SA 4.0`.
 *
 * Invariant: pure. A name is a tag's claim and no proof.
 */
import { tagText } from './tag-text.ts';

const link = /creativecommons\.org\/(licenses|publicdomain)\/([a-z-]{2,12})(?:\/(\d\.\d))?/i;
const spelled = /\b(?:cc|creative commons)[ :-]*(by(?:[ -](?:nc|nd|sa)){0,3})\b(?:[ -]*v?(\d\.\d))?/i;
const zero = /\bcc[ -]?(?:0|zero)\b/i;
const wordsOfLicence: readonly (readonly [RegExp, string])[] = [
  [/attribution/i, 'by'],
  [/non-?commercial/i, 'nc'],
  [/no[ -]?deriv/i, 'nd'],
  [/share[ -]?alike/i, 'sa'],
];

/** By the tags `licence` and `copyright`. Undefined if neither names a licence. */
export function licenceName(licence: string | undefined, copyright: string | undefined): string | undefined {
  return commonName(licence) ?? commonName(copyright) ?? tagText(licence);
}

function commonName(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const [, kind, code, version = ''] = link.exec(text) ?? [];
  if (kind?.toLowerCase() === 'publicdomain') {
    return code?.toLowerCase() === 'zero' ? 'CC0' : 'Public domain';
  }
  if (code !== undefined) return named(code, version);
  const [, parts, number = ''] = spelled.exec(text) ?? [];
  if (parts !== undefined) return named(parts.replaceAll(' ', '-'), number);
  if (/creative commons/i.test(text)) {
    const codes = wordsOfLicence.flatMap(([pattern, word]) => (pattern.test(text) ? [word] : []));
    if (codes.includes('by')) return named(codes.join('-'), /\b\d\.\d\b/.exec(text)?.[0] ?? '');
  }
  if (zero.test(text)) return 'CC0';
  return /\bpublic domain\b/i.test(text) ? 'Public domain' : undefined;
}

function named(code: string, version: string): string {
  return `CC ${code.toUpperCase()} ${version}`.trim();
}

/** The licence of a release: the licence of all tracks that name one, joined with slashes if they differ. */
export function commonLicence(names: readonly (string | undefined)[]): string | undefined {
  const told = [...new Set(names.filter((name) => name !== undefined))];
  // One track of many does not decide for the others.
  const count = names.filter((name) => name !== undefined).length;
  return count * 2 < names.length ? undefined : tagText(told.join(separator));
}

const separator = ' / ';

/**
 * The words by which a release can be filtered: `any`; `cc` for every Creative Commons licence, `cc-by-sa`
 * for one of them, `cc0`, `public-domain`; `other`. If a release has several licences, only the words that
 * hold for each.
 */
export function licenceWords(name: string | undefined): readonly string[] {
  if (name === undefined) return [];
  const [first = [], ...others] = name.split(separator).map(wordsOf);
  return first.filter((word) => others.every((words) => words.includes(word)));
}

/** Whether it is one of the words of licenceWords. */
export function isLicenceWord(word: string): boolean {
  return /^(any|other|cc|cc0|public-domain|cc-by(-nc)?(-sa|-nd)?)$/.test(word);
}

function wordsOf(name: string): readonly string[] {
  if (name === 'CC0') return ['any', 'cc', 'cc0'];
  if (name === 'Public domain') return ['any', 'public-domain'];
  const code = /^CC ([A-Z-]+)/.exec(name)?.[1]?.toLowerCase();
  return code === undefined ? ['any', 'other'] : ['any', 'cc', `cc-${code}`];
}
