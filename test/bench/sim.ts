/**
 * The cost of a simulated swarm of 10 to 2,000 peers. All peers join one seed at the same time, and the run
 * ends when the last peer is complete. Each size has its own process.
 */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';

const sizes = [10, 50, 100, 200, 500, 1_000, 2_000];
const pieceCount = 1_000;
/**
 * A peer needs about half a MiB. With this limit V8 collects garbage in time; without one it takes all
 * memory.
 */
const heapMiB = (peerCount: number) => 200 + Math.ceil(0.7 * peerCount);
/**
 * Almost no new object survives. A larger space for new objects would not fit into the processor's caches.
 */
const newObjectsMiB = 8;
/**
 * Node's default place for compiled modules. Compiling takes half a second, which is not part of a swarm's
 * cost.
 */
const compiled = join(tmpdir(), 'node-compile-cache');

interface Cost {
  readonly isComplete: boolean;
  readonly isRight: boolean;
  readonly virtualSeconds: number;
  readonly events: number;
  readonly elapsedSeconds: number;
  /** Of all threads, because V8 collects garbage in parallel. */
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
