/** A process that runs seeds for seed-pool.ts. Its input is a seed or a plan, its output the result. */
import process from 'node:process';
import type { SwarmPlan } from '../plan/schema.ts';
import type { RunResult } from '../runner/result.ts';
import { runPlan } from '../runner/run-plan.ts';
import { runSeed } from '../runner/run-seed.ts';

export interface SeedDone {
  readonly seed: number;
  readonly result: RunResult;
}

process.on('message', (wanted: number | SwarmPlan) => {
  const result = typeof wanted === 'number' ? runSeed(wanted) : runPlan(wanted);
  process.send!({ seed: result.seed, result } satisfies SeedDone);
});
