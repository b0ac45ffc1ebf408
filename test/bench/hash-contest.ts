/**
 * Shared by the benchmarks of creating and verifying: a folder of music to hash, and programs that are
 * measured in turn.
 */
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
/** Odd, so that there is a middle value. */
const rounds = 5;

export interface Contestant {
  readonly name: string;
  /** Returns milliseconds. */
  readonly once: () => Promise<number>;
}

/** Makes an album of 1 GiB, which is then in the page cache. Removes it when `use` is done. */
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

/** Makes `count` files of 1 to 5 KB. */
export async function makeSmallFiles(folder: string, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const disc = join(folder, String(Math.floor(index / 1000)));
    if (index % 1000 === 0) await mkdir(disc, { recursive: true });
    await writeFile(join(disc, `${index}.mp3`), Buffer.alloc(1000 + (index % 4000), index));
  }
}

/**
 * Runs the contestants in turn, `rounds` times, so that a busy moment affects them all. Returns medians in
 * MiB/s.
 */
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

/** Added to the environment of the measured programs. */
export type Environment = Readonly<Record<string, string>>;

export function environmentOf(more: Environment): NodeJS.ProcessEnv {
  return { ...process.env, ...more };
}

export const ratesScript = join(import.meta.dirname, 'hash-rates.ts');

/** One job of Cicada in its own process: milliseconds inside it, without the start of Node. */
export async function ours(job: {
  readonly what: 'create' | 'verify';
  readonly folder: string;
  readonly torrent: string;
  readonly format: string;
  readonly environment?: Environment;
}): Promise<number> {
  const script = join(import.meta.dirname, 'hash-once.ts');
  const args = [script, job.what, job.folder, job.torrent, job.format, String(pieceLength)];
  // The cicada program has a compile cache too.
  const cache = { NODE_COMPILE_CACHE: join(dirname(job.torrent), 'compile-cache') };
  const { stdout } = await run(process.execPath, args, {
    env: environmentOf({ ...cache, ...job.environment }),
  });
  return Number(stdout);
}

const program = join(import.meta.dirname, '../../client/cli/cicada.js');
/** Loaded into the program before it starts. Its workers load it too, but only the main thread reports. */
const reportPeak = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from 'node:fs';
  import { isMainThread } from 'node:worker_threads';
  if (isMainThread) process.on('exit', () => writeSync(2, String(process.resourceUsage().maxRSS)));
`)}`;

/** Runs the whole program as a user does. Nothing else may be written to stderr. */
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
    // mktorrent -h ends with an error code. Only a program that cannot be started is missing.
    return (error as NodeJS.ErrnoException).code !== 'ENOENT' && program !== python;
  }
}

/** Returns the milliseconds of a whole process. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
