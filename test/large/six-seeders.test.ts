/** One gigabyte from six seeders, of which one is killed, one lies and one is slow. */
import { closeSync, cpSync, openSync, readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Children, cicada, type Document } from '../e2e/child.ts';
import { differenceOf, TemporaryFolder, writeAlbum } from '../e2e/shared-folder.ts';
import { large, MiB } from './large.ts';

const albumBytes = 1024 * MiB;
const timeoutMs = 3 * 60_000;

large('one gigabyte from six seeders', () => {
  it('three good, one killed at 30 %, one lying, one at 1 MiB/s: identical, under 2 % wasted', {
    timeout: timeoutMs,
  }, async () => {
    using temporary = new TemporaryFolder();
    await using children = new Children();
    const album = temporary.in('Album');
    writeAlbum(album, albumBytes, 20);
    const lies = temporary.in('lies', 'Album');
    cpSync(album, lies, { recursive: true });
    spoil(lies);
    const torrent = temporary.in('album.torrent');
    await children.add(cicada(['create', album, '-l', '1MiB', '-o', torrent])).success();
    const seed = (folder: string, limit: string) =>
      children.add(cicada(['seed', torrent, folder, '--port', '0', '--no-verify', '--upload-limit', limit]));
    const killed = seed(album, '50MiB/s');
    const seeders = [
      killed,
      ...[1, 2, 3].map(() => seed(album, '50MiB/s')),
      seed(lies, '50MiB/s'),
      seed(album, '1MiB/s'),
    ];
    const peers = await Promise.all(
      seeders.map(async (seeder) => ['--peer', `127.0.0.1:${(await seeder.event('seeding')).port}`]),
    );
    const out = temporary.in('out');
    const state = { XDG_STATE_HOME: temporary.in('state') };
    const download = children.add(
      cicada(['download', torrent, '-o', out, '--port', '0', ...peers.flat()], [], state),
    );
    await download.event('progress', ({ bytes }: Document) => Number(bytes) > 0.3 * albumBytes);
    await killed.kill('SIGKILL');
    const done = await download.event('done');
    await download.success();
    expect(differenceOf(album, join(out, 'Album'))).toBeUndefined();
    expect(Number(done.wasted)).toBeLessThan(0.02 * albumBytes);
    const liar = download.lines.some((line) => (JSON.parse(line) as Document).reason === 'sent-corrupt-data');
    expect(liar).toBe(true);
  });
});

/** A wrong byte in every block of 16 KiB. */
function spoil(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const descriptor = openSync(path, 'r+');
    for (let at = 0; at < statSync(path).size; at += 16 * 1024) writeSync(descriptor, 'X', at);
    closeSync(descriptor);
  }
}
