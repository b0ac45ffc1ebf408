import { copyFileSync, linkSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CreateOptions, createTorrent, writeTorrentFile } from '../../../torrents/create/create.ts';
import { makeFolder, noise } from '../folder-fixture.ts';

const pathsIn = (files: readonly { components: readonly string[] }[]) =>
  files.map(({ components }) => components.join('/'));
const create = (folder: string, options: CreateOptions = {}) =>
  createTorrent(folder, { format: 'v2', ...options });

describe('a torrent of a folder that lies in it', () => {
  it.each([
    ['Album', 'Album.torrent'],
    ['Album', 'backup of last year.TORRENT'],
    ['Dvořák – Č. 9', 'Dvořák – Č. 9.torrent'],
    ['+44', 'index.torrent'],
  ])(
    "a folder's own torrent is left out and listed: a new torrent of %s stays the same (%s)",
    async (name, file) => {
      const folder = makeFolder(name, { '1.flac': noise(20_000), 'sub/2.flac': noise(30_000) });
      const first = await create(folder);
      const at = join(folder, file);
      await writeTorrentFile(at, first.bytes);
      const again = await create(folder, { target: at });
      expect(again.bytes).toEqual(first.bytes);
      expect(again.skipped).toEqual([{ path: at, reason: 'own-torrent' }]);
    },
  );

  it("a folder's own torrent is left out if it has the name that the new torrent is given", async () => {
    const folder = makeFolder('tmp.x', { '1.flac': noise(20_000) });
    const { bytes } = await create(folder, { name: 'Real Name' });
    writeFileSync(join(folder, 'a.torrent'), bytes);
    expect(pathsIn((await create(folder, { name: 'Real Name' })).plan.files)).toEqual(['1.flac']);
  });

  it("a folder's own torrent is left out if its name differs only in Unicode normalization form", async () => {
    const folder = makeFolder('Cafe\u0301', { '1.flac': noise(20_000) });
    writeFileSync(join(folder, 'a.torrent'), (await create(folder, { name: 'Caf\u00e9' })).bytes);
    expect(pathsIn((await create(folder)).plan.files)).toEqual(['1.flac']);
  });
});

describe('other torrent files in a folder', () => {
  it('other torrent files are content: of another folder, in a subfolder, or not valid torrents', async () => {
    const other = await create(makeFolder('Other', { 'a.flac': noise(20_000) }));
    const album = await create(makeFolder('Album', { 'a.flac': noise(20_000) }));
    const folder = makeFolder('Album', {
      'other.torrent': other.bytes,
      'below/Album.torrent': album.bytes,
      'Album.torrent.bak': album.bytes,
      'Album.torrent': 'not a torrent',
      'empty.torrent': '',
    });
    expect((await create(folder)).skipped).toEqual([]);
  });

  it('a torrent file may be shared alone', async () => {
    const folder = makeFolder('Album', { 'a.flac': noise(20_000) });
    const at = join(folder, 'a.flac.torrent');
    await writeTorrentFile(at, (await create(join(folder, 'a.flac'))).bytes);
    expect(pathsIn((await create(at)).plan.files)).toEqual(['a.flac.torrent']);
  });
});

describe('the file that a torrent is written to', () => {
  it('a torrent is never written over a file of its own content, by any path to it', async () => {
    const folder = makeFolder('Album', { '1.flac': noise(20_000), 'sub/2.flac': noise(30_000) });
    linkSync(join(folder, 'sub/2.flac'), join(folder, '../elsewhere'));
    for (const target of ['1.flac', 'sub/2.flac', 'sub/../1.flac', '../elsewhere']) {
      const made = create(folder, { target: join(folder, target) });
      await expect(made).rejects.toMatchObject({ code: 'create-over-content' });
    }
    const one = join(folder, '1.flac');
    await expect(create(one, { target: one })).rejects.toMatchObject({ code: 'create-over-content' });
  });

  it('a torrent may be written over a left-out file or an identical copy of a file, or to a new path', async () => {
    const folder = makeFolder('Album', { '1.flac': noise(20_000), 'a.part': noise(10) });
    const copy = join(folder, '../copy');
    copyFileSync(join(folder, '1.flac'), copy);
    renameSync(copy, `${copy}.flac`);
    expect(statSync(`${copy}.flac`).size).toBe(20_000);
    for (const target of [join(folder, 'a.part'), `${copy}.flac`, join(folder, 'new.torrent')])
      expect((await create(folder, { target })).plan.bytes).toBe(20_000);
    expect(readFileSync(join(folder, '1.flac'))).toHaveLength(20_000);
  });
});
