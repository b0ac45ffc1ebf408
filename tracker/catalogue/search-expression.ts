/**
 * What somebody typed → expressions for the full-text tables. Pure. Words go in quoted, and hold no quotes: nothing that
 * was typed is ever syntax.
 *
 * A search has tiers, best first, that no hit is in twice: called exactly so; all words in the title; all words
 * somewhere; and, with like words in place of those that were typed, whatever is left.
 */
import { CatalogueError } from './catalogue-error.ts';
import type { CatalogueViewer, SearchFilters } from './contract.ts';
import { isMember } from './visible.ts';
import { exactWord, pairsOf, wordsOf } from './words.ts';

/** Longer than any title; what is longer was pasted by mistake. */
export const queryCharsMax = 300;
/** Each costs a walk through the index. */
const queryWordsMax = 12;
/** One letter is the beginning of everything. */
const beginningCharsMin = 2;
/** Years that are asked of the index; a longer span is compared hit by hit. */
const yearWordsMax = 12;

export interface QueryWord {
  readonly word: string;
  /** The last one, if nothing stands behind it: there may be more to come. */
  readonly isBeginning: boolean;
  /** Of a script without spaces: nothing is like it. */
  readonly isPair: boolean;
}

export interface Query {
  readonly words: readonly QueryWord[];
  readonly exact: string;
}

/** Throws CatalogueError `query-invalid`. */
export function parseQuery(text: string): Query {
  if (text.length > queryCharsMax) {
    throw new CatalogueError('query-invalid', `a search has at most ${queryCharsMax} characters`);
  }
  const { plain, runs } = wordsOf(text);
  const isOpen = /[\p{L}\p{M}\p{N}]$/u.test(text);
  const lastPlain = plain.at(-1);
  const words = [
    ...plain.map((word): QueryWord => {
      const isBeginning = isOpen && word === lastPlain && word.length >= beginningCharsMin;
      return { word, isBeginning, isPair: false };
    }),
    ...runs.flatMap(pairsOf).map((word) => ({ word, isBeginning: false, isPair: true })),
  ];
  return { words: words.slice(0, queryWordsMax), exact: exactWord(text) };
}

/** `like`: the words that may stand for one that was typed. Undefined: that tier cannot hold anything. */
export function tierExpression(
  { words, exact }: Query,
  tier: number,
  facets: string | undefined,
  like: (word: QueryWord) => readonly string[],
): string | undefined {
  const typed = words.map(quoted).join(' AND ');
  const title = `{title} : (${typed})`;
  const called = `"x:${exact}"`;
  const core = (() => {
    switch (tier) {
      case 0:
        return called;
      case 1:
        return `(${title}) NOT ${called}`;
      case 2:
        return `(${typed}) NOT (${title})`;
      default: {
        const alternatives = words.map((word) => [quoted(word), ...like(word).map((other) => `"${other}"`)]);
        if (alternatives.every((choice) => choice.length === 1)) return undefined;
        return `(${alternatives.map((choice) => `(${choice.join(' OR ')})`).join(' AND ')}) NOT (${typed})`;
      }
    }
  })();
  if (core === undefined || facets === undefined) return core;
  return `(${core}) AND ${facets}`;
}

export const tierCount = 4;
/** Hits of this tier hold other words than those that were typed. */
export const approximateTier = 3;

/** Throws CatalogueError `query-invalid`. What the index can tell by itself. `viewer`: given when most of what there is may not be seen. */
export function facetExpression(
  filters: SearchFilters,
  viewer: CatalogueViewer | undefined,
): string | undefined {
  const { format, lossless, publisherId } = filters;
  for (const [name, value] of Object.entries(filters)) {
    if (typeof value === 'number' && name !== 'limit' && !(Number.isSafeInteger(value) && value >= 0)) {
      throw new CatalogueError('query-invalid', `${name} is no whole number`);
    }
  }
  const parts: string[] = [];
  if (format !== undefined) {
    if (!/^[a-z0-9]{1,16}$/i.test(format)) {
      throw new CatalogueError('query-invalid', 'a format is a short word, such as flac');
    }
    parts.push(`"f:${format.toLowerCase()}"`);
  }
  if (lossless !== undefined) parts.push(`"l:${lossless ? 1 : 0}"`);
  if (publisherId !== undefined) parts.push(`"p:${publisherId}"`);
  const years = yearWords(filters);
  if (years !== undefined) parts.push(`(${years.join(' OR ')})`);
  if (viewer !== undefined) parts.push(`(${visibleWords(viewer).join(' OR ')})`);
  return parts.length === 0 ? undefined : parts.join(' AND ');
}

function yearWords({ yearFrom, yearTo }: SearchFilters): string[] | undefined {
  if (yearFrom === undefined || yearTo === undefined || yearTo - yearFrom >= yearWordsMax) return undefined;
  return Array.from({ length: Math.max(1, yearTo - yearFrom + 1) }, (_, i) => `"y:${yearFrom + i}"`);
}

function visibleWords({ accountId, role, groupIds }: CatalogueViewer): string[] {
  return [
    '"v:everyone"',
    ...(isMember(role) ? ['"v:members"'] : []),
    ...groupIds.map((id) => `"g:${id}"`),
    ...(accountId === undefined ? [] : [`"p:${accountId}"`, `"a:${accountId}"`]),
  ];
}

function quoted({ word, isBeginning }: QueryWord): string {
  return isBeginning ? `"${word}" *` : `"${word}"`;
}
