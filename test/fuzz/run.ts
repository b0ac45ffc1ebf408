/**
 * `npm run fuzz -- PART[/TARGET]… [--seed N] [--count N] [--only INPUT]`
 *
 * Feeds generated and mutated inputs to the parsers of a part of the program, in threads. A watchdog kills a
 * thread that hangs, so a parser that never returns is a failure with a number. The seed is printed first. A
 * failure prints the command that runs its input again.
 */
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { FuzzTarget } from './fuzz-target.ts';
import type { FuzzFailure, FuzzJob } from './fuzz-worker.ts';

/** The parts that have targets: files beside this one. */
const rooms = ['torrents'];
/** Breaks the rules on purpose. Runs only by name, in the test of this program. */
const brokenRoom = 'broken';
/** Far above the limit for one input, so that only a hanging thread is killed. */
const hangMs = 1_500;
const watchMs = 250;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string' }, count: { type: 'string' }, only: { type: 'string' } },
});
const seed = Number(values.seed ?? Date.now() & 0x7fffffff);
const only = values.only === undefined ? undefined : Number(values.only);
console.log(`seed ${seed}`);

let failed = false;
for (const wanted of positionals.length > 0 ? positionals : rooms) {
  const [room = '', name] = wanted.split('/');
  if (!rooms.includes(room) && room !== brokenRoom)
    throw new Error(`there is no room called ${room}; there are ${rooms.join(', ')}`);
  const { targets } = (await import(`./${room}.ts`)) as { targets: readonly FuzzTarget[] };
  for (const target of targets) {
    if (name === undefined || name === target.name) failed = (await fuzz(room, target)) || failed;
  }
}
process.exitCode = failed ? 1 : 0;

/** Returns whether it failed. */
async function fuzz(room: string, target: FuzzTarget): Promise<boolean> {
  const count = only === undefined ? Number(values.count ?? target.count) : 1;
  const threads = only === undefined ? availableParallelism() : 1;
  const share = Math.ceil(count / threads);
  const startedMs = performance.now();
  const failures = await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const first = only ?? thread * share;
      const mine = Math.min(share, count - thread * share);
      const progress = new Int32Array(new SharedArrayBuffer(4));
      return watched({ room, target: target.name, seed, first, count: Math.max(0, mine), progress });
    }),
  );
  const seconds = (performance.now() - startedMs) / 1000;
  const failure = failures.find((candidate) => candidate !== undefined);
  if (failure === undefined) {
    console.log(`${room}/${target.name}: ${count} inputs in ${seconds.toFixed(1)} s, no fault`);
    return false;
  }
  console.log(`${room}/${target.name}: FAULT in input ${failure.input}\n${failure.reason}`);
  console.log(`  npm run fuzz -- ${room}/${target.name} --seed ${seed} --only ${failure.input}`);
  return true;
}

function watched(job: FuzzJob): Promise<FuzzFailure | undefined> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
      workerData: job,
      resourceLimits: { maxOldGenerationSizeMb: 512 },
    });
    let input = -1;
    let sinceMs = performance.now();
    const watchdog = setInterval(() => {
      const now = Atomics.load(job.progress, 0);
      if (now !== input) {
        input = now;
        sinceMs = performance.now();
      } else if (performance.now() - sinceMs > hangMs) {
        settle({ input, reason: `it did not end within ${hangMs} ms and was killed` });
      }
    }, watchMs);
    const settle = (failure: FuzzFailure | undefined) => {
      clearInterval(watchdog);
      void worker.terminate();
      resolve(failure);
    };
    worker.on('message', settle);
    worker.on('error', (error) => settle({ input: Atomics.load(job.progress, 0), reason: String(error) }));
  });
}
