import { appendFileSync, mkdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createTorrent } from '../../torrents/create/create.ts';
import { parseInfo } from '../../torrents/metainfo/metainfo.ts';
import { verifyTorrent } from '../../torrents/verify.ts';
import { makeFolder, noise } from './folder-fixture.ts';

const kib16 = 16384;
/** Three pieces: a is in the first two, b in the second, c in the second and third. */
const files = { a: noise(20_000, 1), b: noise(4_000, 2), c: noise(20_000, 3) };
const album = async () => {
  const folder = makeFolder('Album', files);
  return { folder, metainfo: (await createTorrent(folder, { format: 'v1', pieceLength: kib16 })).metainfo };
};

describe('a torrent with a hidden name is found', () => {
  test("a torrent with a hidden name is found under its publisher's name and under the name that Cicada gave it", async () => {
    const folder = makeFolder('.Album', files);
    const { metainfo } = await createTorrent(folder, { format: 'v1', pieceLength: kib16 });
    expect(metainfo.warnings.map(({ code }) => code)).toEqual(['name-hidden']);
    for (const where of [folder, dirname(folder)]) {
      expect(await verifyTorrent(metainfo, where)).toMatchObject({ ok: true });
    }
    const mapped = join(dirname(folder), '_Album');
    renameSync(folder, mapped);
    for (const where of [mapped, dirname(folder)]) {
      expect(await verifyTorrent(metainfo, where)).toMatchObject({ ok: true });
    }
  });

  test('a single file with a hidden name is found under both names, and the right one of two is used', async () => {
    const folder = makeFolder('Home', { '.profile': files.a });
    const at = join(folder, '.profile');
    const { metainfo } = await createTorrent(at, { format: 'v1', pieceLength: kib16 });
    for (const where of [at, folder])
      expect(await verifyTorrent(metainfo, where)).toMatchObject({ ok: true });
    writeFileSync(join(folder, '_profile'), 'another');
    expect(await verifyTorrent(metainfo, folder)).toMatchObject({ ok: true });
    renameSync(at, join(folder, '_profile'));
    expect(await verifyTorrent(metainfo, folder)).toMatchObject({ ok: true });
  });
});

describe('verifyTorrent', () => {
  test('a complete torrent is verified by its own folder or by the parent folder', async () => {
    const { folder, metainfo } = await album();
    for (const where of [folder, dirname(folder)]) {
      const result = await verifyTorrent(metainfo, where);
      expect(result).toMatchObject({ ok: true, pieces: 3, badPieces: [] });
      expect([...result.have]).toEqual([0b11100000]);
      expect(result.files.map((file) => file.ok)).toEqual([true, true, true]);
    }
  });

  test.each(['v2', 'hybrid'] as const)(
    '%s: a changed byte makes only one piece of its own file bad',
    async (format) => {
      const folder = makeFolder('Album', files);
      const { metainfo } = await createTorrent(folder, { format, pieceLength: kib16 });
      expect(await verifyTorrent(metainfo, folder)).toMatchObject({ ok: true, pieces: 5, badPieces: [] });
      const changed = files.c.slice();
      changed[0]! ^= 1;
      writeFileSync(join(folder, 'c'), changed);
      rmSync(join(folder, 'b'));
      const result = await verifyTorrent(metainfo, folder);
      expect(result.badPieces).toEqual([2, 3]);
      expect([...result.have]).toEqual([0b11001000]);
      expect(result.files.map((file) => [file.path, file.ok, file.missing, file.badPieces])).toEqual([
        ['a', true, false, 0],
        ['b', false, true, 1],
        ['c', false, false, 1],
      ]);
    },
  );

  test('a hybrid torrent has to match both its v1 and its v2 hashes', async () => {
    const folder = makeFolder('Album', files);
    const { metainfo } = await createTorrent(folder, { format: 'hybrid', pieceLength: kib16 });
    const pieceHashes = metainfo.pieceHashes.slice();
    const pieceRoots = metainfo.pieceRoots!.slice();
    pieceHashes[0]! ^= 1;
    pieceRoots[32]! ^= 1;
    const result = await verifyTorrent({ ...metainfo, pieceHashes, pieceRoots }, folder);
    expect(result.badPieces).toEqual([0, 1]);
  });

  test('v2 metadata from peers cannot be verified before its piece layers are known', async () => {
    const folder = makeFolder('Album', files);
    const { metainfo } = await createTorrent(folder, { format: 'v2' });
    await expect(verifyTorrent(parseInfo(metainfo.infoBytes), folder)).rejects.toMatchObject({
      code: 'verify-no-hashes',
    });
  });

  test('a renamed folder is recognised by the files in it', async () => {
    const { folder, metainfo } = await album();
    const renamed = join(dirname(folder), 'Other');
    renameSync(folder, renamed);
    expect((await verifyTorrent(metainfo, renamed)).ok).toBe(true);
  });

  test('a folder that contains a folder of its own name is not confused with it', async () => {
    const folder = makeFolder('Album', { 'Album/x.flac': 5, 'y.flac': 6 });
    const { metainfo } = await createTorrent(folder);
    for (const where of [folder, dirname(folder)])
      expect((await verifyTorrent(metainfo, where)).ok).toBe(true);
  });

  test('a changed byte makes one piece bad, and every file in that piece', async () => {
    const { folder, metainfo } = await album();
    const changed = files.b.slice();
    changed[0]! ^= 1;
    writeFileSync(join(folder, 'b'), changed);
    const result = await verifyTorrent(metainfo, folder);
    expect(result.ok).toBe(false);
    expect(result.badPieces).toEqual([1]);
    expect([...result.have]).toEqual([0b10100000]);
    expect(result.files.map((file) => [file.path, file.ok, file.badPieces])).toEqual([
      ['a', false, 1],
      ['b', false, 1],
      ['c', false, 1],
    ]);
  });

  test('missing files, short files and long files are told apart', async () => {
    const { folder, metainfo } = await album();
    rmSync(join(folder, 'a'));
    truncateSync(join(folder, 'c'), 19_999);
    appendFileSync(join(folder, 'b'), 'x');
    const result = await verifyTorrent(metainfo, folder);
    expect(result.badPieces).toEqual([0, 1, 2]);
    expect(result.files).toMatchObject([
      { missing: true, tooShort: false, tooLong: false },
      { missing: false, tooShort: false, tooLong: true },
      { missing: false, tooShort: true, tooLong: false },
    ]);
  });

  test('a file that is too long has good pieces, but the file is not ok', async () => {
    const { folder, metainfo } = await album();
    appendFileSync(join(folder, 'c'), 'x');
    const result = await verifyTorrent(metainfo, folder);
    expect(result.badPieces).toEqual([]);
    expect(result.ok).toBe(false);
  });

  test('part files are read in their place', async () => {
    const { folder, metainfo } = await album();
    renameSync(join(folder, 'a'), join(folder, 'a.part'));
    truncateSync(join(folder, 'a.part'), 17_000);
    const paths = metainfo.files.map((file) =>
      join(dirname(folder), ...(file.index === 0 ? metainfo.layout.partPath(0) : file.diskPath)),
    );
    const result = await verifyTorrent(metainfo, (file) => paths[file.index]);
    expect([...result.have]).toEqual([0b10100000]);
    expect(result.files[0]).toMatchObject({ missing: false, tooShort: true, diskPath: paths[0] });
  });

  test('a file that is not on the disk does not count as zeros', async () => {
    const folder = makeFolder('Album', { a: new Uint8Array(40_000), b: 1 });
    const { metainfo } = await createTorrent(folder, { format: 'v1', pieceLength: kib16 });
    const result = await verifyTorrent(metainfo, () => undefined);
    expect(result.badPieces).toEqual([0, 1, 2]);
    rmSync(join(folder, 'a'));
    expect((await verifyTorrent(metainfo, folder)).badPieces).toEqual([0, 1, 2]);
  });

  test('a folder in the place of a file counts as a missing file', async () => {
    const { folder, metainfo } = await album();
    rmSync(join(folder, 'b'));
    mkdirSync(join(folder, 'b'));
    expect((await verifyTorrent(metainfo, folder)).files[1]).toMatchObject({ ok: false, missing: true });
  });

  test('a single file is found by its path under any name, or by its name in a folder', async () => {
    const folder = makeFolder('Album', { 'a.mp3': noise(50_000) });
    const { metainfo } = await createTorrent(join(folder, 'a.mp3'));
    expect((await verifyTorrent(metainfo, folder)).ok).toBe(true);
    renameSync(join(folder, 'a.mp3'), join(folder, 'b.mp3'));
    expect((await verifyTorrent(metainfo, join(folder, 'b.mp3'))).ok).toBe(true);
    expect((await verifyTorrent(metainfo, folder)).files[0]).toMatchObject({ missing: true });
  });

  test('a wrong path causes one clear error', async () => {
    const { folder, metainfo } = await album();
    await expect(verifyTorrent(metainfo, join(folder, 'nothing'))).rejects.toMatchObject({
      code: 'verify-path-missing',
    });
    await expect(verifyTorrent(metainfo, join(folder, 'a'))).rejects.toMatchObject({
      code: 'verify-not-a-folder',
    });
  });

  test('pad files count as zeros, and are not needed on the disk', async () => {
    const { folder, metainfo } = await album();
    const padded = metainfo.files.map((file) => ({ ...file, isPad: file.index === 1 }));
    const result = await verifyTorrent({ ...metainfo, files: padded }, folder);
    expect(result.files.map((file) => file.path)).toEqual(['a', 'c']);
    expect(result.badPieces).toEqual([1]);
  });
});
