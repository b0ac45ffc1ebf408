/** What the benchmarks of creating and verifying share: a folder of music to hash, and programs that take turns at it. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

export const run = promisify(execFile);
export const pieceLength = 2 ** 20;
export const python = '/usr/bin/python3';

const tracks = 12;
const trackBytes = Math.ceil(2 ** 30 / tracks);
/** Odd, so that one is in the middle. */
const rounds = 5;

export interface Contestant {
  readonly name: string;
  /** → milliseconds. */
  readonly once: () => Promise<number>;
}

/** An album of 1 GiB, in the page cache when it has been written. Gone when `use` is done. */
export async function withAlbum(use: (album: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cicada-bench-'));
  try {
    const album = join(folder, 'Album');
    await mkdir(album);
    for (let track = 1; track <= tracks; track++) {
      const file = await open(join(album, `${String(track).padStart(2, '0')} Track.flac`), 'wx');
      const block = new Uint8Array(2 ** 20);
      for (let left = trackBytes, index = 0; left > 0; left -= block.length, index++) {
        block.fill((track * 31 + index) & 0xff);
        await file.write(block, 0, Math.min(left, block.length));
      }
      await file.close();
    }
    await use(album, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** So many files of a few kilobytes. */
export async function makeSmallFiles(folder: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const disc = join(folder, String(Math.floor(index / 1000)));
    if (index % 1000 === 0) await mkdir(disc, { recursive: true });
    await writeFile(join(disc, `${index}.mp3`), Buffer.alloc(1000 + (index % 4000), index));
  }
}

/** Everybody in turn, `rounds` times, so that a busy moment hits them all alike. → medians in MiB/s. */
export async function contest(
  contestants: readonly Contestant[],
  bytes: number,
): Promise<Map<string, number>> {
  const results = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, once } of contestants) results.get(name)!.push(await once());
  }
  return new Map([...results].map(([name, times]) => [name, bytes / 2 ** 20 / (median(times) / 1000)]));
}

export const albumBytes = tracks * trackBytes;

export function reportRates(
  rates: ReadonlyMap<string, number>,
  baseline: string,
  report: (line: string) => void,
): void {
  const base = rates.get(baseline);
  for (const [name, rate] of rates) {
    const ratio = base === undefined ? '' : `  ${(rate / base).toFixed(2)} x ${baseline}`;
    report(`  ${name.padEnd(34)} ${rate.toFixed(0).padStart(6)} MiB/s${name === baseline ? '' : ratio}`);
  }
}

/** Added to this process's environment for those who take part. */
export type Environment = Readonly<Record<string, string>>;

export function environmentOf(more: Environment): NodeJS.ProcessEnv {
  return { ...process.env, ...more };
}

export const ratesScript = join(import.meta.dirname, 'hash-rates.ts');

/** One of ours in a process of its own: milliseconds inside it, without the start of Node. */
export async function ours(job: {
  readonly what: 'create' | 'verify';
  readonly folder: string;
  readonly torrent: string;
  readonly format: string;
  readonly environment?: Environment;
}): Promise<number> {
  const script = join(import.meta.dirname, 'hash-once.ts');
  const args = [script, job.what, job.folder, job.torrent, job.format, String(pieceLength)];
  // As the program has one.
  const cache = { NODE_COMPILE_CACHE: join(dirname(job.torrent), 'compile-cache') };
  const { stdout } = await run(process.execPath, args, {
    env: environmentOf({ ...cache, ...job.environment }),
  });
  return Number(stdout);
}

const program = join(import.meta.dirname, '../../client/cli/cicada.js');
/** Loaded into the program before it starts; its workers load it as well, but have no memory of their own. */
const reportPeak = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread) process.on('exit', () => writeSync(2, String(process.resourceUsage().maxRSS)));
`)}`;

/** The whole program, as it is typed; nothing else may go to stderr. */
export async function cicada(
  args: readonly string[],
  environment: Environment = {},
): Promise<{ milliseconds: number; peakMiB: number }> {
  let peak = '';
  const milliseconds = await timed(async () => {
    const command = ['--import', reportPeak, program, ...args];
    peak = (await run(process.execPath, command, { env: environmentOf(environment) })).stderr;
  });
  return { milliseconds, peakMiB: Number(peak) / 1024 };
}

export async function isThere(program: string, args: readonly string[]): Promise<boolean> {
  try {
    await run(program, [...args]);
    return true;
  } catch (error) {
    // mktorrent answers -h with an exit code of its own: only what cannot be started is not there.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' && program !== python;
  }
}

/** Milliseconds of a whole process. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
