/**
 * One gigabyte, and six Cicada seeders to download it from: three are good, one is killed at 30 %, one sends
 * corrupt data, and one is limited to 1 MiB/s. The test checks that the download succeeds, and the benchmark
 * measures what the slow seeder costs.
 */
import { closeSync, cpSync, openSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Children, cicada, type Document } from '../e2e/child.ts';
import { differenceOf, TemporaryFolder, writeAlbum } from '../e2e/shared-folder.ts';

export const albumBytes = 1024 * 1024 * 1024;

export interface CrowdFetch {
  /** From the first request to the last piece stored. */
  readonly seconds: number;
  readonly wasted: number;
  /** The seeder of corrupt data was detected. */
  readonly foundLiar: boolean;
  /** The difference between original and copy. Undefined if they are identical. */
  readonly difference: string | undefined;
}

export class SeederCrowd implements Disposable {
  readonly #temporary = new TemporaryFolder();
  readonly #album = this.#temporary.in('Album');
  readonly #lies = this.#temporary.in('lies', 'Album');
  readonly #torrent = this.#temporary.in('album.torrent');

  static async open(): Promise<SeederCrowd> {
    const crowd = new SeederCrowd();
    writeAlbum(crowd.#album, albumBytes, 20);
    cpSync(crowd.#album, crowd.#lies, { recursive: true });
    spoil(crowd.#lies);
    await using children = new Children();
    const create = ['create', crowd.#album, '-l', '1MiB', '-o', crowd.#torrent];
    await children.add(cicada(create)).success();
    return crowd;
  }

  /** All programs start anew. Without `hasSlow` the limited seeder is left out. */
  async fetch({ hasSlow, compares }: { hasSlow: boolean; compares: boolean }): Promise<CrowdFetch> {
    await using children = new Children();
    const seed = (folder: string, limit: string) => {
      const args = ['seed', this.#torrent, folder, '--port', '0', '--no-verify', '--upload-limit', limit];
      return children.add(cicada(args));
    };
    const killed = seed(this.#album, '50MiB/s');
    const seeders = [
      killed,
      ...[1, 2, 3].map(() => seed(this.#album, '50MiB/s')),
      seed(this.#lies, '50MiB/s'),
      ...(hasSlow ? [seed(this.#album, '1MiB/s')] : []),
    ];
    const peers = await Promise.all(
      seeders.map(async (seeder) => ['--peer', `127.0.0.1:${(await seeder.event('seeding')).port}`]),
    );
    const out = this.#temporary.in('out');
    const state = { XDG_STATE_HOME: this.#temporary.in('state') };
    const args = ['download', this.#torrent, '-o', out, '--port', '0', ...peers.flat()];
    const download = children.add(cicada(args, [], state));
    await download.event('progress', ({ bytes }: Document) => Number(bytes) > 0.3 * albumBytes);
    await killed.kill('SIGKILL');
    const done = await download.event('done');
    await download.success();
    const difference = compares ? differenceOf(this.#album, join(out, 'Album')) : undefined;
    rmSync(out, { recursive: true });
    rmSync(this.#temporary.in('state'), { recursive: true });
    return {
      seconds: Number(done.seconds),
      wasted: Number(done.wasted),
      foundLiar: download.lines.some((line) => (JSON.parse(line) as Document).reason === 'sent-corrupt-data'),
      difference,
    };
  }

  [Symbol.dispose](): void {
    this.#temporary[Symbol.dispose]();
  }
}

/** Writes a wrong byte into every block of 16 KiB. */
function spoil(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    const descriptor = openSync(path, 'r+');
    for (let at = 0; at < statSync(path).size; at += 16 * 1024) writeSync(descriptor, 'X', at);
    closeSync(descriptor);
  }
}
