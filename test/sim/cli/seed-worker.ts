/**
 * A process that runs seeds for seed-pool.ts: one number in, one result out.
 */
import process from 'node:process';
import { drawPlan } from '../plan/draw.ts';
import type { RunResult } from '../runner/result.ts';
import { runPlan } from '../runner/run-plan.ts';

export interface SeedDone {
  readonly seed: number;
  readonly result: RunResult;
}

process.on('message', (seed: number) => {
  process.send!({ seed, result: runPlan(drawPlan(seed)) } satisfies SeedDone);
});
