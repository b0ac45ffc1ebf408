/**
 * A library of small albums. One run of `create --per-album` makes a torrent for each, compared with one
 * mktorrent per album. Then a client starts and seeds them all: the first time, when each is hashed, and
 * again, when all are remembered.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { sideBySide } from '../../client/host/disk/side-by-side.ts';
import { openClient } from '../../client/host/open-client.ts';
import { type Metainfo, parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { cicada, isThere, run, timed } from './hash-contest.ts';

const albums = 200;
const seeded = 2_000;
const filesEach = 3;
const fileBytes = 30_000;
/** Odd, so that there is a middle value. */
const rounds = 5;
/** As in `seed FOLDER`. */
const startsMax = 4;

export async function benchLibrary(report: (line: string) => void): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cicada-bench-'));
  try {
    const few = join(folder, 'few');
    await makeAlbums(few, albums);
    const ours: number[] = [];
    const theirs: number[] = [];
    const isCompared = await isThere('mktorrent', ['-h']);
    if (!isCompared) report('mktorrent: not compared, apt-get install mktorrent');
    for (let round = 0; round < rounds; round++) {
      const out = join(folder, `out-${round}`);
      const args = ['create', few, '--per-album', '-q', '-a', 'http://a/announce', '-o', out];
      ours.push((await cicada(args)).milliseconds);
      if (isCompared) theirs.push(await timed(() => mktorrents(few, join(folder, `other-${round}`))));
    }
    report(
      `${albums} albums of ${filesEach} files of ${fileBytes} bytes, whole programs, medians of ${rounds}:`,
    );
    report(`  cicada create --per-album   ${seconds(median(ours))}`);
    if (isCompared) report(`  ${albums} calls of mktorrent     ${seconds(median(theirs))}`);

    const many = join(folder, 'many');
    await makeAlbums(many, seeded);
    const torrents = join(folder, 'torrents');
    await cicada(['create', many, '--per-album', '-q', '-o', torrents]);
    const parsed: Metainfo[] = [];
    for (const name of await readdir(torrents))
      parsed.push(parseMetainfo(await readFile(join(torrents, name))));
    const stateFolder = join(folder, 'state');
    for (const [count, when] of [
      [300, 'first'],
      [300, 'again'],
      [seeded, 'first'],
      [seeded, 'again'],
    ] as const) {
      if (when === 'first') await rm(stateFolder, { recursive: true, force: true });
      report(await seedAll(parsed.slice(0, count), many, stateFolder, when));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeAlbums(folder: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const album = join(folder, `Album ${index}`);
    await mkdir(album, { recursive: true });
    for (let track = 1; track <= filesEach; track++)
      await writeFile(join(album, `${track}.mp3`), Buffer.alloc(fileBytes, `${index} ${track} `));
  }
}

async function mktorrents(folder: string, out: string): Promise<void> {
  await mkdir(out);
  for (const name of await readdir(folder)) {
    const torrent = join(out, `${name}.torrent`);
    await run('mktorrent', ['-a', 'http://a/announce', '-o', torrent, join(folder, name)]);
  }
}

async function seedAll(
  torrents: readonly Metainfo[],
  music: string,
  stateFolder: string,
  when: string,
): Promise<string> {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  const client = await openClient({ port: 0, host: '127.0.0.1', stateFolder });
  const started = await timed(() =>
    sideBySide(torrents, startsMax, async (metainfo) => {
      await client.seed(metainfo, { path: join(music, metainfo.name) });
    }),
  );
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  const ended = await timed(() => client.close());
  const words = `${torrents.length} torrents seeded, ${when.padEnd(6)}`;
  return `  ${words} ${seconds(started)} to start, ${seconds(ended)} to end, ${grown.toFixed(0)} MiB more memory`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
