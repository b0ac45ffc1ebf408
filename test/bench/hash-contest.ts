/** What the benchmarks of creating and verifying share: a folder of music to hash, and programs that take turns at it. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** One of ours in a process of its own: time inside it, without the start of Node, and its peak memory. */
export async function ours(
  what: 'create' | 'verify',
  folder: string,
  torrent: string,
  format = 'v1',
  piece = pieceLength,
): Promise<{ milliseconds: number; peakMiB: number }> {
  const script = join(import.meta.dirname, 'hash-once.ts');
  const { stdout } = await run(process.execPath, [script, what, folder, torrent, format, String(piece)]);
  return JSON.parse(stdout);
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
