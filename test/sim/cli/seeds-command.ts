/** Runs many drawn swarms on all cores, up to the first that fails. */
import process from 'node:process';
import type { SimOptions } from './options.ts';
import { runSeed, runSeedTwice } from './plan-command.ts';
import { runSeeds, type SeedFailure, type SeedsOutcome } from './seed-pool.ts';
import { commit, failureLines, seedOrigin } from './wording.ts';

const progressMs = 1_000;

export async function runSeedRange(
  { from, count }: { readonly from: number; readonly count: number },
  options: SimOptions,
): Promise<number> {
  const { json, jobs, shrink } = options;
  if (!json) console.log(`seeds ${from} to ${from + count - 1}, ${jobs} at a time`);
  const startMs = performance.now();
  let toldMs = startMs;
  const outcome = await runSeeds({ from, count, jobs }, (passed) => {
    const nowMs = performance.now();
    if (nowMs - toldMs < progressMs) return;
    toldMs = nowMs;
    showProgress(passed, count, nowMs - startMs);
  });
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const { passed, failure } = outcome;
  if (json) console.log(JSON.stringify(documentOf(from, count, outcome)));
  else if (failure !== undefined) for (const line of linesOf(failure)) console.log(line);
  if (failure?.kind === 'failed' && shrink && !json) return runSeed(failure.seed, options);
  if (!json) {
    const seconds = (performance.now() - startMs) / 1000;
    const pace = `${seconds.toFixed(1)} s, ${((1000 * seconds) / Math.max(1, passed)).toFixed(1)} ms a seed`;
    console.log(`${passed} of ${count} seeds passed; ${outcome.events} events; ${pace}`);
  }
  return failure === undefined ? 0 : 1;
}

/** One line that is redrawn on a terminal, or one line a second elsewhere. */
function showProgress(passed: number, count: number, elapsedMs: number): void {
  const leftSeconds = Math.ceil(((count - passed) * elapsedMs) / passed / 1000);
  const line = `${passed} of ${count} passed, ${leftSeconds} s to go`;
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
}

function linesOf(failure: SeedFailure): string[] {
  const origin = seedOrigin(failure.seed);
  if (failure.kind === 'failed') return failureLines(runSeedTwice(failure.seed), origin);
  return [
    `FAILED: ${origin.what}: ${failure.reason}`,
    `  commit ${commit()}, Node ${process.versions.node}`,
    `  again: ${origin.command}`,
  ];
}

function documentOf(from: number, count: number, { passed, events, failure }: SeedsOutcome): object {
  const told =
    failure === undefined
      ? undefined
      : {
          seed: failure.seed,
          again: seedOrigin(failure.seed).command,
          ...(failure.kind === 'failed' ? failure.result : { reason: failure.reason }),
        };
  return {
    seed: from,
    seeds: count,
    events,
    completed: passed,
    failed: failure === undefined ? 0 : 1,
    failure: told,
  };
}
