/**
 * A process of its own that reads the tags of one file at a time, because a hostile one can make its parser loop, take
 * all memory or fall over (CVE-2026-32256, GHSA-f94x-6692-553q, GHSA-53v6-4h7p-p4gj): whoever started it ends it then, and
 * loses nothing. It may read files, and nothing else (--permission).
 *
 * Left to others: limits of time and memory (tag-reader.ts), whether to believe what is sent (track-tags.ts).
 */
import process from 'node:process';
import { type IAudioMetadata, parseFile } from 'music-metadata';
import { coverBytesMax } from './cover-image.ts';
import { textCharsMax } from './tag-text.ts';
import { coversMax } from './track-tags.ts';

export interface TagRequest {
  readonly path: string;
  readonly wantCovers: boolean;
}

/** Null: the parser refused the file. */
export type TagAnswer = Readonly<Record<string, unknown>> | null;

/** As in `01; 02; 03`: a list that somebody made a tag of. */
const genresMax = 3;

process.on('message', ({ path, wantCovers }: TagRequest) => {
  read(path, wantCovers).then(
    (answer) => process.send!(answer),
    () => process.send!(null),
  );
});
process.on('disconnect', () => process.exit());
// All its code is there: from now on a file's time counts.
process.send!('ready');

async function read(path: string, wantCovers: boolean): Promise<TagAnswer> {
  // `duration`: what the header tells; otherwise every MP3 would be read to its end.
  const { common, format, native } = await parseFile(path, { skipCovers: !wantCovers, duration: false });
  return {
    title: cut(common.title),
    artist: cut(wholeId3(native, 'TPE1', 'TP1') ?? joined(common.artist, common.artists)),
    albumArtist: cut(wholeId3(native, 'TPE2', 'TP2') ?? joined(common.albumartist, common.albumartists)),
    album: cut(common.album),
    genre: cut(common.genre?.slice(0, genresMax).join(', ')),
    // The year of the music, not that of the pressing, when both are told.
    year: common.originalyear ?? common.year,
    disc: common.disk.no ?? undefined,
    track: common.track.no ?? undefined,
    durationMs: format.duration === undefined ? undefined : format.duration * 1000,
    codec: cut(format.codec),
    container: cut(format.container),
    lossless: format.lossless,
    bitRate: format.bitrate,
    sampleRate: format.sampleRate,
    covers: coversOf(common),
  };
}

/** ID3 before 2.4 has one text a frame, with slashes of its own: `AC/DC`. The parser cuts it at them. */
function wholeId3(native: IAudioMetadata['native'], ...ids: string[]): string | undefined {
  const frames = native['ID3v2.3'] ?? native['ID3v2.2'] ?? [];
  const parts = frames.filter(({ id }) => ids.includes(id)).map(({ value }) => String(value));
  return parts.length === 0 ? undefined : parts.join('/');
}

/** Where one field names several artists the parser gives the first of them as the artist. */
function joined(artist: string | undefined, artists: readonly string[] = []): string | undefined {
  return artist === undefined || artist === artists[0] ? artists.join(', ') || artist : artist;
}

function coversOf({ picture = [] }: IAudioMetadata['common']): Uint8Array[] {
  // A view would take what is around it along.
  const fitting = picture.filter(({ data }) => data.length <= coverBytesMax).slice(0, coversMax);
  return fitting.map(({ data }) => new Uint8Array(data));
}

/** What is longer is of no use, and would only have to be carried. */
function cut(text: string | undefined): string | undefined {
  return typeof text === 'string' ? text.slice(0, textCharsMax * 4) : undefined;
}
