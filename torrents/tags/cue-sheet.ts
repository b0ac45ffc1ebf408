/**
 * Parses a cue sheet: the songs within a file that holds a whole side or disc, as programs that copy CDs
 * write it.
 *
 * Invariant: pure. Each file of a sheet has at most cueTracksMax songs, in the order of their starts.
 */
import { tagText } from './texts/tag-text.ts';

export interface CueSheet {
  readonly album: string | undefined;
  readonly artist: string | undefined;
  readonly files: readonly CueFile[];
}

export interface CueFile {
  /** As in the sheet. Often `.wav` for a file that was later converted to FLAC. */
  readonly name: string;
  readonly tracks: readonly CueTrack[];
}

export interface CueTrack {
  readonly number: number;
  readonly title: string | undefined;
  readonly artist: string | undefined;
  readonly startMs: number;
}

/** The songs of one file, with the album and artist of the whole sheet. */
export interface FileCue {
  readonly album: string | undefined;
  readonly artist: string | undefined;
  readonly tracks: readonly CueTrack[];
}

/** A CD has at most 99 tracks, and cue sheets describe CDs. */
const cueTracksMax = 99;
/** A week, as in track-tags.ts. */
const startMsMax = 7 * 24 * 3600 * 1000;
/** Enough for 99 songs with all their codes. */
export const cueBytesMax = 128 * 1024;

/** Undefined if no file in the sheet has a song. */
export function readCueSheet(text: string): CueSheet | undefined {
  const files: { name: string; tracks: Mutable[] }[] = [];
  let album: string | undefined;
  let artist: string | undefined;
  let track: Mutable | undefined;
  for (const line of text.slice(0, cueBytesMax).split(/\r\n|\r|\n/)) {
    // No pattern here has two adjacent runs of blanks or an unanchored start: both take quadratic time.
    const [, command = '', rest = ''] = /^([A-Z]+)\s+(\S.*)$/i.exec(line.trim()) ?? [];
    const file = files.at(-1);
    switch (command.toUpperCase()) {
      case 'FILE':
        files.push({
          name: unquoted(rest.replace(/\s(WAVE|MP3|AIFF|FLAC|BINARY|MOTOROLA)$/i, '').trimEnd()),
          tracks: [],
        });
        track = undefined;
        break;
      case 'TRACK':
        track = {
          number: Number.parseInt(rest, 10),
          title: undefined,
          artist: undefined,
          startMs: Number.NaN,
        };
        if (file !== undefined && file.tracks.length < cueTracksMax) file.tracks.push(track);
        break;
      case 'TITLE':
        if (track === undefined) album ??= tagText(unquoted(rest));
        else track.title ??= tagText(unquoted(rest));
        break;
      case 'PERFORMER':
        if (track === undefined) artist ??= tagText(unquoted(rest));
        else track.artist ??= tagText(unquoted(rest));
        break;
      case 'INDEX':
        if (track !== undefined && /^0?1\s/.test(rest)) track.startMs = startOf(rest);
        break;
      default:
    }
  }
  const whole = files.map(({ name, tracks }) => ({ name, tracks: inOrder(tracks) }));
  return whole.some(({ tracks }) => tracks.length > 0) ? { album, artist, files: whole } : undefined;
}

/** A sheet in a file's own tags describes that file. It often has no FILE line. */
export function sheetInTag(untrusted: unknown): CueSheet | undefined {
  if (typeof untrusted !== 'string') return undefined;
  const text = untrusted.slice(0, cueBytesMax);
  return readCueSheet(/^[ \t]*FILE\s/im.test(text) ? text : `FILE "" WAVE\n${text}`);
}

/** A sheet of `[number, startMs]` pairs, without titles. */
export function sheetOfStarts(untrusted: unknown): CueSheet | undefined {
  if (!Array.isArray(untrusted)) return undefined;
  const tracks = untrusted.slice(0, cueTracksMax).map((pair: unknown): CueTrack => {
    const [number, startMs] = Array.isArray(pair) ? pair.map(Number) : [];
    return { number: number ?? 0, title: undefined, artist: undefined, startMs: startMs ?? Number.NaN };
  });
  const right = inOrder(tracks);
  return right.length === 0
    ? undefined
    : { album: undefined, artist: undefined, files: [{ name: '', tracks: right }] };
}

type Mutable = { -readonly [Field in keyof CueTrack]: CueTrack[Field] };

/** In milliseconds, from minutes, seconds and frames of 1/75 s. */
function startOf(index: string): number {
  const [, minutes, seconds, frames] = /\s(\d{1,4}):(\d{1,2}):(\d{1,2})$/.exec(index) ?? [];
  return (Number(minutes) * 60 + Number(seconds) + Number(frames) / 75) * 1000;
}

/**
 * Returns no tracks if one has no start, or starts before the previous track: then no duration would be
 * right. The same if the numbers do not rise, because a catalogue refuses two tracks with one number.
 */
function inOrder(tracks: readonly CueTrack[]): readonly CueTrack[] {
  const isRight = tracks.every(
    ({ number, startMs }, at) =>
      Number.isInteger(number) &&
      number > (tracks[at - 1]?.number ?? 0) &&
      number <= cueTracksMax &&
      startMs >= (tracks[at - 1]?.startMs ?? 0) &&
      startMs <= startMsMax,
  );
  return isRight ? tracks : [];
}

function unquoted(text: string): string {
  return text.replace(/^"(.*)"$/, '$1');
}

/**
 * The songs of the file with this name. Undefined if the sheet has fewer than two for it: then the file
 * counts as one song.
 */
export function cueTracksOf(
  sheet: CueSheet,
  fileName: string,
  isOnlyFile: boolean,
): readonly CueTrack[] | undefined {
  const stem = (name: string): string =>
    name
      .replace(/^.*[\\/]/s, '')
      .replace(/\.[^.]*$/, '')
      .normalize('NFC')
      .toLowerCase();
  const named = sheet.files.find(({ name }) => stem(name) === stem(fileName));
  const file = named ?? (isOnlyFile && sheet.files.length === 1 ? sheet.files[0] : undefined);
  return file !== undefined && file.tracks.length > 1 ? file.tracks : undefined;
}
