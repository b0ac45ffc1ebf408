import { expect, it } from 'vitest';
import { createTorrent } from '../../../torrents/create/create.ts';
import { readRelease } from '../../../torrents/release/release.ts';
import { cueTracksOf, readCueSheet } from '../../../torrents/tags/cue-sheet.ts';
import { makeFolder } from '../folder-fixture.ts';
import { wav } from './audio-fixtures.ts';
import { flac } from './tag-fixtures.ts';

const sheetOf = (file: string, ...songs: string[]): string =>
  [
    'PERFORMER "Кино"',
    'TITLE "Ночь"',
    `FILE "${file}" WAVE`,
    ...songs.flatMap((title, at) => [
      `  TRACK 0${at + 1} AUDIO`,
      `    TITLE "${title}"`,
      `    INDEX 00 00:0${at}:00`,
      `    INDEX 01 00:0${at}:37`,
    ]),
  ].join('\r\n');

it('a cue sheet names the songs of a single file, with their durations', async () => {
  const folder = makeFolder('Кино - Ночь', {
    'Album.wav': wav(1, Buffer.alloc(176_400 * 4)),
    'album.cue': sheetOf('ALBUM.ape', 'Видели ночь', 'Фильмы', 'Твой номер'),
    'Bonus.flac': flac({ TITLE: 'Bonus', ARTIST: 'Кино' }),
  });
  const { metainfo } = await createTorrent(folder);
  const { tracks } = await readRelease(metainfo, folder);
  expect(
    tracks.map(({ path, track, title, artist, durationMs }) => [path, track, title, artist, durationMs]),
  ).toEqual([
    ['Album.wav', 1, 'Видели ночь', 'Кино', 1000],
    ['Album.wav', 2, 'Фильмы', 'Кино', 1000],
    ['Album.wav', 3, 'Твой номер', 'Кино', 1507],
    ['Bonus.flac', undefined, 'Bonus', 'Кино', 2000],
  ]);
  expect(new Set(tracks.map(({ fileIndex }) => fileIndex)).size).toBe(2);
});

it('a cue sheet in an old encoding is decoded, and a sheet with one file per song changes nothing', async () => {
  const old = Buffer.from(
    sheetOf('x.wav', 'A', 'B')
      .replace('"A"', '"\xd1\xe8\xed\xe5\xe5 \xed\xe5\xe1\xee"')
      .replace('Кино', 'K')
      .replace('Ночь', 'N'),
    'latin1',
  );
  const folder = makeFolder('Set', {
    'CD1/x.flac': flac({}),
    'CD1/x.cue': old,
    'CD2/1.flac': flac({ TITLE: 'One' }),
    'CD2/2.flac': flac({ TITLE: 'Two' }),
    'CD2/y.cue': `${sheetOf('1.wav', 'A')}\n${sheetOf('2.wav', 'B')}`,
    'CD2/noise.cue': Buffer.alloc(1_000, 0xff),
  });
  const { metainfo } = await createTorrent(folder);
  const { tracks } = await readRelease(metainfo, folder);
  expect(tracks.map(({ disc, title }) => [disc, title])).toEqual([
    [1, 'Синее небо'],
    [1, 'B'],
    [2, 'One'],
    [2, 'Two'],
  ]);
});

it('an invalid cue sheet gives no songs', () => {
  expect(readCueSheet('')).toBeUndefined();
  expect(readCueSheet('FILE "x" WAVE\nTRACK 01 AUDIO\nTITLE "no start"')).toBeUndefined();
  const backwards = sheetOf('x.wav', 'A', 'B')
    .replace('00:01:37', '00:00:01')
    .replace('00:00:37', '00:09:00');
  expect(
    cueTracksOf(readCueSheet(backwards) ?? { album: '', artist: '', files: [] }, 'x.flac', true),
  ).toBeUndefined();
  const many = Array.from({ length: 500 }, (_, at) => `TRACK ${at} AUDIO\nINDEX 01 00:00:00`).join('\n');
  expect(readCueSheet(`FILE "x" WAVE\n${many}`)?.files[0]?.tracks.length ?? 0).toBeLessThanOrEqual(99);
});
