import { expect, it, test } from 'vitest';
import { createTorrent } from '../../../torrents/create/create.ts';
import { readRelease } from '../../../torrents/release/release.ts';
import { bytesOf } from '../../../torrents/tags/audio/byte-source.ts';
import { flacCueStarts } from '../../../torrents/tags/audio/flac-blocks.ts';
import { readCueSheet } from '../../../torrents/tags/cue-sheet.ts';
import { trackTags } from '../../../torrents/tags/track-tags.ts';
import { makeFolder } from '../folder-fixture.ts';
import { flac, flacSheet, mp3 } from './tag-fixtures.ts';

const songs = (...lines: string[]): string =>
  lines
    .map((title, at) => `TRACK 0${at + 1} AUDIO\n  TITLE "${title}"\n  INDEX 01 00:0${at}:00`)
    .join('\r\n');
const sheetOf = (...titles: string[]): string =>
  `PERFORMER "Low"\r\nTITLE "Things We Lost"\r\nFILE "CDImage.wav" WAVE\r\n${songs(...titles)}`;

async function releaseOf(name: string, files: Record<string, string | Uint8Array>, single?: string) {
  const folder = makeFolder(name, files);
  const place = single === undefined ? folder : `${folder}/${single}`;
  const { metainfo } = await createTorrent(place);
  return await readRelease(metainfo, place);
}
const titlesOf = ({ tracks }: Awaited<ReturnType<typeof releaseOf>>) =>
  tracks.map(({ path, track, title, durationMs }) => [path, track, title, durationMs]);

it('a cue sheet in the comments of a FLAC names its songs, album and artist', async () => {
  const release = await releaseOf(
    'x',
    { 'rip.flac': flac({ CUESHEET: sheetOf('Sunflower', 'Whitetail') }) },
    'rip.flac',
  );
  expect(release).toMatchObject({ album: 'Things We Lost', artist: 'Low', albumArtist: 'Low' });
  expect(release.tracks.map(({ title, artist, durationMs }) => [title, artist, durationMs])).toEqual([
    ['Sunflower', 'Low', 1000],
    ['Whitetail', 'Low', 1000],
  ]);
});

it('a cue sheet in a text frame of an MP3 names its songs, even without a FILE line', async () => {
  const release = await releaseOf('Low - Trust', {
    'a.mp3': mp3(4, { TXXX: ['CUESHEET', songs('Ärger', 'Two')], TALB: 'Trust', TPE1: 'Low' }),
    'b.mp3': mp3(4, { TIT2: 'Bonus', TALB: 'Trust', TPE1: 'Low' }),
  });
  expect(release.tracks.map(({ path, track, title }) => [path, track, title])).toEqual([
    ['a.mp3', 1, 'Ärger'],
    ['a.mp3', 2, 'Two'],
    ['b.mp3', undefined, 'Bonus'],
  ]);
  expect(release.album).toBe('Trust');
});

it('the CUESHEET block of a FLAC numbers its songs if no other sheet names them', async () => {
  const block = flacSheet([
    [1, 0],
    [2, 44_100 - 588],
    [170, 88_200],
  ]);
  const numbers = await releaseOf('Low - Trust', { 'a.flac': flac({ ALBUM: 'Trust' }, undefined, block) });
  expect(titlesOf(numbers)).toEqual([
    ['a.flac', 1, 'Track 1', 987],
    ['a.flac', 2, 'Track 2', 1000],
  ]);
  const beside = await releaseOf('Low - Trust', {
    'a.flac': flac({}, undefined, block),
    'a.cue': sheetOf('One', 'Two'),
  });
  expect(beside.tracks.map(({ title }) => title)).toEqual(['One', 'Two']);
});

it('the sheet in the tags comes before the one beside the file, unless it has no titles', async () => {
  const files = (inside: string) => ({
    'a.flac': flac({ CUESHEET: inside }),
    'a.cue': sheetOf('Beside', 'Too'),
  });
  const named = await releaseOf('A', files(sheetOf('Inside', 'Two')));
  expect(named.tracks.map(({ title }) => title)).toEqual(['Inside', 'Two']);
  const nameless = await releaseOf('A', files(sheetOf('a', 'b').replaceAll(/ +TITLE.*\n/g, '')));
  expect(nameless.tracks.map(({ title }) => title)).toEqual(['Beside', 'Too']);
});

it('a sheet with songs of several artists does not give the album the name of its first song', async () => {
  const various = sheetOf('One', 'Two', 'Three')
    .replace('PERFORMER "Low"\r\nTITLE "Things We Lost"\r\n', '')
    .replace('"One"', '"One"\nPERFORMER "A"')
    .replace('"Two"', '"Two"\nPERFORMER "B"')
    .replace('"Three"', '"Three"\nPERFORMER "C"');
  const release = await releaseOf('x', { 'Mix 1998.flac': flac({ CUESHEET: various }) }, 'Mix 1998.flac');
  expect(release).toMatchObject({ album: 'Mix 1998', artist: 'Various Artists' });
});

test.each([
  ['no number', 'FILE "x" WAVE\nTRACK xx AUDIO\nINDEX 01 00:00:00'],
  ['one number twice', songs('A', 'B').replace('TRACK 02', 'TRACK 01')],
  ['one song', songs('A')],
  ['starts that go back', songs('A', 'B').replace('00:00:00', '09:00:00')],
  ['no line', '\0\0\xff'.repeat(200_000)],
])('a cue sheet in tags with %s is ignored', async (_, sheet) => {
  const release = await releaseOf('A', { 'a.flac': flac({ CUESHEET: sheet, TITLE: 'Whole' }) });
  expect(release.tracks.map(({ title }) => title)).toEqual(['Whole']);
});

it.each([
  ['TITLE', `TITLE "x${' '.repeat(130_000)}x"`],
  ['FILE', `FILE "x${' '.repeat(130_000)}x" WAVE`],
  ['INDEX', `INDEX 01 ${' '.repeat(130_000)}x`],
  ['nothing', `${' '.repeat(130_000)}x`],
  ['line breaks', `${'\n'.repeat(130_000)}x`],
])('a cue sheet with a very long run of blanks is parsed in linear time: %s', (_, text) => {
  // Quadratic parsing would take half a minute, and the test would time out.
  expect(readCueSheet(text)).toBeUndefined();
  expect(trackTags({ cueSheet: text }).cues).toEqual([]);
});

it('a song that begins after the end of its file has no duration', async () => {
  const late = sheetOf('One', 'Two').replace('00:01:00', '90:00:00');
  const release = await releaseOf('A', { 'a.flac': flac({ CUESHEET: late }) });
  expect(titlesOf(release)).toEqual([
    ['a.flac', 1, 'One', 2000],
    ['a.flac', 2, 'Two', undefined],
  ]);
});

it('a truncated, endless or overfull CUESHEET block gives no songs, and only part of it is read', () => {
  const whole = flac({}, undefined, flacSheet(Array.from({ length: 255 }, (_, at) => [at % 99, at])));
  const isRead = (bytes: Uint8Array) => {
    let most = 0;
    const { size, read } = bytesOf(bytes);
    const counted = (at: number, length: number) => {
      most = Math.max(most, length);
      return read(at, length);
    };
    const starts = flacCueStarts({ size, read: counted }, 0);
    expect(most).toBeLessThanOrEqual(128 * 1024);
    return starts.length;
  };
  for (let length = 0; length < 600; length += 7) expect(isRead(whole.subarray(0, length))).toBe(0);
  const endless = Buffer.from(whole);
  endless[endless.indexOf(5, 80) + 1] = 0xff;
  isRead(endless);
  for (const cueStarts of [
    'x',
    [[1]],
    [
      [1, 0],
      [1, 5],
    ],
    [
      [1, 0],
      [2, Number.NaN],
    ],
    [
      [1, 0],
      [2, 1e30],
    ],
    [null],
  ]) {
    expect(trackTags({ cueStarts }).cues).toEqual([]);
  }
  expect(
    trackTags({ cueStarts: Array.from({ length: 1000 }, (_, at) => [at + 1, at]) }).cues[0]?.files[0]?.tracks
      .length,
  ).toBe(99);
});
