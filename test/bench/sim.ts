/**
 * What a simulated swarm costs, from 10 peers to 2,000: everybody comes at once to one seed, and the run is over when
 * the last one is complete. Each size has a process of its own.
 */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const sizes = [10, 50, 100, 200, 500, 1_000, 2_000];
const pieceCount = 1_000;
/** A peer needs about half a MiB. Told so, V8 collects in time; left alone, it takes what the machine has. */
const heapMiB = (peerCount: number) => 200 + Math.ceil(0.7 * peerCount);
/** Of new objects next to none live on: more room for them is memory that the processor's caches do not hold. */
const newObjectsMiB = 8;
/** Where Node keeps compiled modules unless it is told otherwise: half a second of compiling is no part of a swarm. */
const compiled = join(tmpdir(), 'node-compile-cache');

interface Cost {
  readonly isComplete: boolean;
  readonly isRight: boolean;
  readonly virtualSeconds: number;
  readonly events: number;
  readonly elapsedSeconds: number;
  /** Of all threads: V8 collects garbage beside the run. */
  readonly cpuSeconds: number;
  readonly mebibytes: number;
}

export async function benchSim(report: (line: string) => void): Promise<void> {
  report(
    'a flash crowd: one seed, 1,000 pieces of 16 KiB, lines of 20/5 Mbit/s, until everybody has everything',
  );
  report(row('peers', 'virtual', 'events', 'time', 'processor', 'an event', 'memory'));
  for (const peerCount of sizes) {
    const cost = await simulate(peerCount);
    if (!cost.isComplete || !cost.isRight)
      throw new Error(`the swarm of ${peerCount} peers did not complete`);
    report(
      row(
        peerCount.toLocaleString('en'),
        `${cost.virtualSeconds.toFixed(0)} s`,
        cost.events.toLocaleString('en'),
        `${cost.elapsedSeconds.toFixed(1)} s`,
        `${cost.cpuSeconds.toFixed(1)} s`,
        `${((cost.cpuSeconds * 1e6) / cost.events).toFixed(1)} us`,
        `${cost.mebibytes.toFixed(0)} MiB`,
      ),
    );
  }
}

async function simulate(peerCount: number): Promise<Cost> {
  const script = join(import.meta.dirname, 'sim-once.ts');
  const heap = [`--max-old-space-size=${heapMiB(peerCount)}`, `--max-semi-space-size=${newObjectsMiB}`];
  const args = [...heap, script, String(peerCount), String(pieceCount)];
  const env = { NODE_COMPILE_CACHE: compiled, ...process.env };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  return JSON.parse(stdout) as Cost;
}

function row(...cells: readonly string[]): string {
  const widths = [5, 8, 12, 9, 10, 9, 10];
  return `  ${cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join(' ')}`;
}
