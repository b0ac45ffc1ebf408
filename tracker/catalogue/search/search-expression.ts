/**
 * Typed words → expressions for the full-text tables. Pure. Words are quoted and contain no quotes, so that
 * nothing a user types is read as syntax.
 *
 * A search has tiers, best first, and no hit is in two of them: the name has exactly these signs; the title
 * is exactly this; all words are in the title; the artist's name is exactly this; all words are somewhere;
 * similar words that are one typing error away; other similar words, and words that contain a typed part.
 */
import type { Viewer } from '../../access.ts';
import { CatalogueError } from '../catalogue-error.ts';
import type { SearchFilters } from '../contract.ts';
import type { LikeWords } from '../words/vocabulary.ts';
import { partMarks } from '../words/word-parts.ts';
import { viewerWords } from './access-words.ts';
import type { Query, QueryPiece, QueryWord } from './search-query.ts';

/** A span of at most 12 years is searched in the index; a longer one is compared hit by hit. */
const yearWordsMax = 12;

export const tierCount = 7;
/** Hits of this tier and later ones contain other words than those that were typed. */
export const approximateTier = 5;

/** With more words than these, few hits contain all of them, and closeness alone ranks the nearest first. */
const nearWordsMax = 2;

/** `like`: the words that may stand for a typed word. Undefined: the tier has no hits. */
export function tierExpression(
  query: Query,
  tier: number,
  facets: string | undefined,
  like: (word: QueryWord) => LikeWords,
): string | undefined {
  const core = coreOf(query, tier, like);
  if (core === undefined || facets === undefined) return core;
  return `(${core}) AND ${facets}`;
}

function coreOf(query: Query, tier: number, like: (word: QueryWord) => LikeWords): string | undefined {
  const signed = query.signs === undefined ? [] : [`"${query.signs}"`];
  if (tier === 0) return signed[0];
  if (query.words.length === 0) return undefined;
  const titles = query.called.map((form) => `"x:${form}"`);
  const artists = query.called.map((form) => `"e:${form}"`);
  const typed = typedExpression(query);
  const title = `{title} : (${typed})`;
  switch (tier) {
    case 1:
      return without(anyOf(titles), signed);
    case 2:
      return without(title, [...signed, ...titles]);
    case 3:
      return without(anyOf(artists), [...signed, ...titles, title]);
    case 4:
      return without(typed, [...signed, ...titles, ...artists, title]);
    default: {
      const before = [...signed, ...titles, ...artists, typed];
      const isShort = query.words.length <= nearWordsMax;
      const near = isShort ? meantExpression(query, (word) => nearFormsOf(word, like(word))) : undefined;
      if (tier === approximateTier) return near && without(near, before);
      const meant = meantExpression(query, (word) => alternativesOf(word, like(word)));
      return meant === near
        ? undefined
        : meant && without(meant, near === undefined ? before : [...before, near]);
    }
  }
}

/** Undefined: no other word stands for any of the words. */
function meantExpression({ words }: Query, of: (word: QueryWord) => string[]): string | undefined {
  const alternatives = words.map(of);
  if (alternatives.every((choice) => choice.length === 1)) return undefined;
  return `(${alternatives.map(anyOf).join(' AND ')})`;
}

/** All pieces, or joined words that stand for several of them. */
function typedExpression({ words, pieces, joined }: Query): string {
  const expressions = pieces.map((piece) => pieceExpression(piece, words));
  const whole = expressions.join(' AND ');
  const others = joined.map(({ from, to, word }) => {
    const isLast = to === words.length && words.at(-1)?.isBeginning === true;
    const rest = pieces.flatMap((piece, at) =>
      piece.to <= from || piece.from >= to ? (expressions[at] ?? []) : [],
    );
    return [quoted(word, isLast), ...rest].join(' AND ');
  });
  return others.length === 0 ? whole : `(${[whole, ...others].join(') OR (')})`;
}

function pieceExpression({ from, to, together, apart }: QueryPiece, words: readonly QueryWord[]): string {
  const own = words.slice(from, to);
  const isOpen = own.at(-1)?.isBeginning === true;
  const choices = [
    own.map((word) => anyOf(formsOf(word))).join(' AND '),
    ...together.map((word) => quoted(word, isOpen)),
    ...(apart.length === 0 ? [] : [apart.map((word) => quoted(word, false)).join(' AND ')]),
  ];
  const all = choices.join(') OR (');
  return choices.length === 1 && own.length === 1 ? all : `((${all}))`;
}

function formsOf({ word, isBeginning, others }: QueryWord): string[] {
  return [word, ...others].map((form) => quoted(form, isBeginning));
}

/**
 * Words one typing error away. If words with more errors were in the same tier, the newest hits of a frequent
 * word would hide the nearest.
 */
function nearFormsOf(word: QueryWord, { like }: LikeWords): string[] {
  const near = like.filter(({ distance }) => distance === 1);
  return [anyOf(formsOf(word)), ...near.map((other) => `"${other.word}"`)];
}

/** A part that is contained in more words than the limit is searched by its letter marks. */
function alternativesOf(word: QueryWord, { like, parts, hasMoreParts }: LikeWords): string[] {
  const inside = hasMoreParts
    ? [
        `(${partMarks(word.word)
          .map((mark) => `"${mark}"`)
          .join(' AND ')})`,
      ]
    : [];
  const others = [...like, ...parts].map((other) => `"${other.word}"`);
  return [anyOf(formsOf(word)), ...others, ...inside];
}

function anyOf(choices: readonly string[]): string {
  const all = choices.join(' OR ');
  return choices.length === 1 ? all : `(${all})`;
}

function without(expression: string, others: readonly string[]): string {
  return others.length === 0 ? expression : `(${expression}) NOT (${others.join(' OR ')})`;
}

function quoted(word: string, isBeginning: boolean): string {
  return isBeginning ? `"${word}" *` : `"${word}"`;
}
/**
 * The conditions that the index can check. `viewer`: given if the viewer may see less than half of all
 * releases. Throws CatalogueError `query-invalid`.
 */
export function facetExpression(filters: SearchFilters, viewer: Viewer | undefined): string | undefined {
  const { format, lossless, licence, publisherId } = filters;
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
  if (licence !== undefined) {
    if (!/^[a-z0-9-]{1,24}$/i.test(licence)) {
      throw new CatalogueError('query-invalid', 'a licence is a short word, such as cc or cc-by-sa');
    }
    parts.push(`"c:${licence.toLowerCase()}"`);
  }
  if (publisherId !== undefined) parts.push(`"p:${publisherId}"`);
  const years = yearWords(filters);
  if (years !== undefined) parts.push(`(${years.join(' OR ')})`);
  if (viewer !== undefined)
    parts.push(
      `(${viewerWords(viewer)
        .map((word) => `"${word}"`)
        .join(' OR ')})`,
    );
  return parts.length === 0 ? undefined : parts.join(' AND ');
}

function yearWords({ yearFrom, yearTo }: SearchFilters): string[] | undefined {
  if (yearFrom === undefined || yearTo === undefined || yearTo - yearFrom >= yearWordsMax) return undefined;
  return Array.from({ length: Math.max(1, yearTo - yearFrom + 1) }, (_, i) => `"y:${yearFrom + i}"`);
}
