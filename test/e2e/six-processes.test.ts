/**
 * A whole swarm in six processes: `cicada create`, `cicada tracker`, three `cicada seed` and one `cicada
 * download` move 300 MiB. They share only what users would pass on.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Children, cicada, type Document } from './child.ts';
import { differenceOf, TemporaryFolder, writeAlbum } from './shared-folder.ts';

const albumBytes = 300 * 1024 * 1024;

let temporary: TemporaryFolder;
let album: string;
beforeAll(() => {
  temporary = new TemporaryFolder();
  album = temporary.in('Album');
  writeAlbum(album, albumBytes, 14);
});
afterAll(() => temporary[Symbol.dispose]());

/** Resolves once the tracker runs and all seeders have announced to it. */
async function openSwarm(children: Children, name: string, uploadLimit: string) {
  const tracker = children.add(cicada(['tracker', '--listen', '127.0.0.1:0']));
  const { announce } = await tracker.event('listening');
  const torrent = temporary.in(`${name}.torrent`);
  const create = children.add(cicada(['create', album, '-a', String(announce), '-o', torrent]));
  await create.success();
  const seeders = [1, 2, 3].map(() =>
    children.add(cicada(['seed', torrent, album, '--port', '0', '--upload-limit', uploadLimit])),
  );
  await Promise.all(seeders.map((seeder) => seeder.event('tracker-answered')));
  const out = temporary.in(name);
  const download = children.add(cicada(['download', torrent, '-o', out, '--port', '0']));
  return { seeders, download, copy: join(out, 'Album') };
}

it('six processes move 300 MiB, every seeder serves part of it, and the copy is identical', async () => {
  await using children = new Children();
  const { seeders, download, copy } = await openSwarm(children, 'three', '80MiB/s');
  const done = await download.event('done');
  await download.success();
  const given = await Promise.all(
    seeders.map(async (seeder) => Number((await seeder.nextEvent('progress')).uploaded)),
  );
  expect(differenceOf(album, copy)).toBeUndefined();
  expect(Math.min(...given)).toBeGreaterThan(0);
  expect(given.reduce((sum, bytes) => sum + bytes)).toBeGreaterThanOrEqual(albumBytes);
  expect(done).toMatchObject({ bytes: albumBytes, peers: 3 });
});

it('a download completes correctly after one of its seeders is killed halfway', async () => {
  await using children = new Children();
  const { seeders, download, copy } = await openSwarm(children, 'killed', '50MiB/s');
  const isMiddle = ({ bytes }: Document) => Number(bytes) > albumBytes / 10 && Number(bytes) < albumBytes / 2;
  await Promise.all([download.event('progress', isMiddle), seeders[0]!.event('progress', hasGiven)]);
  await seeders[0]!.kill('SIGKILL');
  expect(download.lines.some((line) => JSON.parse(line).event === 'done')).toBe(false);
  await download.success();
  expect(differenceOf(album, copy)).toBeUndefined();
});

function hasGiven({ uploaded }: Document): boolean {
  return Number(uploaded) > 0;
}
