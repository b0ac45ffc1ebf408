import { describe, expect, test } from 'vitest';
import { findAlbums } from '../../../torrents/create/albums.ts';
import { createTorrent, planTorrent } from '../../../torrents/create/create.ts';
import { makeFolder } from '../folder-fixture.ts';

const albumsOf = async (files: string[]) => {
  const folder = makeFolder('Music', Object.fromEntries(files.map((file) => [file, 1])));
  const { albums, leftOut } = await findAlbums(folder);
  const found: Record<string, string[]> = {};
  for (const album of albums) {
    const plan = await planTorrent(album.path, { wanted: album.wanted, format: 'v1' });
    found[album.path.slice(folder.length + 1)] = plan.files.map((file) => file.components.join('/'));
  }
  return { found, leftOut: leftOut.map((path) => path.slice(folder.length + 1)) };
};

describe('findAlbums', () => {
  test('a folder with audio files is an album, with everything in it', async () => {
    const { found, leftOut } = await albumsOf([
      'A/X/1.flac',
      'A/X/cover.jpg',
      'A/Y/1.mp3',
      'A/Y/Scans/1.png',
      'A/notes.txt',
    ]);
    expect(found).toEqual({ 'A/X': ['1.flac', 'cover.jpg'], 'A/Y': ['1.mp3', 'Scans/1.png'] });
    expect(leftOut).toEqual(['A/notes.txt']);
  });

  test.each(['CD1', 'CD 2 - Live', 'Disc II', 'disk_03', 'LP A', 'Диск 1', 'cd.10'])(
    'the disc folder %s belongs to the album in its parent folder',
    async (disc) => {
      expect((await albumsOf([`X/${disc}/1.flac`])).found).toEqual({ X: [`${disc}/1.flac`] });
    },
  );

  test.each(['CDs', 'Disco', 'Discovery', 'Sideways', 'Tape Loops', 'CD Singles'])(
    'the folder %s is an album of its own',
    async (name) => {
      expect(Object.keys((await albumsOf([`X/${name}/1.flac`])).found)).toEqual([`X/${name}`]);
    },
  );

  test("an album inside another album's folder is an album of its own, and no file is in two torrents", async () => {
    const { found } = await albumsOf(['X/1.flac', 'X/Bonus/1.flac', 'X/Bonus/Art/1.png', 'X/CD2/1.flac']);
    expect(found).toEqual({ X: ['1.flac', 'CD2/1.flac'], 'X/Bonus': ['1.flac', 'Art/1.png'] });
  });

  test.each([
    ['X', 'X (CD1)', 'X (CD2)'],
    ['Ava - X (1999)', 'X - Disc 1', 'X - Disc 2'],
    ['X', 'Ava - X [Disc One] [FLAC]', 'Ava - X [Disc Two] [FLAC]'],
    ['Ava - X 1999 2CD', 'Ava - X CD1', 'Ava - X CD2'],
    ['Видели ночь', 'Кино - Видели ночь (Диск 1)', 'Кино - Видели ночь (Диск 2)'],
  ])(
    'in a folder with the name of their album (%s), the discs %s and %s are one album',
    async (album, one, two) => {
      const { found } = await albumsOf([
        `${album}/${one}/1.flac`,
        `${album}/${two}/1.flac`,
        `${album}/${two}/Scans/1.png`,
        `${album}/cover.jpg`,
        `${album}/Bonus/1.flac`,
      ]);
      const discs = [`${one}/1.flac`, `${two}/1.flac`, `${two}/Scans/1.png`, 'cover.jpg'];
      expect(found[album]?.toSorted()).toEqual(discs.toSorted());
      expect(found[`${album}/Bonus`]).toEqual(['1.flac']);
    },
  );

  test("an artist may have the name of an album with several discs, and the artist's other albums stay separate", async () => {
    const { found } = await albumsOf(['Low/Low (CD1)/1.flac', 'Low/Low (CD2)/1.flac', 'Low/Trust/1.flac']);
    expect(found).toEqual({ Low: ['Low (CD1)/1.flac', 'Low (CD2)/1.flac'], 'Low/Trust': ['1.flac'] });
  });

  test.each([
    [['Ava/X (CD1)', 'Ava/X (CD2)']],
    [['Ava/X - Disc 1', 'Ava/X - Disc 2', 'Ava/Y']],
    [['X and Y/X (CD1)', 'X and Y/X (CD2)', 'X and Y/Y (CD1)']],
    [['Mix/Mix Tape 1', 'Mix/Mix Tape 2']],
    [['Xyz/X (CD1)', 'Xyz/X (CD2)']],
  ])('discs in a folder without the name of their album are an album each: %j', async (folders) => {
    const { found } = await albumsOf(folders.map((folder) => `${folder}/1.flac`));
    expect(Object.keys(found)).toEqual(folders);
  });

  test("the discs in the given folder are one album if the folder has the album's name", async () => {
    const folder = makeFolder('X', { 'X (CD1)/1.flac': 1, 'X (CD2)/1.flac': 1 });
    expect((await findAlbums(folder)).albums.map(({ path }) => path)).toEqual([folder]);
  });

  test('the given folder itself may be the album', async () => {
    expect(Object.keys((await albumsOf(['CD1/1.flac', 'CD2/1.flac'])).found)).toEqual(['']);
  });
});

describe('planTorrent', () => {
  test('planTorrent describes the future torrent without reading file contents', async () => {
    const folder = makeFolder('X', { '2.flac': 40_000, '10.flac': 20_000, '.hidden': 1 });
    const plan = await planTorrent(folder, { format: 'hybrid', pieceLength: 16_384 });
    expect(plan).toMatchObject({ name: 'X', bytes: 60_000, pieceCount: 5, pieceLength: 16_384 });
    expect(plan.files.map((file) => file.components.join('/'))).toEqual([
      '10.flac',
      '.pad/12768',
      '2.flac',
      '.pad/9152',
    ]);
    expect(plan.skipped.map((entry) => entry.reason)).toEqual(['hidden']);
  });

  test("planTorrent refuses a tree that Cicada's own reader would refuse as too deep", async () => {
    const deep = (depth: number) => makeFolder('X', { [`${'d/'.repeat(depth - 1)}a`]: 1 });
    await expect(planTorrent(deep(97), { format: 'v2' })).rejects.toMatchObject({ code: 'create-too-deep' });
    for (const format of ['v2', 'hybrid'] as const) await createTorrent(deep(96), { format });
    await createTorrent(deep(100), { format: 'v1' });
    await expect(planTorrent(deep(101), { format: 'v1' })).rejects.toMatchObject({ code: 'create-too-deep' });
  });

  test.each([
    ['create-url', { trackers: [['no address']] }],
    ['create-url', { webSeeds: [''] }],
    ['create-text', { comment: '\ud800' }],
  ])('planTorrent fails with %s for invalid options', async (code, options) => {
    await expect(planTorrent(makeFolder('X', { a: 1 }), options)).rejects.toMatchObject({ code });
  });
});
