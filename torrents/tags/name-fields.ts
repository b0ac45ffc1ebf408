/**
 * What the names of folders and files tell of music, where its tags tell nothing: `Artist - Album (1999)`,
 * `CD2/01 - Title.flac`, `1-01 Title.mp3`, `A1. Title.flac`.
 *
 * Invariant: pure; any name gives a title. Left to others: which of tag and name counts (release-fields.ts).
 */
import { tagText } from './tag-text.ts';

export interface FolderFields {
  readonly artist: string | undefined;
  readonly album: string;
  readonly year: number | undefined;
}

export interface FileFields {
  readonly disc: number | undefined;
  readonly track: number | undefined;
  /** `7 Rings` may be a title or a track: somebody who knows its neighbours has to say. */
  readonly isCertain: boolean;
  /** The name without the number; in two when an artist may stand before the title. */
  readonly parts: readonly string[];
  /** The whole name. */
  readonly stem: string;
}

/** `CD1`, `CD 2 - Live`, `Disc II`, `disk_03`, `LP A`, `Диск 1`, `ディスク1`: a number has to follow. */
export const discNames =
  /^(cd|disc|disk|dvd|lp|vinyl|side|tape|диск|ディスク)[ ._-]*(\d{1,3}|[ivx]{1,4}|[a-h])(?![\p{L}\p{N}])/iu;

const year = '(?:19|20)\\d\\d';
const yearAlone = new RegExp(`^${year}$`);
/** `1999 - Album`, `(1999) Album`, `[1999] Album`, `1999. Album`; not `1984 Suite`. */
const yearFirst = new RegExp(`^(?:[([](${year})[)\\]]\\s*[-–—.]?|(${year})\\s*[-–—.])\\s+(?=\\S)`);
const bracketsLast = /\s*(?:\(([^()]*)\)|\[([^[\]]*)\]|\{([^{}]*)\})$/;
/** What people write behind an album's name that is not its name. */
const technical =
  /^(flac|mp3|aac|m4a|alac|ogg|vorbis|opus|wav|ape|dsd|dsf|lossless|web|webrip|cd|cdrip|vinyl|lp|hi-?res|v[0-2]|cbr|vbr|(64|96|128|160|192|224|256|320)(k|kbps)?|kbps|khz|hz|bit|(16|24|32)(-?bits?)?|(44|48|88|96|176|192)(\.[124])?(khz)?)$/i;
const dash = /\s+[-–—]\s+/;

export function readFolderName(name: string): FolderFields {
  let text = spaced(name);
  let found: number | undefined;
  for (
    let match = bracketsLast.exec(text);
    match !== null && match.index > 0;
    match = bracketsLast.exec(text)
  ) {
    const words = (match[1] ?? match[2] ?? match[3])!.split(/[\s,/;_+-]+/).filter((word) => word !== '');
    if (!words.every((word) => yearAlone.test(word) || technical.test(word))) break;
    const told = words.find((word) => yearAlone.test(word));
    // (96) is a bit rate, (1996) a year; of two years the one that stands first is the album's.
    if (told !== undefined) found = Number(told);
    text = text.slice(0, match.index);
  }
  const first = found === undefined ? yearFirst.exec(text) : null;
  if (first !== null) {
    found = Number(first[1] ?? first[2]);
    text = text.slice(first[0].length);
  }
  const parts = text.split(dash);
  if (parts.length > 2 && found === undefined && yearAlone.test(parts[1]!))
    found = Number(parts.splice(1, 1)[0]);
  const [artist, ...rest] = parts;
  if (rest.length === 0) return { artist: undefined, album: text, year: found };
  return { artist, album: rest.join(' - '), year: found };
}

/** `name` with its extension. */
export function readFileName(name: string): FileFields {
  const stem = spaced(name.replace(/(?<=.)\.[^.\s]{1,5}$/, ''));
  for (const { pattern, isCertain } of numbers) {
    const groups = pattern.exec(stem)?.groups;
    if (groups === undefined) continue;
    const { disc, track, title = stem } = groups;
    return {
      disc: disc === undefined ? undefined : Number(disc),
      track: track === undefined ? undefined : Number(track),
      isCertain,
      parts: partsOf(title),
      stem,
    };
  }
  return { disc: undefined, track: undefined, isCertain: true, parts: partsOf(stem), stem };
}

const separator = '(?:\\s*[-–—.:)\\]]+\\s*|\\s+)';
const numbers: readonly { pattern: RegExp; isCertain: boolean }[] = [
  // 1-01 Title, 2.05 - Title
  {
    pattern: new RegExp(`^(?<disc>\\d{1,2})[-.](?<track>\\d{2,3})${separator}(?<title>\\S.*)$`),
    isCertain: true,
  },
  // 01. Title, 1 - Title, [01] Title
  { pattern: /^[([]?(?<track>\d{1,3})\s*[-–—.:)\]]+\s*(?<title>\S.*)$/, isCertain: true },
  // 01 Title
  { pattern: /^(?<track>0\d{1,2})\s+(?<title>\S.*)$/, isCertain: true },
  // 10 Title, 99 Problems
  { pattern: /^(?<track>\d{1,3})\s+(?<title>\S.*)$/, isCertain: false },
  // A1. Title: a side and its track, which is no number in the album
  { pattern: new RegExp(`^[A-H]\\d{1,2}${separator}(?<title>\\S.*)$`), isCertain: true },
  // 01
  { pattern: /^(?<track>\d{1,3})$/, isCertain: true },
];

/** The disc of a file by the folders it lies in, from the inside: `Box/CD 2/Scans` is of disc 2. */
export function discOf(folders: readonly string[]): number | undefined {
  for (const folder of folders.toReversed()) {
    const number = discNames.exec(folder)?.[2];
    if (number !== undefined) return discNumber(number.toLowerCase());
  }
  return undefined;
}

function discNumber(text: string): number | undefined {
  if (/^\d/.test(text)) return Number(text) || undefined;
  const roman = ['i', 'ii', 'iii', 'iv', 'v', 'vi', 'vii', 'viii', 'ix', 'x'].indexOf(text);
  if (roman >= 0) return roman + 1;
  return /^[a-h]$/.test(text) ? text.charCodeAt(0) - 0x60 : undefined;
}

function partsOf(title: string): readonly string[] {
  const match = dash.exec(title);
  if (match === null) return [title];
  return [title.slice(0, match.index), title.slice(match.index + match[0].length)];
}

/** `The_Artist_-_Album` is written so by those who fear spaces. */
function spaced(name: string): string {
  return tagText(name.includes(' ') ? name : name.replaceAll('_', ' ')) ?? name;
}
