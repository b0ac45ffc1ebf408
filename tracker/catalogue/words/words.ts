/**
 * Text → words, the same for stored and for searched text. Pure. Names have more forms (name-words.ts).
 *
 * Accents, case and width are folded; Chinese characters have one form, and katakana becomes hiragana.
 * Japanese, Chinese and Korean are split without spaces: every character and every pair of adjacent
 * characters is a word. An apostrophe joins (`don't` is `dont`); every other character that is no letter or
 * digit separates.
 * Invariant: a word holds only letters, marks and digits, so that it cannot be syntax of a full-text query.
 */
import { oneHanForm } from './han-forms.ts';

/** No user types more of one word. */
const wordCharsMax = 40;
/** Words of one field; a title of 300 characters has fewer. */
const wordsMax = 100;

/** Letters that Unicode does not decompose. */
const plainLetters: Readonly<Record<string, string>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ð: 'd', þ: 'th', ı: 'i', ħ: 'h', ŧ: 't' },
};

/** From katakana to hiragana, in code points. */
const kanaDistance = 0x60;

/**
 * Accents of Latin, Greek and Cyrillic, points of Hebrew and Arabic. Vowel signs of other scripts are
 * letters.
 */
const accentPattern = /[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]/g;
const wordPattern = /[\p{L}\p{M}\p{N}]+/gu;
/**
 * A run of characters of scripts without spaces; the long-vowel and repetition marks belong to no single
 * script.
 */
const spacelessPattern = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々]+/gu;

export function fold(text: string): string {
  return withoutApostrophes(foldLetters(text));
}

const asciiPattern = /^[\x20-\x7e]*$/;

/** Folds letters and keeps all other characters. */
export function foldLetters(text: string): string {
  // The fast path: most titles are ASCII.
  if (asciiPattern.test(text)) return text.toLowerCase();
  return oneHanForm(
    text
      .toWellFormed()
      .normalize('NFKD')
      .replace(accentPattern, '')
      .normalize('NFKC')
      .toLowerCase()
      // toLowerCase makes two characters of `İ`, the second of which is an accent.
      .replace(accentPattern, '')
      .replace(/[ßæœøłđðþıħŧ]/g, (letter) => plainLetters[letter] ?? letter)
      .replace(/[ァ-ヶ]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) - kanaDistance)),
  );
}

export function withoutApostrophes(folded: string): string {
  return folded.replace(/(?<=\p{L})['’ʼ`´](?=\p{L})/gu, '');
}

export interface Words {
  /** The words of scripts with spaces. */
  readonly plain: readonly string[];
  /** Runs of characters of scripts without spaces. */
  readonly runs: readonly string[];
}

export function wordsOf(text: string): Words {
  const plain: string[] = [];
  const runs: string[] = [];
  for (const [piece] of fold(text).matchAll(wordPattern)) {
    if (plain.length + runs.length >= wordsMax) break;
    let from = 0;
    for (const match of piece.matchAll(spacelessPattern)) {
      if (match.index > from) plain.push(piece.slice(from, match.index));
      runs.push(match[0]);
      from = match.index + match[0].length;
    }
    if (from < piece.length) plain.push(piece.slice(from));
  }
  return { plain: plain.map(cut), runs: runs.map(cut) };
}

/** The words of a text in the index. */
export function indexWords(text: string | undefined): string[] {
  if (text === undefined) return [];
  const { plain, runs } = wordsOf(text);
  return [...plain, ...runs.flatMap((run) => [...new Set([...run, ...pairsOf(run)])])];
}

/** Adjacent pairs in a run; a single character stands for itself. */
export function pairsOf(run: string): string[] {
  const [first, ...others] = run;
  if (first === undefined) return [];
  if (others.length === 0) return [first];
  let before = first;
  return others.map((character) => {
    const pair = before + character;
    before = character;
    return pair;
  });
}

function cut(word: string): string {
  return word.length <= wordCharsMax ? word : [...word].slice(0, wordCharsMax).join('');
}
