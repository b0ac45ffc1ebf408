import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createTorrent, writeTorrentFile } from '../../../torrents/create/create.ts';
import { choosePieceLength, suggestedPieceLength } from '../../../torrents/piece-length.ts';
import { makeFolder, noise } from '../folder-fixture.ts';

const kib16 = 16384;
/** SHA-1 hashes of all pieces, computed without the code under test. */
const piecesOf = (bytes: Uint8Array, pieceLength: number) => {
  const digests: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceLength) {
    digests.push(
      createHash('sha1')
        .update(bytes.subarray(at, at + pieceLength))
        .digest(),
    );
  }
  return Buffer.concat(digests);
};
const paths = (files: readonly { components: readonly string[] }[]) =>
  files.map((file) => file.components.join('/'));

describe('createTorrent', () => {
  test('a v1 torrent hashes its files as one run of bytes, in natural order', async () => {
    const folder = makeFolder('Album', {
      '10 c.flac': noise(40_000, 3),
      '2 b.flac': noise(100_000, 2),
      'CD 1/1.flac': noise(5, 4),
      'empty.txt': '',
      '1 a.flac': noise(70_001, 1),
    });
    const options = { format: 'v1', pieceLength: kib16 } as const;
    const { metainfo, bytes, skipped } = await createTorrent(folder, options);
    expect(paths(metainfo.files)).toEqual(['1 a.flac', '2 b.flac', '10 c.flac', 'CD 1/1.flac', 'empty.txt']);
    const all = Buffer.concat([noise(70_001, 1), noise(100_000, 2), noise(40_000, 3), noise(5, 4)]);
    expect(Buffer.from(metainfo.pieceHashes)).toEqual(piecesOf(all, kib16));
    expect(metainfo.name).toBe('Album');
    expect(skipped).toEqual([]);
    expect((await createTorrent(folder, options)).bytes).toEqual(bytes);
  });

  test('a torrent of a single file has the name of the file', async () => {
    const folder = makeFolder('Album', { 'song.mp3': noise(200_000) });
    const { metainfo } = await createTorrent(join(folder, 'song.mp3'));
    expect(metainfo.layout.isSingleFile).toBe(true);
    expect(metainfo.name).toBe('song.mp3');
    expect(Buffer.from(metainfo.pieceHashes)).toEqual(piecesOf(noise(200_000), metainfo.pieceLength));
  });

  test('several threads and many extents give the same hashes as one thread', async () => {
    const folder = makeFolder('Album', { a: noise(9_000_000, 1), b: noise(12_345_678, 2), c: noise(1, 3) });
    const all = Buffer.concat([noise(9_000_000, 1), noise(12_345_678, 2), noise(1, 3)]);
    for (const threads of [1, 4]) {
      const { metainfo } = await createTorrent(folder, { format: 'v1', pieceLength: 65536 }, { threads });
      expect(Buffer.from(metainfo.pieceHashes).equals(piecesOf(all, 65536))).toBe(true);
    }
  });

  test.each(['v1', 'v2', 'hybrid'] as const)(
    '%s: both hashing back ends give the same torrent for any file sizes',
    async (format) => {
      const sizes = [1, 16_383, 16_384, 65_535, 65_536, 65_537, 131_073, 1_000_000, 3_000_001];
      const folder = makeFolder('Album', Object.fromEntries(sizes.map((size) => [String(size), size])));
      for (const pieceLength of [16_384, 65_536, 1_048_576]) {
        const openssl = await createTorrent(folder, { format, pieceLength }, { backend: 'openssl' });
        const simd = await createTorrent(folder, { format, pieceLength }, { backend: 'simd' });
        expect(Buffer.compare(openssl.bytes, simd.bytes)).toBe(0);
        expect(openssl.metainfo.format).toBe(format);
      }
    },
  );

  test('junk, hidden files and symbolic links are left out and listed with the reason', async () => {
    const folder = makeFolder('Album', {
      'a.flac': 10,
      '.DS_Store': 1,
      'Thumbs.db': 1,
      '.hidden/x': 1,
      '._a.flac': 1,
      'b.part': 1,
    });
    symlinkSync('a.flac', join(folder, 'link'));
    const { metainfo, skipped } = await createTorrent(folder);
    expect(paths(metainfo.files)).toEqual(['a.flac']);
    expect(skipped.map(({ path, reason }) => `${path.slice(folder.length + 1)}: ${reason}`).sort()).toEqual([
      '.DS_Store: junk',
      '._a.flac: junk',
      '.hidden: hidden',
      'Thumbs.db: junk',
      'b.part: junk',
      'link: symbolic-link',
    ]);
    const all = await createTorrent(folder, { includeHidden: true, includeJunk: true });
    expect(paths(all.metainfo.files)).toContain('.hidden/x');
    expect(paths(all.metainfo.files)).toContain('Thumbs.db');
  });

  test('symbolic links are followed on request, but never out of the folder or in a loop', async () => {
    const folder = makeFolder('Album', { 'a/x.flac': 10 });
    symlinkSync('a', join(folder, 'b'));
    symlinkSync('..', join(folder, 'a/up'));
    symlinkSync('/etc/hostname', join(folder, 'out'));
    symlinkSync('nowhere', join(folder, 'broken'));
    const { metainfo, skipped } = await createTorrent(folder, { format: 'v1', followSymlinks: true });
    expect(paths(metainfo.files)).toEqual(['a/x.flac', 'b/x.flac']);
    expect(skipped.map((entry) => entry.reason).sort()).toEqual([
      'link-leads-out',
      'link-leads-out',
      'link-loop',
      'link-loop',
    ]);
  });

  test('unusual but valid file names stay unchanged', async () => {
    const names = [
      'Icon\r',
      'foo... bar',
      'trailing. ',
      '👩‍❤️‍👨.flac',
      '椎名林檎.flac',
      'Кино.flac',
      'שלום\u200e.flac',
      'AC\\DC',
    ];
    const folder = makeFolder('Album', Object.fromEntries(names.map((name) => [name, 1])));
    const { metainfo } = await createTorrent(folder, { format: 'v1' });
    expect(paths(metainfo.files).sort()).toEqual([...names].sort());
  });

  test.each([
    ['create-nothing', {}, {}],
    ['create-name', { a: 1 }, { name: '..' }],
    ['create-name', { a: 1 }, { name: '' }],
    ['create-piece-length', { a: 1 }, { pieceLength: 8192 }],
    ['create-piece-length', { a: 1 }, { pieceLength: 48 * 1024 }],
    ['create-piece-length', { a: 1 }, { pieceLength: 2 ** 25 }],
  ])('createTorrent fails with %s: files %j, options %j', async (code, files, options) => {
    await expect(createTorrent(makeFolder('Album', files), options)).rejects.toMatchObject({ code });
  });

  test.each(['v1', 'v2', 'hybrid'] as const)('a %s torrent of empty files has no pieces', async (format) => {
    const { metainfo } = await createTorrent(makeFolder('Album', { a: '', 'b/c': '' }), { format });
    expect(metainfo).toMatchObject({ format, bytes: 0, geometry: { pieceCount: 0 } });
    expect(metainfo.files.map((file) => [file.components.join('/'), file.bytes])).toEqual([
      ['a', 0],
      ['b/c', 0],
    ]);
  });

  test('an error for a missing path names the path', async () => {
    const path = join(makeFolder('x', {}), 'nothing');
    await expect(createTorrent(path)).rejects.toMatchObject({ code: 'file-missing', path });
  });

  test('a name that is not UTF-8 is refused before hashing', async () => {
    const folder = makeFolder('Album', { a: 1 });
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xff)]), 'x');
    await expect(createTorrent(folder)).rejects.toMatchObject({ code: 'create-name-not-utf8' });
  });

  test('a file that changes while it is read causes an error that names it', async () => {
    const folder = makeFolder('Album', { a: 30_000_000, b: 30_000_000 });
    const wanted = (components: readonly string[]) => {
      // When this runs, both files have been scanned and neither has been read.
      if (components[0] === 'b') setImmediate(() => appendFileSync(join(folder, 'b'), 'x'));
      return true;
    };
    const creating = createTorrent(folder, { wanted });
    await expect(creating).rejects.toMatchObject({ code: 'file-changed', path: join(folder, 'b') });
  });

  test('an aborted createTorrent rejects with the reason of the signal', async () => {
    const folder = makeFolder('Album', { a: 30_000_000 });
    const controller = new AbortController();
    const wanted = () => {
      setImmediate(() => controller.abort('enough'));
      return true;
    };
    const creating = createTorrent(folder, { wanted }, controller);
    await expect(creating).rejects.toBe('enough');
  });

  test('progress is reported, and the last report is the complete size', async () => {
    const folder = makeFolder('Album', { a: 3_000_000 });
    let last = { bytes: 0, totalBytes: 0 };
    await createTorrent(folder, {}, { onProgress: (progress) => (last = progress) });
    expect(last).toMatchObject({ bytes: 3_000_000, totalBytes: 3_000_000, etaSeconds: 0 });
  });
});

test('suggested piece lengths are between 16 KiB and 16 MiB', () => {
  expect([0, 1, 2 ** 20, 2 ** 30, 2 ** 36, 2 ** 42, 2 ** 52].map(suggestedPieceLength)).toEqual([
    2 ** 14,
    2 ** 14,
    2 ** 14,
    2 ** 20,
    2 ** 24,
    2 ** 24,
    2 ** 24,
  ]);
});

test('pieces get shorter if pad files would add more than an eighth to the content', () => {
  const album = Array.from({ length: 12 }, () => 30_000_000);
  expect(['v1', 'v2', 'hybrid'].map((format) => choosePieceLength(format as 'v1', album))).toEqual([
    2 ** 18,
    2 ** 18,
    2 ** 18,
  ]);
  const small = Array.from({ length: 10_000 }, () => 100_000);
  expect(['v1', 'hybrid'].map((format) => choosePieceLength(format as 'v1', small))).toEqual([
    2 ** 20,
    2 ** 14,
  ]);
  const tiny = Array.from({ length: 100_000 }, () => 1);
  expect(choosePieceLength('v2', tiny)).toBe(2 ** 14);
});

describe('writeTorrentFile', () => {
  test('writeTorrentFile replaces a file only with `force`, and leaves no temporary file behind', async () => {
    const path = join(makeFolder('out', {}), 'a.torrent');
    await writeTorrentFile(path, noise(10, 1));
    await expect(writeTorrentFile(path, noise(10, 2))).rejects.toMatchObject({ code: 'exists', path });
    expect(new Uint8Array(readFileSync(path))).toEqual(noise(10, 1));
    await writeTorrentFile(path, noise(10, 2), { force: true });
    expect(new Uint8Array(readFileSync(path))).toEqual(noise(10, 2));
    expect(readdirSync(dirname(path))).toEqual(['a.torrent']);
  });

  test('writeTorrentFile reports a missing folder as a clear error', async () => {
    const path = join(makeFolder('out', {}), 'no', 'a.torrent');
    await expect(writeTorrentFile(path, noise(1))).rejects.toMatchObject({ code: 'create-write' });
  });
});
