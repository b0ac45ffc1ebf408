/**
 * Corrects text in another encoding than its tag says: cp1251, GBK, Shift-JIS or UTF-8 in fields that are
 * declared as Latin-1 (ID3, RIFF INFO), or that another program has already misread as Latin-1. One short
 * title has many readings, so all texts of an album are judged together: first by the names of its files and
 * folders, then by the frequency of letters. Central European, Turkish and Baltic text looks like Latin-1, so
 * only names decide it, with or without their accents.
 *
 * Invariant: pure. A text that is not Latin and that no encoding can read is removed, so that a name takes
 * its place.
 */
import { encodings, isOfLatinScript, letterScore, type OldEncoding } from './letter-scores.ts';
import { plainLetters } from './plain-letters.ts';

/** All texts of an ordinary album, and enough of a huge one. */
const textsMax = 2_000;
/**
 * In characters, for all texts together. Enough for two thousand titles and artists. Two thousand texts of
 * 900 characters would take 20 s.
 */
const judgedCharsMax = 64 * 1024;
/** One song in an album may be in another encoding. */
const readMin = 2 / 3;
/** With a smaller share of frequent letters, the text is noise in any encoding. */
const scoreMin = 0.6;
/**
 * The letters needed to decide by names without accents (`Dvorak`): one long word or two, found in one
 * reading but not in Latin-1. A short word matches by chance: `così` in Latin-1 is `cosě` in windows-1250,
 * and an album may be called `Le cose`.
 */
const plainLettersMin = 6;

/** The characters of windows-1252 for the bytes 0x80 to 0x9f. */
const cp1252 = new Map(
  [
    ...new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 32 }, (_, index) => 0x80 + index)),
  ].map((character, index) => [character, 0x80 + index] as const),
);

/**
 * The bytes of a text that may be misread. Undefined if the text is ASCII, or has characters that no Latin-1
 * reader gives.
 */
export function misreadBytes(text: string): Uint8Array | undefined {
  if (/^[\x00-\x7f]*$/.test(text)) return undefined;
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const byte = code <= 0xff ? code : cp1252.get(character);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/**
 * The correct reading of each text. Undefined for a text that cannot be read. A text that needs no correction
 * is left out.
 */
export function mendTexts(
  texts: ReadonlySet<string>,
  names: readonly string[],
): ReadonlyMap<string, string | undefined> {
  const mended = new Map<string, string | undefined>();
  const open = new Map<string, Uint8Array>();
  for (const text of texts) {
    const bytes = misreadBytes(text);
    if (bytes === undefined) continue;
    const utf8 = decoded(bytes, 'utf-8');
    // No language has words whose Latin-1 letters form valid UTF-8 sequences.
    if (utf8 === undefined) open.set(text, bytes);
    else mended.set(text, utf8);
  }
  if (open.size === 0) return mended;
  const encoding = encodingOf(judged(open), names.join('\n'));
  for (const [text, bytes] of open) {
    const other = encoding === 'latin' ? text : encoding && decoded(bytes, encoding);
    if (other !== undefined) mended.set(text, other);
    else if (!isLatin([text])) mended.set(text, undefined);
  }
  return mended;
}

function judged(open: ReadonlyMap<string, Uint8Array>): readonly (readonly [string, Uint8Array])[] {
  let chars = 0;
  return [...open].slice(0, textsMax).filter(([text]) => {
    chars += text.length;
    return chars <= judgedCharsMax;
  });
}

interface Reading {
  readonly encoding: OldEncoding;
  /** One per text. Undefined if the text cannot be read in this encoding. */
  readonly texts: readonly (string | undefined)[];
  readonly read: readonly string[];
}

function encodingOf(
  open: readonly (readonly [text: string, bytes: Uint8Array])[],
  names: string,
): OldEncoding | 'latin' | undefined {
  const told = names.normalize('NFC').toLowerCase();
  const asIs = open.map(([text]) => text);
  const readings = encodings.flatMap((encoding): readonly Reading[] => {
    const texts = open.map(([, bytes]) => decoded(bytes, encoding));
    const read = texts.filter((text) => text !== undefined);
    return read.length >= open.length * readMin ? [{ encoding, texts, read }] : [];
  });
  let best: OldEncoding | 'latin' | undefined;
  let most = 0;
  for (const { encoding, read } of [{ encoding: 'latin' as const, read: asIs }, ...readings]) {
    const words = wordsInNames(read, told);
    if (words > most) [best, most] = [encoding, words];
  }
  // Words that are equal in Latin-1 and in another reading do not decide between them.
  if (best === undefined || best === 'latin') {
    const alike = readings.filter(({ encoding, read }) => {
      return isOfLatinScript(encoding) && wordsInNames(read, told) === most;
    });
    best = byPlainNames(open, alike, names) ?? best;
  }
  if (best !== undefined) return best;
  if (isLatin(asIs)) return 'latin';
  let highest = scoreMin;
  for (const { encoding, read } of readings) {
    const bytes = open.map(([, each]) => each);
    const score = letterScore(encoding, read.join('\n'), bytes) * (read.length / open.length);
    if (score > highest) [best, highest] = [encoding, score];
  }
  return best;
}

/**
 * How many letters are in words that also occur in names. ASCII words are the same in every encoding and do
 * not count.
 */
function wordsInNames(texts: readonly string[], names: string): number {
  const words = new Set(texts.flatMap((text) => text.toLowerCase().match(/[\p{L}\p{M}]{2,}/gu) ?? []));
  let letters = 0;
  for (const word of words) if (/[^\x00-\x7f]/.test(word) && names.includes(word)) letters += word.length;
  return letters;
}

/** Decides by names that are written without accents. */
function byPlainNames(
  open: readonly (readonly [text: string, bytes: Uint8Array])[],
  readings: readonly Reading[],
  names: string,
): OldEncoding | undefined {
  const told = new Set(plainLetters(names).match(wordPattern));
  const asIs = open.map(([text]) => plainWordsIn(text, told));
  let best: OldEncoding | undefined;
  let most = plainLettersMin - 1;
  for (const { encoding, texts } of readings) {
    const gained = new Set<string>();
    let isLost = false;
    for (const [index, before] of asIs.entries()) {
      const read = plainWordsIn(texts[index] ?? '', told);
      for (const word of read) if (!before.has(word)) gained.add(word);
      isLost ||= [...before].some((word) => !read.has(word));
    }
    const letters = [...gained].reduce((sum, word) => sum + word.length, 0);
    if (!isLost && letters > most) [best, most] = [encoding, letters];
  }
  return best;
}

/** The words of `text` with accents that occur in names without them. */
function plainWordsIn(text: string, told: ReadonlySet<string>): Set<string> {
  const words = (text.match(wordPattern) ?? []).filter((word) => /[^\x00-\x7f]/.test(word));
  return new Set(words.map(plainLetters).filter((word) => word.length >= 3 && told.has(word)));
}

const wordPattern = /[\p{L}\p{M}]+/gu;

/**
 * Whether a text may be Latin. No Latin language has three accented letters in a row, or symbols within
 * words. Misread Cyrillic or Chinese consists mostly of these.
 */
function isLatin(texts: readonly string[]): boolean {
  const text = texts.join('\n');
  const high = text.match(/[^\x00-\x7f]/g)?.length ?? 0;
  const odd = [...text.matchAll(oddParts)].reduce((sum, [part]) => sum + part.length, 0);
  return odd < high * 0.3;
}

const oddParts =
  /[^\x00-\x7f–—‘’“”…]{3,}|[\x80-\x9fƒ‚„†‡ˆ‰‹]+|(?<=\p{L})[\xa1-\xa6\xa8\xa9\xac-\xb3\xb5\xb6\xb8\xb9\xbb-\xbf\xd7\xf7]+(?=\p{L})/gu;

const decoders = new Map<string, InstanceType<typeof TextDecoder>>();

/**
 * Undefined if the bytes are not valid in the encoding. The last character of a field of fixed size may be
 * cut in two.
 */
function decoded(bytes: Uint8Array, encoding: OldEncoding | 'utf-8'): string | undefined {
  const decoder = decoders.get(encoding) ?? new TextDecoder(encoding, { fatal: true });
  decoders.set(encoding, decoder);
  const cutMax = bytes.length === fixedBytes ? (encoding === 'utf-8' ? 3 : 1) : 0;
  for (let cut = 0; cut <= cutMax; cut++) {
    try {
      const text = decoder.decode(bytes.subarray(0, bytes.length - cut));
      // A byte without a character in the encoding becomes one of these characters.
      if (!/[\x80-\x9f\ue000-\uf8ff\ufffd]/.test(text)) return text;
    } catch {
      // Tries with fewer bytes.
    }
  }
  return undefined;
}

/** The size of a text field in ID3v1. */
const fixedBytes = 30;
