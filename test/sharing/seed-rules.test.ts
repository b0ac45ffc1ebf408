import { renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkSeed, secretNames } from '../../client/sharing/seed-rules.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import { makeFolder } from '../torrents/folder-fixture.ts';

/** Makes a torrent of these files. Returns it with its folder and the folder around it. */
async function made(files: Record<string, string | number>, name = 'album') {
  const place = makeFolder(
    'place',
    Object.fromEntries(Object.entries(files).map(([file, is]) => [`${name}/${file}`, is])),
  );
  const folder = path.join(place, name);
  const { metainfo } = await createTorrent(folder, { includeHidden: true }, { threads: 1 });
  return { place, folder, metainfo };
}

describe('a torrent that is to be seeded', () => {
  it('a torrent may be seeded by its own folder or by the folder around it', async () => {
    const { metainfo, folder, place } = await made({ '1.flac': 10, 'CD2/2.flac': 10 });
    expect(await checkSeed(metainfo, folder)).toEqual([]);
    expect(await checkSeed(metainfo, place)).toEqual([]);
  });

  it("the rules apply to the torrent's own folder, not to the folder around it", async () => {
    const { metainfo, place } = await made({ '1.flac': 10 });
    expect(await checkSeed(metainfo, place, { home: place })).toEqual([]);
    await expect(checkSeed(metainfo, place, { home: path.join(place, 'album') })).rejects.toMatchObject({
      code: 'share-whole-home',
    });
  });

  it('a torrent in a hidden folder is refused, also behind a link', async () => {
    const { metainfo, folder, place } = await made({ '1.flac': 10, '2.flac': 10 });
    renameSync(folder, path.join(place, '.album'));
    symlinkSync(path.join(place, '.album'), folder);
    for (const at of [place, folder, path.join(place, '.album')])
      await expect(checkSeed(metainfo, at)).rejects.toMatchObject({ code: 'share-hidden' });
  });

  it('a torrent with a file that is a link into a hidden folder is refused, and a link elsewhere is allowed', async () => {
    const { metainfo, folder, place } = await made({ '1.flac': 10, 'CD2/2.flac': 10 });
    const other = makeFolder('disk', { 'a.flac': 10, '.b/a.flac': 10 });
    rmSync(path.join(folder, '1.flac'));
    symlinkSync(path.join(other, 'a.flac'), path.join(folder, '1.flac'));
    expect(await checkSeed(metainfo, place)).toEqual([]);
    renameSync(path.join(folder, 'CD2'), path.join(other, '.b', 'CD2'));
    symlinkSync(path.join(other, '.b', 'CD2'), path.join(folder, 'CD2'));
    await expect(checkSeed(metainfo, place)).rejects.toMatchObject({
      code: 'share-hidden',
      path: path.join(folder, 'CD2', '2.flac'),
    });
  });

  it("secret files are found by their name in the torrent, by the name of a link's target, and by their content", async () => {
    const key = '-----BEGIN PRIVATE KEY-----\nx\n';
    const { metainfo, folder } = await made({
      'x/id_rsa': 'x',
      'notes.txt': key,
      '3.flac': 10,
      '4.flac': 10,
    });
    const other = makeFolder('other', { 'passwords.kdbx': 'x' });
    rmSync(path.join(folder, '3.flac'));
    symlinkSync(path.join(other, 'passwords.kdbx'), path.join(folder, '3.flac'));
    const found = await checkSeed(metainfo, folder);
    expect(found.map((file) => `${file.path}: ${file.looksLike}`).sort()).toEqual([
      '3.flac: a store of passwords',
      'notes.txt: a private key',
      'x/id_rsa: a key of ssh',
    ]);
    expect(secretNames(metainfo)).toEqual([{ path: 'x/id_rsa', looksLike: 'a key of ssh' }]);
  });

  it('single-file torrents follow the same rules', async () => {
    const place = makeFolder('place', { id_rsa: 'x', '.hidden/song.flac': 'x' });
    const key = await createTorrent(path.join(place, 'id_rsa'), {}, { threads: 1 });
    expect(await checkSeed(key.metainfo, path.join(place, 'id_rsa'))).toHaveLength(1);
    expect(await checkSeed(key.metainfo, place)).toHaveLength(1);
    const song = await createTorrent(path.join(place, '.hidden/song.flac'), {}, { threads: 1 });
    await expect(checkSeed(song.metainfo, path.join(place, '.hidden'))).rejects.toMatchObject({
      code: 'share-hidden',
    });
  });

  it('files that do not exist are not refused by these rules', async () => {
    const { metainfo, folder, place } = await made({ '1.flac': 10 });
    rmSync(folder, { recursive: true });
    expect(await checkSeed(metainfo, place)).toEqual([]);
    await expect(checkSeed(metainfo, folder)).rejects.toMatchObject({ code: 'verify-path-missing' });
  });
});
