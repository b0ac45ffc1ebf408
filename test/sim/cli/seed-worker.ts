/**
 * A process that runs seeds for seed-pool.ts: a number or a plan in, its result out.
 */
import process from 'node:process';
import { drawPlan } from '../plan/draw.ts';
import type { SwarmPlan } from '../plan/schema.ts';
import type { RunResult } from '../runner/result.ts';
import { runPlan } from '../runner/run-plan.ts';

export interface SeedDone {
  readonly seed: number;
  readonly result: RunResult;
}

process.on('message', (wanted: number | SwarmPlan) => {
  const plan = typeof wanted === 'number' ? drawPlan(wanted) : wanted;
  process.send!({ seed: plan.seed, result: runPlan(plan) } satisfies SeedDone);
});
