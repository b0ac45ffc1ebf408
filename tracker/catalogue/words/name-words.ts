/**
 * The words of a name (title, album, artist) in the forms that users may type. Pure.
 *
 * Signs inside a name separate words, and the joined words are one more word: AC/DC is `ac`, `dc` and `acdc`.
 * Some signs stand for letters: Ke$ha is `kesha`. A short name with signs can be found by exactly these
 * signs: `-M-`, `!!!`, `+/-`. Thai, Lao, Khmer and Burmese have no spaces between words: every three adjacent
 * characters are a word.
 *
 * The index also has marks with a colon, which no user's query can contain: `r:` the sound of a Cyrillic word
 * (sound.ts), `s:` signs.
 */
import { isCyrillic, soundsOf } from './sound.ts';
import { foldLetters, pairsOf, withoutApostrophes } from './words.ts';

/** One word, or several that signs join. */
export interface Piece {
  readonly words: readonly NameWord[];
  /** All words joined, and with signs read as letters; each form stands for all of the words. */
  readonly together: readonly string[];
  /** How a single word may be written as several: `o connor`, `blink 182`. */
  readonly apart: readonly string[];
}

export interface NameWord {
  readonly text: string;
  /** The script has no spaces: `pairs` for Chinese, `triples` for Thai. */
  readonly run: 'pairs' | 'triples' | undefined;
}

/** No user types more of one word. */
const wordCharsMax = 40;
/** A whole title in a script without spaces. */
const runCharsMax = 200;
/** Pieces of a name; a name of 300 characters has fewer. */
const piecesMax = 100;
/** A name with more letters is found by its letters and gets no mark for its signs. */
const signedLettersMax = 4;
/** Hexadecimal digits in the mark for signs. */
const signDigitsMax = 40;

/** These separate words that are never joined. */
const separators = /[\s,;:()[\]{}"“”„«»‹›–—…|。、・「」『』【】〈〉《》]+/u;
const wordPattern = /[\p{L}\p{M}\p{N}]+/gu;
const runPattern =
  /([\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々]+)|[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu;
const hasRun =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const plainPattern = /^[a-z0-9 ]*$/;

export function piecesOf(name: string): Piece[] {
  const folded = foldLetters(name);
  if (plainPattern.test(folded)) return folded.split(' ').filter(Boolean).slice(0, piecesMax).map(plainPiece);
  const pieces: Piece[] = [];
  for (const chunk of folded.split(separators)) {
    if (pieces.length >= piecesMax) break;
    if (chunk === '') continue;
    const whole = withoutApostrophes(chunk);
    const words = wordsIn(whole);
    if (words.length > 0)
      pieces.push({ words, together: togetherIn(whole, words), apart: apartIn(chunk, words) });
  }
  return pieces;
}

function plainPiece(text: string): Piece {
  const words = [{ text: text.slice(0, wordCharsMax), run: undefined }];
  return { words, together: [], apart: digitsApart(text) };
}

function wordsIn(chunk: string): NameWord[] {
  const words: NameWord[] = [];
  for (const [word] of chunk.matchAll(wordPattern)) {
    if (!hasRun.test(word)) {
      words.push({ text: cut(word, wordCharsMax), run: undefined });
      continue;
    }
    let from = 0;
    for (const match of word.matchAll(runPattern)) {
      if (match.index > from)
        words.push({ text: cut(word.slice(from, match.index), wordCharsMax), run: undefined });
      words.push({ text: cut(match[0], runCharsMax), run: match[1] === undefined ? 'triples' : 'pairs' });
      from = match.index + match[0].length;
    }
    if (from < word.length) words.push({ text: cut(word.slice(from), wordCharsMax), run: undefined });
  }
  return words;
}

/** Signs written for letters: `$` and `€` next to a letter, `@` and `!` between two letters. */
const signLetters: Readonly<Record<string, string>> = { $: 's', '€': 'e', '@': 'a', '!': 'i' };

function togetherIn(chunk: string, words: readonly NameWord[]): string[] {
  if (words.some(({ run }) => run !== undefined)) return [];
  const read = signsRead(chunk);
  const forms = [
    ...(words.length > 1 ? [words.map(({ text }) => text).join('')] : []),
    ...(read === chunk ? [] : [lettersIn(read)]),
  ];
  return [...new Set(forms)].filter((form) => form.length <= wordCharsMax);
}

function signsRead(folded: string): string {
  if (!/[$€@!]/.test(folded)) return folded;
  return folded.replace(
    /[$€](?=\p{L})|(?<=\p{L})[$€]|(?<=\p{L})[@!](?=\p{L})/gu,
    (sign) => signLetters[sign] ?? sign,
  );
}

function apartIn(chunk: string, words: readonly NameWord[]): string[] {
  const [word, ...more] = words;
  if (word === undefined || more.length > 0 || word.run !== undefined) return [];
  // O'Connor and L'amour; the short rests of don't and it's are not words.
  const parts = chunk.match(wordPattern) ?? [];
  return parts.length > 1 && parts.some((part, at) => at > 0 && part.length >= 3)
    ? parts
    : digitsApart(word.text);
}

function digitsApart(word: string): string[] {
  return /^(\p{L}{2,})(\p{N}+)$|^(\p{N}+)(\p{L}{2,})$/u.exec(word)?.slice(1).filter(Boolean) ?? [];
}

/** The distinct words of a name in the index. */
export function nameWords(name: string | undefined): string[] {
  if (name === undefined) return [];
  const words = new Set<string>();
  const folded = foldLetters(name);
  const pieces = piecesOf(name);
  for (const piece of pieces) {
    for (const word of piece.words) {
      for (const token of tokensOf(word)) words.add(token);
      if (isCyrillic(word.text)) for (const sound of soundsOf(word.text)) words.add(soundMark(sound));
    }
    for (const word of piece.together) words.add(word);
    for (const word of piece.apart) words.add(word);
  }
  for (const word of initialsIn(pieces)) words.add(word);
  if (!plainPattern.test(folded)) for (const word of signWordsIn(name)) words.add(word);
  return [...words];
}

/** In the index; the final pair is not the prefix of a triple. */
function tokensOf({ text, run }: NameWord): string[] {
  if (run === undefined) return [text];
  if (run === 'pairs') return [...text, ...pairsOf(text)];
  const characters = [...text];
  return characters
    .map((_, at) => characters.slice(at, at + 3).join(''))
    .slice(0, Math.max(1, characters.length - 1));
}

/** Every three adjacent characters; a shorter run stands for itself. */
export function triplesOf(run: string): string[] {
  const characters = [...run];
  if (characters.length <= 3) return [run];
  return characters.slice(2).map((_, at) => characters.slice(at, at + 3).join(''));
}

/** `R. E. M.` and `A C D C`: single letters in a row are also one word. */
function initialsIn(pieces: readonly Piece[]): string[] {
  const found: string[] = [];
  let row = '';
  for (const piece of [...pieces, undefined]) {
    const letters = piece?.words.every(({ text, run }) => run === undefined && text.length === 1)
      ? piece.words.map(({ text }) => text).join('')
      : '';
    if (letters === '') {
      if (row.length > 1) found.push(row);
      row = '';
    } else if (row.length < wordCharsMax) row += letters;
  }
  return found;
}

const andWords = ['and', 'und', 'et', 'y'];

/** `&` and `+` are typed as "and"; a chunk of several signs is a word of its own. */
function signWordsIn(name: string): string[] {
  const found: string[] = [];
  for (const [chunk] of name.matchAll(/(?<=^|\s)[^\s\p{L}\p{M}\p{N}]+(?=\s|$)/gu)) {
    if (chunk === '&' || chunk === '+') found.push(...andWords);
    else if (chunk.length > 1) found.push(signMark(chunk));
  }
  const signs = signsOf(name);
  return signs === undefined ? found : [...found, signs];
}

/** The mark of a short name with signs, such as `-M-`, `!!!`, `+/-`, `R.E.M.`. */
export function signsOf(name: string): string | undefined {
  const folded = foldLetters(name).replace(/\s/g, '');
  const letters = lettersIn(folded);
  if (letters.length > signedLettersMax || letters.length === folded.length) return undefined;
  return signMark(folded);
}

function signMark(signs: string): string {
  return `s:${Buffer.from(foldLetters(signs)).toString('hex').slice(0, signDigitsMax)}`;
}

export function soundMark(sound: string): string {
  return `r:${sound}`;
}

/**
 * All letters and digits of a name in a row, so that spaces and signs make no difference; and a second form
 * with signs read as letters. Empty: the name has no letters.
 */
export function calledAs(name: string): string[] {
  const folded = foldLetters(name);
  const forms = new Set([lettersIn(folded), lettersIn(signsRead(folded))]);
  return [...forms].filter(Boolean).map((form) => form.slice(0, 2 * wordCharsMax));
}

/** The same by its sound; undefined for a name that is not Cyrillic. */
export function soundsAs(name: string): string | undefined {
  const letters = lettersIn(foldLetters(name));
  return isCyrillic(letters) ? soundsOf(letters.slice(0, 2 * wordCharsMax))[0] : undefined;
}

function lettersIn(folded: string): string {
  return folded.replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
}

function cut(word: string, charsMax: number): string {
  return word.length <= charsMax ? word : [...word].slice(0, charsMax).join('');
}
