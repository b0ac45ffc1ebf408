/**
 * A process that reads the tags of one file at a time. A hostile file can make the parser loop, fill the
 * memory or crash (CVE-2026-32256, GHSA-f94x-6692-553q, GHSA-53v6-4h7p-p4gj). Then the parent kills this
 * process and loses nothing. This process may read files, and nothing else (--permission).
 *
 * Left to others: limits of time and memory (tag-reader.ts), validation of what is sent (track-tags.ts).
 */
import process from 'node:process';
import { type IAudioMetadata, parseFromTokenizer } from 'music-metadata';
import { fromFile } from 'strtok3';
import { type AudioBytes, audioBytes } from './audio/audio-bytes.ts';
import { type ByteSource, withFile } from './audio/byte-source.ts';
import { flacCueStarts } from './audio/flac-blocks.ts';
import { framesDuration, oggDuration } from './audio/stream-length.ts';
import { coverBytesMax } from './covers/cover-image.ts';
import { largeCoverBytesMax, scaledCover } from './covers/cover-scaling.ts';
import { cueBytesMax } from './cue-sheet.ts';
import { textCharsMax } from './texts/tag-text.ts';
import { coversMax } from './track-tags.ts';

export interface TagRequest {
  readonly path: string;
  readonly wantCovers: boolean;
}

/**
 * Scales a picture that is too large to be sent: a picture file, or a picture in the tags of an audio file.
 */
export interface ScaleRequest {
  readonly path: string;
  readonly scale: 'file' | 'tag';
}

/** Null: the parser refused the file. */
export type TagAnswer = Readonly<Record<string, unknown>> | 'not-audio' | null;

const cueInMp4 = '----:COM.APPLE.ITUNES:CUESHEET';

/** Some files have a whole list as their genre: `01; 02; 03`. */
const genresMax = 3;

process.on('message', (request: TagRequest | ScaleRequest) => {
  const { path } = request;
  ('scale' in request ? scaled(path, request.scale) : read(path, request.wantCovers)).then(
    (answer) => tell(answer),
    () => tell(null),
  );
});
process.on('disconnect', () => process.exit());
// All code is loaded. The time limit of a file counts from here.
tell('ready');

/** Sends to the parent process. */
function tell(answer: TagAnswer | Uint8Array | 'too-large' | 'ready'): void {
  process.send?.(answer);
}

async function read(path: string, wantCovers: boolean): Promise<TagAnswer> {
  const found = withFile(path, (source) => {
    const kind = audioBytes(source);
    if (kind === undefined) return undefined;
    const cueStarts = kind.parser === '.flac' ? flacCueStarts(source, kind.start) : [];
    return { kind, durationMs: measured(source, kind), cueStarts, fileBytes: source.size };
  });
  if (found === undefined) return 'not-audio';
  const { kind, durationMs, cueStarts, fileBytes } = found;
  if (kind.parser === undefined) {
    const ms = durationMs ?? kind.durationMs;
    return { ...kind, durationMs: ms, bitRate: averageRate(fileBytes, ms) };
  }
  const parsed = await parse(path, kind.parser, wantCovers);
  if (parsed === undefined) return 'not-audio';
  const { common, format, native } = parsed;
  // If a file has frames without a header, the parser estimates from the first few.
  const ms = durationMs ?? (format.duration === undefined ? kind.durationMs : format.duration * 1000);
  const average = durationMs === undefined ? undefined : averageRate(fileBytes - kind.start, durationMs);
  return {
    title: cut(common.title),
    artist: cut(wholeId3(native, 'TPE1', 'TP1') ?? joined(common.artist, common.artists)),
    albumArtist: cut(wholeId3(native, 'TPE2', 'TP2') ?? joined(common.albumartist, common.albumartists)),
    album: cut(common.album),
    genre: cut(common.genre?.slice(0, genresMax).join(', ')),
    // The year of the music comes before the year of the pressing.
    year: common.originalyear ?? yearOf(common.originaldate) ?? common.year,
    licence: cut(common.license ?? inNative(native, 'LICENCE', 'TXXX:LICENSE', 'TXXX:LICENCE')),
    copyright: cut(common.copyright ?? inNative(native, 'ICOP')),
    // The field's names in FLAC, WavPack and APE, and the ones that foobar2000 writes into MP3 and ALAC.
    cueSheet: inNative(native, 'CUESHEET', 'TXXX:CUESHEET', cueInMp4)?.slice(0, cueBytesMax),
    cueStarts,
    disc: common.disk.no ?? undefined,
    track: common.track.no ?? undefined,
    durationMs: ms,
    codec: kind.codec ?? cut(format.codec),
    container: kind.codec === undefined ? cut(format.container) : undefined,
    lossless: format.lossless,
    bitRate: nominal(format.bitrate, average),
    sampleRate: kind.sampleRate ?? format.sampleRate,
    covers: coversOf(common),
    hasLargeCover: common.picture?.some(({ data }) => data.length > coverBytesMax) ?? false,
  };
}

async function scaled(path: string, from: ScaleRequest['scale']): Promise<Uint8Array | 'too-large' | null> {
  if (from === 'file') {
    const bytes = withFile(path, ({ size, read }) => (size > largeCoverBytesMax ? undefined : read(0, size)));
    return bytes === undefined ? 'too-large' : await scaledCover(bytes);
  }
  const kind = withFile(path, audioBytes);
  const parsed = kind?.parser === undefined ? undefined : await parse(path, kind.parser, true);
  const large = parsed?.common.picture?.find(({ data }) => data.length > coverBytesMax);
  return large === undefined ? null : await scaledCover(large.data);
}

/** Undefined if the file has no audio. */
async function parse(path: string, parser: string, wantCovers: boolean): Promise<IAudioMetadata | undefined> {
  const tokenizer = await fromFile(path);
  try {
    // The parser is chosen by file extension. Sets the extension that fits the bytes.
    tokenizer.fileInfo.path = parser;
    // `duration: false` uses only the header. Otherwise every MP3 would be read to its end.
    const parsed = await parseFromTokenizer(tokenizer, { skipCovers: !wantCovers, duration: false });
    return parsed.format.codec === undefined && parsed.format.hasAudio !== true ? undefined : parsed;
  } finally {
    await tokenizer.close();
  }
}

function measured(source: ByteSource, { parser, codec, start }: AudioBytes): number | undefined {
  if (parser === '.ogg') return oggDuration(source);
  return parser === '.mp3' || codec === 'ac3' ? framesDuration(source, start) : undefined;
}

function averageRate(bytes: number, ms: number | undefined): number | undefined {
  return ms === undefined || ms <= 0 ? undefined : (bytes * 8000) / ms;
}

/**
 * Prefers the bit rate of the header if the average is near: tags and padding must not turn 320,000 bits per
 * second into 319,994.
 */
function nominal(told: number | undefined, average: number | undefined): number | undefined {
  if (told === undefined || average === undefined) return told ?? average;
  return Math.abs(average - told) < told * 0.02 ? told : average;
}

/** Accepts `1969-09-26` and a plain number. */
function yearOf(date: unknown): number | undefined {
  const year = /^\s*(\d{4})(?!\d)/.exec(String(date ?? ''))?.[1];
  return year === undefined ? undefined : Number(year);
}

/** Before ID3 2.4, a frame has one text, which may contain slashes: `AC/DC`. The parser splits at them. */
function wholeId3(native: IAudioMetadata['native'], ...ids: string[]): string | undefined {
  const frames = native['ID3v2.3'] ?? native['ID3v2.2'] ?? [];
  const parts = frames.filter(({ id }) => ids.includes(id)).map(({ value }) => String(value));
  return parts.length === 0 ? undefined : parts.join('/');
}

/** A field that the parser has no name for. */
function inNative(native: IAudioMetadata['native'], ...ids: string[]): string | undefined {
  const tag = Object.values(native)
    .flat()
    .find(({ id, value }) => ids.includes(id.toUpperCase()) && typeof value === 'string');
  return tag?.value as string | undefined;
}

/** If one field names several artists, the parser gives only the first as the artist. */
function joined(artist: string | undefined, artists: readonly string[] = []): string | undefined {
  return artist === undefined || artist === artists[0] ? artists.join(', ') || artist : artist;
}

function coversOf({ picture = [] }: IAudioMetadata['common']): Uint8Array[] {
  // Copies the bytes: a view would send its whole buffer along.
  const fitting = picture.filter(({ data }) => data.length <= coverBytesMax).slice(0, coversMax);
  return fitting.map(({ data }) => new Uint8Array(data));
}

/** track-tags.ts would drop the rest of a longer text. Cutting it here saves sending it. */
function cut(text: string | undefined): string | undefined {
  return typeof text === 'string' ? text.slice(0, textCharsMax * 4) : undefined;
}
