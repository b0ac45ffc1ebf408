/**
 * A seed → what came of it: a drawn swarm, and for a share of the seeds the storage of one download, too, which is the
 * production code on a simulated disk (test/sim/storage).
 */
import { drawPlan } from '../plan/draw.ts';
import { drawStoragePlan } from '../storage/draw-storage.ts';
import { runStorage } from '../storage/run-storage.ts';
import type { RunResult } from './result.ts';
import { type RunOptions, runPlan } from './run-plan.ts';

/** It takes far less than a swarm; but each finds something new now and then, and a run of CI is to be about its commit. */
const storageEvery = 2;

export function runSeed(seed: number, options: RunOptions = {}): RunResult {
  const swarm = runPlan(drawPlan(seed), options);
  if (swarm.failure !== undefined || seed % storageEvery !== 0) return swarm;
  const { steps, failure, traceHash, virtualSeconds } = runStorage(drawStoragePlan(seed), options);
  return {
    ...swarm,
    traceHash: `${swarm.traceHash}-${traceHash}`,
    virtualSeconds: swarm.virtualSeconds + virtualSeconds,
    events: swarm.events + steps,
    failed: failure === undefined ? 0 : 1,
    failure,
  };
}
