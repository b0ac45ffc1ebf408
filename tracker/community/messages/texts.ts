/**
 * Makes users' texts safe to store. Names with invisible characters are refused. Messages lose characters
 * that could reorder or hide text. HTML is plain text here; the page escapes it.
 *
 * Invariant: every accepted text is NFC, well formed, within its limit, and free of control characters and of
 * marks that change the direction of adjacent text.
 */
import { foldName } from '../../../torrents/paths/name-folding.ts';
import { CommunityError } from '../community-error.ts';

/** Fits a line of a list; as long as the longest nicknames of IRC and Soulseek. */
const nameCharactersMax = 32;
/** A screenful. Discord allows 2,000, Matrix 64 KiB. */
const messageCharactersMax = 4_000;
/** A topic, a reason, a note: one line. */
const lineCharactersMax = 200;
/** A letter with more combining marks covers the lines above and below. Vietnamese needs 2, Hebrew 3. */
const marksOnOneMax = 4;

/** Words of the API's paths, and names that could be mistaken for the tracker itself. */
const reservedNames = new Set(
  [
    'me',
    'current',
    'anonymous',
    'everyone',
    'nobody',
    'system',
    'tracker',
    'server',
    'cicada',
    'admin',
  ].concat(['administrator', 'root', 'owner', 'moderator', 'moderators', 'members', 'guest', 'deleted']),
);

export interface Name {
  readonly name: string;
  /**
   * Names with equal keys are the same name. Keys are the same on every machine and in every version of Node.
   */
  readonly key: string;
}

/** Throws CommunityError `name-invalid`. `what`: account, room or group. */
export function parseName(text: string, what: 'account' | 'room' | 'group' = 'account'): Name {
  const refuse = (why: string) =>
    new CommunityError('name-invalid', `this ${what} name ${why}: choose another`);
  // Checked first, because normalising a megabyte takes long.
  if (text.length > nameCharactersMax * 8) throw refuse('is too long');
  if (!text.isWellFormed()) throw refuse('has half a character in it');
  const name = text.normalize('NFC');
  const characters = [...name].length;
  if (characters === 0) throw refuse('is empty');
  if (characters > nameCharactersMax) throw refuse(`has more than ${nameCharactersMax} characters`);
  if (hasInvisible(name)) throw refuse('has characters in it that cannot be seen');
  // Names are parts of URLs.
  if (/[/\\]/.test(name)) throw refuse('has a slash in it');
  if (/^[ .]|[ .]$| {2}/.test(name)) throw refuse('begins or ends with a space or a dot, or has two spaces');
  if (!/[\p{L}\p{N}]/u.test(name)) throw refuse('has no letter and no digit in it');
  if (new RegExp(`\\p{M}{${marksOnOneMax + 1}}`, 'u').test(name.normalize('NFD'))) {
    throw refuse('has too many marks on one letter');
  }
  if (mixesAlphabets(name)) throw refuse('mixes alphabets whose letters look alike');
  const key = nameKey(name);
  // Names like `[deleted 7]` stand for deleted accounts.
  if (reservedNames.has(key) || /^\[deleted\b/.test(key)) throw refuse('is reserved');
  return { name, key };
}

/** The key of any input: it equals the key of the name that the user means, if that exists. */
export function nameKey(text: string): string {
  // NFKC maps full-width letters, ligatures and superscripts to plain letters.
  return foldName(
    text
      .slice(0, nameCharactersMax * 8)
      .toWellFormed()
      .normalize('NFKC'),
  );
}

/**
 * Control, unassigned and private characters, separators other than a space, and characters that are drawn as
 * nothing.
 */
function hasInvisible(name: string): boolean {
  return /[\p{C}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Z}/u.test(name);
}

/** Cyrillic `а` and Greek `ο` in a Latin name serve to imitate another name. */
function mixesAlphabets(name: string): boolean {
  const alphabets = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u];
  return alphabets.filter((alphabet) => alphabet.test(name)).length > 1;
}

/** Text of several lines. Throws CommunityError `text-invalid`. */
export function parseMessage(text: string): string {
  if (text.length > messageCharactersMax * 2) throw tooLong(messageCharactersMax);
  const clean = visible(text.replace(/\r\n?|[\u2028\u2029]/g, '\n').replaceAll('\t', ' ')).trim();
  if (clean === '')
    throw new CommunityError('text-invalid', 'there is nothing in this message: write something');
  if ([...clean].length > messageCharactersMax) throw tooLong(messageCharactersMax);
  return clean;
}

/** Text of one line, which may be empty. Throws CommunityError `text-invalid`. */
export function parseLine(text: string): string {
  if (text.length > lineCharactersMax * 2) throw tooLong(lineCharactersMax);
  const clean = lineOf(text);
  if ([...clean].length > lineCharactersMax) throw tooLong(lineCharactersMax);
  return clean;
}

/** One line of visible characters, of any length. */
export function lineOf(text: string): string {
  return visible(text.replace(/[\s\u2028\u2029]+/g, ' ')).trim();
}

function tooLong(charactersMax: number): CommunityError {
  return new CommunityError('text-invalid', `at most ${charactersMax} characters: shorten it`);
}

/** Keeps joiners, which emoji and Persian need. */
function visible(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/(?!\n)\p{Cc}|\p{Bidi_Control}|[\u200b\u2060\ufeff]/gu, '')
    .replace(new RegExp(`(\\p{M}{${marksOnOneMax}})\\p{M}+`, 'gu'), '$1');
}
