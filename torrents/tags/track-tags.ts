/**
 * The tags of one file, and the check of everything that the reading process sends: a hostile file that has
 * taken over that process can send anything.
 *
 * Invariant: every text has passed tagText, every number is in a sensible range, every cover is a picture.
 */
import { audioFormat } from './audio/audio-formats.ts';
import { type CoverImage, coverImage } from './covers/cover-image.ts';
import { type CueSheet, sheetInTag, sheetOfStarts } from './cue-sheet.ts';
import { licenceName } from './texts/licences.ts';
import { misreadBytes } from './texts/old-encodings.ts';
import { readableText, textCharsMax } from './texts/tag-text.ts';

export interface TrackTags {
  readonly title: string | undefined;
  readonly artist: string | undefined;
  readonly albumArtist: string | undefined;
  readonly album: string | undefined;
  readonly genre: string | undefined;
  /** `CC BY 4.0`, or the tag's own text. */
  readonly licence: string | undefined;
  readonly copyright: string | undefined;
  readonly year: number | undefined;
  readonly disc: number | undefined;
  readonly track: number | undefined;
  readonly durationMs: number | undefined;
  readonly codec: string | undefined;
  readonly lossless: boolean | undefined;
  /** Bits per second. */
  readonly bitRate: number | undefined;
  /** Hertz. */
  readonly sampleRate: number | undefined;
  /**
   * The songs of a file that holds a whole disc: the cue sheet in its tags, then the CUESHEET block of a
   * FLAC.
   */
  readonly cues: readonly CueSheet[];
  readonly covers: readonly CoverImage[];
  /** There is a picture larger than coverBytesMax. */
  readonly hasLargeCover: boolean;
  /** Texts as they were read, whose bytes may be in another encoding (old-encodings.ts). */
  readonly doubtful: Partial<Record<TextField, string>>;
}

const textFields = ['title', 'artist', 'albumArtist', 'album', 'genre', 'copyright'] as const;
export type TextField = (typeof textFields)[number];

/**
 * The largest sets have 100 discs. A disc has at most 99 tracks, an audio book in one folder a few hundred.
 */
const numberMax = 9_999;
/**
 * The first recording is from 1857. An earlier year is a wrong tag, such as a day in the field of the year.
 */
const yearMin = 1850;
const yearMax = 2200;
/** A week. */
const durationMsMax = 7 * 24 * 3600 * 1000;
/** Two channels of DSD512 take 45 Mbit/s. */
const bitRateMax = 100_000_000;
/** DSD1024. */
const sampleRateMax = 50_000_000;
/** Front, back, disc, booklet. Further pictures are ignored. */
export const coversMax = 8;

/** Checks what the reading process sent. */
export function trackTags(untrusted: Readonly<Record<string, unknown>>): TrackTags {
  const { codec, container, lossless, covers } = untrusted;
  const copyright = readableText(untrusted.copyright);
  return {
    title: readableText(untrusted.title),
    artist: readableText(untrusted.artist),
    albumArtist: readableText(untrusted.albumArtist),
    album: readableText(untrusted.album),
    genre: readableText(untrusted.genre),
    licence: licenceName(readableText(untrusted.licence), copyright),
    copyright,
    doubtful: doubtfulTexts(untrusted),
    year: whole(untrusted.year, yearMin, yearMax),
    disc: whole(untrusted.disc, 1, numberMax),
    track: whole(untrusted.track, 1, numberMax),
    durationMs: whole(untrusted.durationMs, 1, durationMsMax),
    ...audioFormat(readableText(codec), readableText(container), lossless === true),
    bitRate: whole(untrusted.bitRate, 1, bitRateMax),
    sampleRate: whole(untrusted.sampleRate, 1, sampleRateMax),
    cues: [sheetInTag(untrusted.cueSheet), sheetOfStarts(untrusted.cueStarts)].filter(
      (sheet) => sheet !== undefined,
    ),
    hasLargeCover: untrusted.hasLargeCover === true,
    covers: (Array.isArray(covers) ? covers : [])
      .slice(0, coversMax)
      .map((cover: unknown) => (cover instanceof Uint8Array ? coverImage(cover) : undefined))
      .filter((cover) => cover !== undefined),
  };
}

function doubtfulTexts(untrusted: Readonly<Record<string, unknown>>): TrackTags['doubtful'] {
  const found = textFields.flatMap((field) => {
    const text = untrusted[field];
    const isDoubtful =
      typeof text === 'string' && misreadBytes(text.slice(0, doubtfulCharsMax)) !== undefined;
    return isDoubtful ? [[field, text.slice(0, doubtfulCharsMax)]] : [];
  });
  return Object.fromEntries(found);
}

/**
 * In an old encoding, a character takes two or three bytes, each of which is one character of the misread
 * text.
 */
const doubtfulCharsMax = textCharsMax * 3;

function whole(untrusted: unknown, min: number, max: number): number | undefined {
  if (typeof untrusted !== 'number') return undefined;
  const value = Math.round(untrusted);
  return value >= min && value <= max ? value : undefined;
}
