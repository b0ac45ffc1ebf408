/** A download that is killed repeatedly loses nothing that it had recorded, and ends identical. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Prng } from '../../client/engine/prng.ts';
import { Children, cicada } from '../e2e/child.ts';
import { differenceOf, TemporaryFolder, writeAlbum } from '../e2e/shared-folder.ts';
import { large, MiB } from './large.ts';

const albumBytes = 384 * MiB;
const kills = 30;
/** How much may be downloaded again after one kill, with pieces of 1 MiB. */
const lossMax = 32 * MiB;
const timeoutMs = 5 * 60_000;

large('kill -9', () => {
  it('a download killed at thirty random moments loses nothing recorded, and the copy is identical', {
    timeout: timeoutMs,
  }, async () => {
    using temporary = new TemporaryFolder();
    await using children = new Children();
    const album = temporary.in('Album');
    writeAlbum(album, albumBytes, 20);
    const torrent = temporary.in('album.torrent');
    await children.add(cicada(['create', album, '-l', '1MiB', '-o', torrent])).success();
    const seeders = [1, 2].map(() =>
      children.add(
        cicada(['seed', torrent, album, '--port', '0', '--no-verify', '--upload-limit', '6MiB/s']),
      ),
    );
    const peers = await Promise.all(
      seeders.map(async (seeder) => ['--peer', `127.0.0.1:${(await seeder.event('seeding')).port}`]),
    );
    const out = temporary.in('out');
    const state = { XDG_STATE_HOME: temporary.in('state') };
    const download = () =>
      children.add(cicada(['download', torrent, '-o', out, '--port', '0', ...peers.flat()], [], state));

    const random = new Prng(process.pid);
    let known = 0;
    for (let kill = 1; kill <= kills; kill++) {
      const run = download();
      const here = Number((await run.event('start')).bytes);
      expect(here, `after kill ${kill - 1}: ${known} bytes were here, ${here} are`).toBeGreaterThanOrEqual(
        known - lossMax,
      );
      // Some runs are killed at once, some later.
      const goal = here + random.below(Math.floor((albumBytes - here) / (kills - kill + 2)));
      const reached = await run.event('progress', ({ bytes }) => Number(bytes) >= goal);
      known = Number(reached.bytes);
      await run.kill('SIGKILL');
    }
    const last = download();
    const done = await last.event('done');
    await last.success();
    expect(differenceOf(album, join(out, 'Album'))).toBeUndefined();
    expect(done.bytes).toBe(albumBytes);
  });
});
