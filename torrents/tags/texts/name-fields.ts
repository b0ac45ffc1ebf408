/**
 * Reads the names of folders and files, for music without tags: `Artist - Album (1999)`, `CD2/01 -
 * Title.flac`, `1-01 Title.mp3`, `A1. Title.flac`.
 *
 * Invariant: pure. Every name gives a title. Left to others: whether a tag or a name counts
 * (release-fields.ts).
 */
import { discAlone, discInFront } from './disc-numbers.ts';
import { tagText } from './tag-text.ts';

export interface FolderFields {
  readonly artist: string | undefined;
  readonly album: string;
  readonly year: number | undefined;
  /** The disc of the album, as in `Album (CD1)`. */
  readonly disc: number | undefined;
}

interface NameFields {
  readonly disc: number | undefined;
  readonly track: number | undefined;
  /** The name without the number. Two parts if the first may be an artist. */
  readonly parts: readonly string[];
  /** The whole name, without the extension. */
  readonly stem: string;
}

/**
 * `7 Rings` may be a title, or the track `Rings`: the names of the other files decide. `otherwise`: the
 * reading if they do not confirm the number.
 */
export type FileFields = NameFields &
  ({ readonly isCertain: true } | { readonly isCertain: false; readonly otherwise: FileFields });

const year = '(?:19|20)\\d\\d';
const yearAlone = new RegExp(`^${year}$`);
/** `1999 - Album`, `(1999) Album`, `[1999] Album`, `1999. Album`. Not `1984 Suite`. */
const yearFirst = new RegExp(`^(?:[([](${year})[)\\]]\\s*[-–—.]?|(${year})\\s*[-–—.])\\s+(?=\\S)`);
const bracketsLast = /\s*(?:\(([^()]*)\)|\[([^[\]]*)\]|\{([^{}]*)\})$/;
/** Words in brackets after an album's name that are not part of the name. */
const technical =
  /^(flac|mp3|aac|m4a|alac|ogg|vorbis|opus|wav|ape|dsd|dsf|lossless|web|webrip|cd|cdrip|vinyl|lp|hi-?res|v[0-2]|cbr|vbr|(64|96|128|160|192|224|256|320)(k|kbps)?|kbps|khz|hz|bit|(16|24|32)(-?bits?)?|(44|48|88|96|176|192)(\.[124])?(khz)?)$/i;
const dash = /\s+[-–—]\s+/;

export function readFolderName(name: string): FolderFields {
  let text = spaced(name);
  let found: number | undefined;
  let disc: number | undefined;
  for (;;) {
    const alone = discAlone(text);
    if (alone.disc !== undefined && disc === undefined) {
      ({ album: text, disc } = alone);
      continue;
    }
    const match = bracketsLast.exec(text);
    if (match === null || match.index === 0) break;
    const words = (match[1] ?? match[2] ?? match[3] ?? '').split(/[\s,/;_+-]+/).filter((word) => word !== '');
    if (!words.every((word) => yearAlone.test(word) || technical.test(word))) break;
    const told = words.find((word) => yearAlone.test(word));
    // `(96)` is a bit rate, `(1996)` a year. If two brackets hold a year, the first one is the album's.
    if (told !== undefined) found = Number(told);
    text = text.slice(0, match.index);
  }
  const first = found === undefined ? yearFirst.exec(text) : null;
  if (first !== null) {
    found = Number(first[1] ?? first[2]);
    text = text.slice(first[0].length);
  }
  const parts = text.split(dash);
  const [, second = ''] = parts;
  if (parts.length > 2 && found === undefined && yearAlone.test(second)) {
    found = Number(second);
    parts.splice(1, 1);
  }
  const [artist, ...rest] = parts;
  if (rest.length === 0) return { artist: undefined, album: text, year: found, disc };
  return { artist, album: rest.join(' - '), year: found, disc };
}

/** `name` includes its extension. */
export function readFileName(name: string): FileFields {
  const stem = spaced(name.replace(/(?<=.)\.[^.\s]{1,5}$/, ''));
  const front = discInFront(stem);
  if (front !== undefined) {
    const { track, parts } = numberIn(front.rest);
    // Accepts `(CD1) 03 Title`, but not `Disc 1 Rider`: a disc at the front needs a track number after it.
    if (track !== undefined) return { disc: front.disc, track, parts, stem, isCertain: true };
  }
  return numberIn(stem);
}

function numberIn(stem: string, patterns = numbers): FileFields {
  for (const [index, { pattern, isCertain }] of patterns.entries()) {
    const groups = pattern.exec(stem)?.groups;
    if (groups === undefined) continue;
    const { disc, track, title = stem, before } = groups;
    const told = {
      disc: disc === undefined ? undefined : Number(disc),
      track: track === undefined ? undefined : Number(track),
      parts: before === undefined ? partsOf(title) : [...before.split(dash, 1), title],
      stem,
    };
    if (isCertain) return { ...told, isCertain };
    return { ...told, isCertain: false, otherwise: numberIn(stem, patterns.slice(index + 1)) };
  }
  return { disc: undefined, track: undefined, isCertain: true, parts: partsOf(stem), stem };
}

const separator = '(?:\\s*[-–—.:)\\]]+\\s*|\\s+)';
/**
 * The first match counts. One that is not certain needs the names of other files to confirm it
 * (release-fields.ts).
 */
const numbers: readonly { pattern: RegExp; isCertain: boolean }[] = [
  // 1-01 Title, 2.05 - Title
  {
    pattern: new RegExp(`^(?<disc>\\d{1,2})[-.](?<track>0\\d{1,2})${separator}(?<title>[^\\s\\d].*)$`),
    isCertain: true,
  },
  // d1t05 Title
  {
    pattern: new RegExp(`^d(?<disc>\\d{1,2})\\s?t(?<track>\\d{1,3})${separator}(?<title>\\S.*)$`, 'i'),
    isCertain: true,
  },
  // 2-11 - Title
  { pattern: /^(?<disc>\d{1,2})[-.](?<track>\d{2,3})\s+[-–—]\s+(?<title>\S.*)$/, isCertain: true },
  // 1-12 Title, 20-20 Vision, 01-99 Problems
  {
    pattern: new RegExp(`^(?<disc>\\d{1,2})[-.](?<track>\\d{2,3})${separator}(?<title>[^\\s\\d].*)$`),
    isCertain: false,
  },
  // 01-99 Problems, 07.1999
  { pattern: /^(?<track>0\d{1,2})\s*[-–—.:)\]]+\s*(?<title>\S.*)$/, isCertain: true },
  // 01. Title, 1 - Title, [01] Title. Not 1-800-273-8255, 10-4 or 50.50, which have no space before the next
  //     number
  {
    pattern:
      /^[([]?(?<track>\d{1,3})(?:\s*[-–—.:)\]]+\s+|\s+[-–—.:)\]]+\s*|[-–—.:)\]]+(?!\d))(?<title>\S.*)$/,
    isCertain: true,
  },
  // 01 Title
  { pattern: /^(?<track>0\d{1,2})\s+(?<title>\S.*)$/, isCertain: true },
  // 10 Title, 99 Problems
  { pattern: /^(?<track>\d{1,3})\s+(?<title>\S.*)$/, isCertain: false },
  // Track 7
  { pattern: /^(?:track|titel|piste|pista|трек|音轨)\s?(?<track>\d{1,3})$/i, isCertain: true },
  // Artist - Album - 05 - Title
  {
    pattern: /^(?<before>\S.*?)\s+[-–—]\s+(?<track>\d{1,3})(?:\s+[-–—]|\.)\s+(?<title>\S.*)$/,
    isCertain: false,
  },
  // A1. Title: the side and its track on that side, not a track number of the album
  { pattern: new RegExp(`^[A-H]\\d{1,2}${separator}(?<title>\\S.*)$`), isCertain: true },
  // 01
  { pattern: /^(?<track>\d{1,3})$/, isCertain: true },
];

function partsOf(title: string): readonly string[] {
  const match = dash.exec(title);
  if (match === null) return [title];
  return [title.slice(0, match.index), title.slice(match.index + match[0].length)];
}

/** Some programs write `The_Artist_-_Album` to avoid spaces. */
function spaced(name: string): string {
  return tagText(name.includes(' ') ? name : name.replaceAll('_', ' ')) ?? name;
}
