/** Finding the content of a torrent in a music folder. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ContentFinder } from '../../../client/session/shares/content-finder.ts';
import { createTorrent } from '../../../torrents/create/create.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { temporaryFolder } from '../../cli/run-cicada.ts';

let place: string;
beforeEach(() => {
  place = temporaryFolder();
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(place, 'Music', path)), { recursive: true });
  writeFileSync(join(place, 'Music', path), text);
}

async function album(path: string, files: readonly string[] = ['1.flac']): Promise<Metainfo> {
  for (const file of files) write(join(path, file), 'x');
  return await torrentOf(path);
}

async function torrentOf(path: string): Promise<Metainfo> {
  return (await createTorrent(join(place, 'Music', path))).metainfo;
}

describe('ContentFinder', () => {
  const open = (metainfo: Metainfo, folder = 'Music') =>
    ContentFinder.open(join(place, folder), [metainfo], new AbortController().signal);
  const find = async (metainfo: Metainfo) => (await open(metainfo)).find(metainfo);

  it('a folder is found whose accents the disk stores in another normal form', async () => {
    const metainfo = await album('Bébé'.normalize('NFC'));
    renameSync(join(place, 'Music', 'Bébé'.normalize('NFC')), join(place, 'Music', 'Bébé'.normalize('NFD')));
    expect(await find(metainfo)).toEqual([join(place, 'Music', 'Bébé'.normalize('NFD'))]);
  });

  it('the music folder itself can be the content', async () => {
    const metainfo = await album('');
    expect(await find(metainfo)).toEqual([join(place, 'Music')]);
  });

  it('a file is not taken for a folder, nor a folder for a file', async () => {
    const folder = await album('Name');
    rmSync(join(place, 'Music/Name'), { recursive: true });
    write('Name', 'x');
    expect(await find(folder)).toEqual([]);
    const file = await torrentOf('Name');
    rmSync(join(place, 'Music/Name'));
    write('Name/Name', 'x');
    expect(await find(file)).toEqual([join(place, 'Music/Name/Name')]);
  });

  it('the nearest place is the one with the most files, when no place has all', async () => {
    const metainfo = await album('A/Hits', ['1.flac', '2.flac', '3.flac']);
    await album('B/Hits', ['1.flac']);
    rmSync(join(place, 'Music/A/Hits/3.flac'));
    write('A/Hits/2.flac', 'another size');
    expect((await open(metainfo)).nearest(metainfo)).toMatchObject({ missing: 2, files: 3 });
    write('A/Hits/2.flac', 'x');
    const best = { place: join(place, 'Music/A/Hits'), missing: 1, files: 3 };
    expect((await open(metainfo)).nearest(metainfo)).toEqual(best);
    rmSync(join(place, 'Music'), { recursive: true });
    mkdirSync(join(place, 'Music'));
    expect((await open(metainfo)).nearest(metainfo)).toBeUndefined();
  });

  it('a music folder that cannot be read throws not-found', async () => {
    const metainfo = await album('Name');
    await expect(open(metainfo, 'Nowhere')).rejects.toMatchObject({
      code: 'not-found',
      name: 'SessionError',
    });
  });
});
