import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTorrent } from '../../../torrents/create/create.ts';
import { type ReleaseControl, readRelease } from '../../../torrents/release/release.ts';
import { coverBytesMax, coverImage } from '../../../torrents/tags/covers/cover-image.ts';
import { openTagReader } from '../../../torrents/tags/tag-reader.ts';
import { makeFolder, noise } from '../folder-fixture.ts';
import { flac, hostileFiles, jpeg, mp3, png, webp } from '../tags/tag-fixtures.ts';

async function releaseOf(folder: string, control?: ReleaseControl) {
  const { metainfo } = await createTorrent(folder, { pieceLength: 16_384 });
  return readRelease(metainfo, folder, control);
}

const tags = (title: string, track: number) => ({
  TITLE: title,
  ARTIST: 'Nina Simone',
  ALBUM: 'Pastel Blues',
  DATE: '1965-10',
  GENRE: 'Jazz',
  TRACKNUMBER: `${track}/9`,
});

describe('a release', () => {
  it("a release has the values of its files' tags", async () => {
    const folder = makeFolder('whatever', {
      '02.flac': flac(tags('Sinnerman', 9)),
      '10.flac': flac(tags('Strange Fruit', 10)),
      'notes.txt': 'x',
    });
    const { tracks, ...album } = await releaseOf(folder);
    expect(album).toMatchObject({
      ...{
        artist: 'Nina Simone',
        album: 'Pastel Blues',
        year: 1965,
        genre: 'Jazz',
        faults: [],
        cover: undefined,
      },
    });
    expect(tracks.map(({ fileIndex, path, title, track }) => [fileIndex, path, title, track])).toEqual([
      [0, '02.flac', 'Sinnerman', 9],
      [2, '10.flac', 'Strange Fruit', 10],
    ]);
    expect(tracks[0]).toMatchObject({ codec: 'flac', lossless: true, sampleRate: 44_100, durationMs: 2_000 });
    expect(tracks[0]!.piecesRoot).toHaveLength(32);
  });

  it('artist names are taken from tags with their slashes, and several artists are joined', async () => {
    const folder = makeFolder('mixed', {
      '1.mp3': mp3(3, { TPE1: 'AC/DC', TPE2: 'AC/DC', TIT2: 'a' }),
      '2.mp3': mp3(2, { TP1: 'D/troit', TT2: 'b' }),
      '3.mp3': mp3(4, { TPE1: ['Ava', 'Ben / Co', 'Cleo'], TIT2: 'c' }),
      '4.mp3': mp3(4, { TPE1: 'Ava/Ben', TIT2: 'd' }),
      '5.flac': flac({ TITLE: 'e', ARTIST: ['Ava', 'Ben'], ALBUMARTIST: ['AC/DC', 'Ben'] }),
      '6.flac': flac({ TITLE: 'f', ARTIST: 'Ava feat. Ben', ARTISTS: ['Ava', 'Ben'] }),
    });
    const { tracks } = await releaseOf(folder);
    expect(tracks.map(({ title, artist }) => [title, artist])).toEqual([
      ['a', 'AC/DC'],
      ['b', 'D/troit'],
      ['c', 'Ava, Ben / Co, Cleo'],
      ['d', 'Ava/Ben'],
      ['e', 'Ava, Ben'],
      ['f', 'Ava feat. Ben'],
    ]);
  });

  it('the same song has the same root in every album', async () => {
    const song = flac(tags('Sinnerman', 9));
    const [a, b] = await Promise.all([
      releaseOf(makeFolder('Pastel Blues', { '09.flac': song })),
      releaseOf(
        makeFolder('Best of', { 'CD2/01 - Sinnerman.flac': song, 'CD2/02.flac': flac(tags('b', 2)) }),
      ),
    ]);
    expect(a.tracks[0]!.piecesRoot).toEqual(b.tracks[0]!.piecesRoot);
  });

  it('the cover is a picture in the folder, or else a picture in a tag', async () => {
    const song = flac(tags('Sinnerman', 9), png(20, 20));
    const inTag = await releaseOf(makeFolder('a', { '1.flac': song }));
    expect(inTag.cover).toMatchObject({ type: 'image/png' });
    const inFolder = await releaseOf(
      makeFolder('b', { '1.flac': song, 'Cover.JPG': jpeg(30, 30), 'Scans/cover.png': png(9, 9) }),
    );
    expect(inFolder.cover).toMatchObject({ type: 'image/jpeg', bytes: new Uint8Array(jpeg(30, 30)) });
  });
});

describe('a hostile file', () => {
  it('a hostile file loses its own tags, and all other files are read', async () => {
    const hostile = hostileFiles();
    const folder = makeFolder('Album', { ...hostile, 'z.flac': flac(tags('Good', 99)) });
    const { tracks, faults } = await releaseOf(folder);
    const stems = Object.keys(hostile).map((name) => name.replace(/\..*/, ''));
    expect(tracks.map(({ title }) => title)).toEqual([...stems.sort(), 'Good']);
    // The parser refused all of them. No reader had to be killed.
    expect(faults.filter(({ fault }) => !['unreadable', 'not-audio'].includes(fault))).toEqual([]);
  });

  it('a file of noise with an audio extension is described by its name', async () => {
    const endings = [
      'flac',
      'mp3',
      'ogg',
      'm4a',
      'wav',
      'aiff',
      'ape',
      'wv',
      'wma',
      'dsf',
      'dff',
      'mpc',
      'mka',
    ];
    const files = endings.map((ending, index) => [`${index + 1} - Song.${ending}`, noise(3_000, index + 7)]);
    const { tracks } = await releaseOf(makeFolder('Noise', Object.fromEntries(files)));
    expect(tracks.map(({ title }) => title)).toEqual(endings.map(() => 'Song'));
  });

  it('a file that takes too long gets its reader killed, and the next file has a new reader', async () => {
    const folder = makeFolder('Album', { 'good.flac': flac(tags('Good', 1)) });
    const pipe = join(folder, 'pipe.flac');
    if (spawnSync('mkfifo', [pipe]).status !== 0) return;
    const reader = openTagReader({ fileTimeoutMs: 1_000 });
    onTestFinished(() => reader.stop());
    expect(await reader.read(pipe, false)).toBe('timed-out');
    expect(await reader.read(join(folder, 'good.flac'), false)).toMatchObject({ title: 'Good' });
  });

  it('a file that takes too much memory gets its reader killed', async () => {
    const folder = makeFolder('Album', { 'good.flac': flac(tags('Good', 1)) });
    // The child exceeds this limit by itself, because the test is about the check of its memory.
    const reader = openTagReader({ memoryBytesMax: 1 });
    onTestFinished(() => reader.stop());
    const pipe = join(folder, 'pipe.flac');
    if (process.platform !== 'linux' || spawnSync('mkfifo', [pipe]).status !== 0) return;
    expect(await reader.read(pipe, false)).toBe('too-large');
  });

  it('a slow folder ends at its time limit, and the remaining files are described by their names', async () => {
    const folder = makeFolder('Album', {
      '1 - A.flac': flac(tags('x', 1)),
      '2 - B.flac': flac(tags('y', 2)),
    });
    const { tracks, faults } = await releaseOf(folder, { folderTimeoutMs: 0 });
    expect(tracks.map(({ title }) => title)).toEqual(['A', 'B']);
    expect(faults.map(({ fault }) => fault)).toEqual(['not-reached', 'not-reached']);
  });

  it('a missing file is described by its name', async () => {
    const folder = makeFolder('Album', { '1 - A.flac': flac(tags('x', 1)) });
    const { metainfo } = await createTorrent(folder);
    const { tracks, faults } = await readRelease(metainfo, () => join(folder, 'gone.flac'));
    expect(tracks[0]).toMatchObject({ title: 'A', codec: undefined, lossless: undefined });
    expect(faults).toEqual([{ path: '1 - A.flac', fault: 'unreadable' }]);
  });
});

it('an aborted readRelease rejects at once', async () => {
  const folder = makeFolder('Album', { '1.flac': flac(tags('x', 1)) });
  await expect(releaseOf(folder, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow(
    'enough',
  );
});

describe('a cover', () => {
  it('the type of a cover is known by its bytes', () => {
    for (const [make, type] of [
      [jpeg, 'image/jpeg'],
      [png, 'image/png'],
      [webp, 'image/webp'],
    ] as const) {
      expect(coverImage(make(600, 400))).toMatchObject({ type });
      expect(coverImage(make(60_000, 60_000)), 'more pixels than a page can take').toBeUndefined();
      expect(coverImage(make(0, 400))).toBeUndefined();
    }
  });

  it('an SVG, a large picture or a truncated picture is not a cover', () => {
    expect(
      coverImage(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>')),
    ).toBeUndefined();
    expect(coverImage(Buffer.concat([png(10, 10), Buffer.alloc(coverBytesMax)]))).toBeUndefined();
    for (const make of [jpeg, png, webp]) {
      const whole = make(10, 10);
      for (let bytes = 0; bytes < 17; bytes++) expect(coverImage(whole.subarray(0, bytes))).toBeUndefined();
    }
  });
});

const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

it.skipIf(!hasFfmpeg).each([
  ['flac', [], { codec: 'flac', lossless: true }],
  ['mp3', [], { codec: 'mp3', lossless: false }],
  ['ogg', [], { codec: 'vorbis', lossless: false }],
  ['opus', [], { codec: 'opus', lossless: false }],
  ['m4a', [], { codec: 'aac', lossless: false }],
  ['m4a', ['-acodec', 'alac'], { codec: 'alac', lossless: true }],
  ['wv', [], { codec: 'wavpack', lossless: true }],
])('a %s file by ffmpeg is read completely (%j)', async (ending, codec, expected) => {
  const folder = makeFolder('Album', {});
  mkdirSync(folder, { recursive: true });
  const metadata = [
    'title=Tïtle 曲',
    'artist=Someone',
    'album=Thing',
    'track=3/9',
    'disc=2/2',
    'date=1999',
    'genre=Rock',
  ];
  const { status } = spawnSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'sine=duration=1', ...codec],
    ...metadata.flatMap((field) => ['-metadata', field]),
    join(folder, `x.${ending}`),
  ]);
  // This ffmpeg lacks the encoder.
  if (status !== 0) return;
  const { tracks, ...album } = await releaseOf(folder);
  expect(album).toMatchObject({ artist: 'Someone', album: 'Thing', year: 1999, genre: 'Rock' });
  expect(tracks[0]).toMatchObject({ title: 'Tïtle 曲', track: 3, disc: 2, artist: 'Someone', ...expected });
  expect(tracks[0]!.durationMs).toBeGreaterThan(900);
  expect(tracks[0]!.bitRate).toBeGreaterThan(1_000);
});
