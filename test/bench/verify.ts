/**
 * Verifying 1 GiB in twelve tracks with two threads, in every format, compared with aria2 checking the same
 * files.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  albumBytes,
  type Contestant,
  cicada,
  contest,
  isThere,
  ours,
  reportRates,
  run,
  timed,
  withAlbum,
} from './hash-contest.ts';

export async function benchVerify(report: (line: string) => void): Promise<void> {
  await withAlbum(async (album, folder) => {
    const torrent = (format: string) => join(folder, `${format}.torrent`);
    for (const format of ['v1', 'v2', 'hybrid']) {
      await ours({ what: 'create', folder: album, torrent: torrent(format), format });
    }
    const contestants: Contestant[] = ['v1', 'v2', 'hybrid'].map((format) => ({
      name: `cicada ${format}`,
      once: async () => (await cicada(['verify', torrent(format), album, '-q'])).milliseconds,
    }));
    if (await isThere('aria2c', ['--version'])) {
      const args = [
        '--check-integrity=true',
        '--hash-check-only=true',
        '--enable-dht=false',
        '--bt-enable-lpd=false',
      ];
      contestants.push({
        name: 'aria2c v1 (one thread)',
        once: async () => {
          await rm(join(folder, 'Album.aria2'), { force: true });
          return timed(() => run('aria2c', [...args, '-d', folder, torrent('v1')]));
        },
      });
    } else report('aria2: not compared, apt-get install aria2');
    report('1 GiB, whole programs:');
    reportRates(await contest(contestants, albumBytes), 'aria2c v1 (one thread)', report);
  });
}
