/**
 * Torrents of extreme sizes: no byte and one byte, the smallest and the largest pieces, many files, a large
 * file.
 */
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Children, cicada } from '../e2e/child.ts';
import { differenceOf, TemporaryFolder, writeAlbum } from '../e2e/shared-folder.ts';
import { large, MiB } from './large.ts';

/**
 * 100,000 files take three minutes on a slow machine, because each file is synced (fsync) before it gets its
 * name.
 */
const timeoutMs = 10 * 60_000;

type Make = (album: string) => void;
const cases: readonly (readonly [string, readonly string[], Make])[] = [
  ['no bytes', [], (album) => writeFileSync(join(album, 'none.log'), '')],
  ['one byte', [], (album) => writeFileSync(join(album, 'one.log'), 'x')],
  ['pieces of 16 KiB', ['-l', '16KiB'], (album) => writeAlbum(album, 40 * MiB, 7)],
  ['pieces of 16 MiB', ['-l', '16MiB'], (album) => writeAlbum(album, 200 * MiB, 7)],
  ['100,000 files', ['--format', 'v1'], writeManyFiles],
  ['a file of 5 GiB', [], writeLargeFile],
];

function writeManyFiles(album: string): void {
  for (let folder = 0; folder < 100; folder++) {
    mkdirSync(join(album, String(folder)));
    for (let file = 0; file < 1_000; file++) {
      writeFileSync(join(album, String(folder), `${file}.txt`), `folder ${folder}, file ${file}\n`);
    }
  }
}

/** A sparse file with data at both ends. The content between them does not matter. */
function writeLargeFile(album: string): void {
  const path = join(album, 'large.wav');
  writeFileSync(path, Buffer.alloc(MiB, 'begin'));
  truncateSync(path, 5 * 1024 * MiB - 4);
  writeFileSync(path, 'end.', { flag: 'a' });
}

large('a torrent of', () => {
  it.each(cases)(
    'a torrent of %s is created, seeded and downloaded, and the copy is identical',
    { timeout: timeoutMs },
    async (_, flags, make) => {
      using temporary = new TemporaryFolder();
      await using children = new Children();
      const album = temporary.in('Album');
      mkdirSync(album, { recursive: true });
      make(album);
      const torrent = temporary.in('album.torrent');
      await children.add(cicada(['create', album, ...flags, '-o', torrent])).success();
      const seeder = children.add(cicada(['seed', torrent, album, '--port', '0', '--no-verify']));
      const { port } = await seeder.event('seeding');
      const out = temporary.in('out');
      const state = { XDG_STATE_HOME: temporary.in('state') };
      const args = ['download', torrent, '-o', out, '--port', '0', '--peer', `127.0.0.1:${port}`];
      const download = children.add(cicada(args, [], state));
      expect(await download.ended).toBe(0);
      expect(differenceOf(album, join(out, 'Album'))).toBeUndefined();
    },
  );
});
