/**
 * How close a hit is to the typed words: first its title, then its artists for the words that the title
 * lacks. Smaller numbers are closer. Pure.
 *
 * Compared in this order: the number of missing words; the errors in the others; words that were not typed;
 * whether the name begins with the typed text.
 */
import type { Query, QueryWord } from '../search/search-query.ts';
import { type Piece, piecesOf, signsOf, soundMark, triplesOf } from './name-words.ts';
import { isCyrillic, soundsOf } from './sound.ts';
import { partCharsMin } from './word-parts.ts';
import { pairsOf } from './words.ts';

export interface Names {
  readonly title: string;
  readonly artists: readonly (string | undefined)[];
  /** Album and genre of a song: words found there do not count as missing. */
  readonly others: readonly (string | undefined)[];
}

export interface Closeness {
  readonly title: number;
  readonly artist: number;
  /** Typed words that are in none of the names. */
  readonly missing: number;
}

/** Typed word → words that may stand for it, each with its number of typing errors. */
export type Meant = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** How well one name matches. */
interface Answer {
  /** For each typed word; undefined: the name does not contain it. */
  readonly costs: readonly (number | undefined)[];
  readonly words: number;
  readonly begins: boolean;
}

/** The costs of inexact matches: part of a word costs more than one typing error and less than two. */
const costs = { beginning: 4, otherForm: 4, error: 8, part: 10 } as const;
/** Pairs of letters beside a part that add to its cost; more make no difference. */
const lettersMax = 5;
const missingWeight = 1 << 18;
const costWeight = 1 << 10;
const costMax = 255;
const extraWeight = 2;
const extraMax = 511;

const nothing: Answer = { costs: [], words: 0, begins: false };

/** For one query, in which the same names occur many times. */
export function closenessTo(query: Query, meant: Meant): (names: Names) => Closeness {
  const known = new Map<string, Answer>();
  const answerOf = (name: string): Answer => {
    let answer = known.get(name);
    if (answer === undefined) known.set(name, (answer = answerBy(query, meant, name)));
    return answer;
  };
  if (query.words.length === 0) return signedCloseness(query);
  const places = query.words.map((_, at) => at);
  return ({ title, artists, others }) => {
    const own = answerOf(title);
    const lacking = places.filter((at) => own.costs[at] === undefined);
    const keyOfTitle = keyOf(own, places);
    if (lacking.length === 0) return { title: keyOfTitle, artist: 0, missing: 0 };
    let artist = keyOf(nothing, lacking);
    let left: readonly number[] = lacking;
    for (const name of artists) {
      if (name === undefined) continue;
      const answer = answerOf(name);
      artist = Math.min(artist, keyOf(answer, lacking));
      left = left.filter((at) => answer.costs[at] === undefined);
    }
    for (const name of others) {
      if (left.length === 0) break;
      if (name !== undefined) left = left.filter((at) => answerOf(name).costs[at] === undefined);
    }
    return { title: keyOfTitle, artist, missing: left.length };
  };
}

/** For a query of signs alone: 0 for a name that is exactly these signs, else 1. */
function signedCloseness({ signs }: Query): (names: Names) => Closeness {
  const key = (name: string | undefined) => (name !== undefined && signsOf(name) === signs ? 0 : 1);
  return ({ title, artists }) => ({
    title: key(title),
    artist: Math.min(1, ...artists.map(key)),
    missing: 0,
  });
}

function keyOf({ costs, words, begins }: Answer, places: readonly number[]): number {
  let missing = 0;
  let cost = 0;
  for (const at of places) {
    const one = costs[at];
    if (one === undefined) missing++;
    else cost += one;
  }
  // Names that contain none of the words are equally far, however many words they have.
  if (missing === places.length) return missing * missingWeight;
  const extra = Math.max(0, words - (places.length - missing));
  return (
    missing * missingWeight +
    Math.min(cost, costMax) * costWeight +
    Math.min(extra, extraMax) * extraWeight +
    (begins ? 0 : 1)
  );
}

function answerBy(query: Query, meant: Meant, name: string): Answer {
  const { words, pieces, joined, called } = query;
  const found = piecesOf(name);
  const forms = formsIn(found);
  const isOfSound = isCyrillic(name);
  const result: (number | undefined)[] = words.map((word) =>
    forms.has(word.word) ? 0 : costOf(word, forms, meant.get(word.word), isOfSound),
  );
  const stand = (from: number, to: number, cost: number) => {
    for (let at = from; at < to; at++) result[at] = Math.min(result[at] ?? cost, cost);
  };
  for (const { from, to, together, apart } of pieces) {
    const isThere =
      together.some((word) => forms.has(word)) ||
      (apart.length > 0 && apart.every((word) => forms.has(word)));
    if (isThere) stand(from, to, costs.otherForm);
  }
  for (const { from, to, word } of joined) if (forms.has(word)) stand(from, to, costs.otherForm);
  return { costs: result, words: wordCount(found), begins: beginsWith(found, called[0]) };
}

function beginsWith(pieces: readonly Piece[], typed: string | undefined): boolean {
  if (typed === undefined) return false;
  let letters = '';
  for (const { words } of pieces) {
    for (const { text } of words) letters += text;
    if (letters.length >= typed.length) return letters.startsWith(typed);
  }
  return false;
}

/** All forms of all words of a name, as the index has them, without the marks. */
function formsIn(pieces: readonly Piece[]): Set<string> {
  const forms = new Set<string>();
  for (const { words, together, apart } of pieces) {
    for (const { text, run } of words) {
      if (run === undefined) forms.add(text);
      else if (run === 'pairs') for (const word of [...text, ...pairsOf(text)]) forms.add(word);
      else for (const word of triplesOf(text)) forms.add(word);
    }
    for (const word of together) forms.add(word);
    for (const word of apart) forms.add(word);
  }
  return forms;
}

function wordCount(pieces: readonly Piece[]): number {
  let count = 0;
  for (const { words } of pieces) {
    for (const { text, run } of words) {
      if (run === undefined) count++;
      else count += run === 'pairs' ? Math.max(1, text.length - 1) : Math.max(1, text.length - 2);
    }
  }
  return count;
}

/** The cost of a word that the name does not contain exactly as typed. */
function costOf(
  { word, isBeginning, isPair, others }: QueryWord,
  forms: ReadonlySet<string>,
  like: ReadonlyMap<string, number> | undefined,
  isOfSound: boolean,
): number | undefined {
  let least = Infinity;
  const isPart = !isPair && word.length >= partCharsMin;
  for (const form of forms) {
    const at = isPart || isBeginning ? form.indexOf(word) : -1;
    if (at === 0 && isBeginning) least = Math.min(least, costs.beginning);
    else if (at >= 0 && isPart) {
      least = Math.min(least, costs.part + Math.min((form.length - word.length) >> 1, lettersMax));
    }
    const errors = like?.get(form);
    if (errors !== undefined) least = Math.min(least, costs.error * errors);
  }
  if (least > costs.otherForm) {
    for (const other of others) if (isSpelt(other, forms, isBeginning, isOfSound)) least = costs.otherForm;
  }
  return least === Infinity ? undefined : least;
}

/** `other`: the mark of a sound, or a spelling. */
function isSpelt(
  other: string,
  forms: ReadonlySet<string>,
  isBeginning: boolean,
  isOfSound: boolean,
): boolean {
  const isSound = other.includes(':');
  if (isSound && !isOfSound) return false;
  if (!isSound && forms.has(other)) return true;
  if (!isSound && !isBeginning) return false;
  for (const form of forms) {
    const text = isSound ? soundMark(soundsOf(form)[0] ?? '') : form;
    if (text === other || (isBeginning && text.startsWith(other))) return true;
  }
  return false;
}
