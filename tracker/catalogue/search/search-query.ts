/**
 * Typed text → words, and the forms that may stand for them. Pure.
 *
 * `blackbird` may be two words in a name, and `black bird` one. Adjacent words are joined where the catalogue
 * has the joined word; words that signs join are searched both joined and apart.
 */
import { CatalogueError } from '../catalogue-error.ts';
import {
  calledAs,
  type NameWord,
  type Piece,
  piecesOf,
  signsOf,
  soundMark,
  soundsAs,
  triplesOf,
} from '../words/name-words.ts';
import { isCyrillic, latinSpellings, soundsOf } from '../words/sound.ts';
import { pairsOf } from '../words/words.ts';

/** Longer than any title; a longer text was pasted by mistake. */
export const queryCharsMax = 300;
/** Each word costs a scan of the index. */
const queryWordsMax = 12;
/** A single letter would be a prefix of far too many words. */
const beginningCharsMin = 2;
/** In a query of more pieces no words are joined. */
const joinedPiecesMax = 5;

export interface QueryWord {
  readonly word: string;
  /** Only the last word can be one, if no character follows it: the user may still be typing it. */
  readonly isBeginning: boolean;
  /** From a script without spaces: no similar words are searched. */
  readonly isPair: boolean;
  /** Other forms in the index: the sound of a Latin word, the Latin spellings of a Cyrillic word. */
  readonly others: readonly string[];
}

export interface QueryPiece {
  /** The range of its words in the query. */
  readonly from: number;
  readonly to: number;
  readonly together: readonly string[];
  readonly apart: readonly string[];
}

/** A joined word that stands for several pieces. */
export interface Joined {
  readonly from: number;
  readonly to: number;
  readonly word: string;
}

export interface Query {
  readonly words: readonly QueryWord[];
  readonly pieces: readonly QueryPiece[];
  readonly joined: readonly Joined[];
  /** The whole query as one word, for names that are exactly this. */
  readonly called: readonly string[];
  /** The mark of a short name with signs. */
  readonly signs: string | undefined;
}

/**
 * `isKnown`: whether the vocabulary has a joined word or the mark of a sound, so that a search for it is
 * worthwhile. Throws CatalogueError `query-invalid`.
 */
export function parseQuery(text: string, isKnown: (word: string) => boolean): Query {
  if (text.length > queryCharsMax) {
    throw new CatalogueError('query-invalid', `a search has at most ${queryCharsMax} characters`);
  }
  const isOpen = /[\p{L}\p{M}\p{N}]$/u.test(text);
  const found = piecesOf(text);
  const words: QueryWord[] = [];
  const pieces: QueryPiece[] = [];
  for (const piece of found) {
    const from = words.length;
    for (const word of piece.words) words.push(...queryWords(word, isOpen && isLast(word, found), isKnown));
    if (words.length > queryWordsMax) words.length = queryWordsMax;
    if (words.length === from) break;
    pieces.push({ from, to: words.length, together: piece.together, apart: piece.apart });
  }
  const sound = soundsAs(text);
  const called = calledAs(text);
  const latin = called.flatMap((form) =>
    isCyrillic(form) ? latinSpellings(form) : soundsOf(form).map(soundMark),
  );
  return {
    words,
    pieces,
    joined: joinedPieces(found, pieces).filter(({ word }) => isKnown(word)),
    called: [...new Set([...called, ...latin, ...(sound === undefined ? [] : [soundMark(sound)])])],
    signs: signsOf(text),
  };
}

function isLast(word: NameWord, pieces: readonly Piece[]): boolean {
  return word === pieces.at(-1)?.words.at(-1);
}

function queryWords(
  { text, run }: NameWord,
  isOpen: boolean,
  isKnown: (word: string) => boolean,
): QueryWord[] {
  const none = { isBeginning: false, isPair: true, others: [] };
  if (run === 'pairs') return pairsOf(text).map((word) => ({ word, ...none }));
  if (run === 'triples') {
    // Two characters are the prefix of every triple that begins with them.
    const isShort = [...text].length === 2;
    return triplesOf(text).map((word) => ({ word, ...none, isBeginning: isShort }));
  }
  const others = isCyrillic(text) ? latinSpellings(text) : soundsOf(text).map(soundMark);
  const isBeginning = isOpen && text.length >= beginningCharsMin;
  return [{ word: text, isBeginning, isPair: false, others: isBeginning ? others : others.filter(isKnown) }];
}

function joinedPieces(found: readonly Piece[], pieces: readonly QueryPiece[]): Joined[] {
  if (pieces.length < 2 || pieces.length > joinedPiecesMax) return [];
  if (found.some(({ words }) => words.some(({ run }) => run !== undefined))) return [];
  const spans = pieces.slice(1).map((_, at) => [at, at + 2] as const);
  if (pieces.length > 2) spans.push([0, pieces.length]);
  return spans.map(([first, end]) => ({
    from: pieces[first]?.from ?? 0,
    to: pieces[end - 1]?.to ?? 0,
    word: found
      .slice(first, end)
      .flatMap(({ words }) => words.map(({ text }) => text))
      .join(''),
  }));
}

/**
 * Whether the words of one name contain everything that was typed, each typed word as a prefix. Answers as
 * the search does.
 */
export function isNamedIn(
  { words, pieces, joined }: Pick<Query, 'words' | 'pieces' | 'joined'>,
  found: ReadonlySet<string>,
): boolean {
  const begins = (word: string) => found.has(word) || [...found].some((other) => other.startsWith(word));
  const isThere = pieces.map(
    ({ from, to, together, apart }) =>
      words.slice(from, to).every(({ word, others }) => begins(word) || others.some(begins)) ||
      together.some(begins) ||
      (apart.length > 0 && apart.every(begins)),
  );
  if (isThere.every(Boolean)) return true;
  return joined.some(
    ({ from, to, word }) =>
      begins(word) &&
      pieces.every((piece, at) => isThere[at] === true || (piece.from >= from && piece.to <= to)),
  );
}
