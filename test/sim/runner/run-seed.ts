/**
 * A seed → what came of it: a drawn swarm; parts of the engine, each alone beside its model (test/sim/parts); and the storage
 * of one download, which is the production code on a simulated disk (test/sim/storage): some milliseconds beside a swarm's
 * seventy.
 */
import { runParts } from '../parts/run-parts.ts';
import { drawPlan } from '../plan/draw.ts';
import { drawStoragePlan } from '../storage/draw-storage.ts';
import { runStorage } from '../storage/run-storage.ts';
import type { RunResult } from './result.ts';
import { type RunOptions, runPlan } from './run-plan.ts';

export function runSeed(seed: number, options: RunOptions = {}): RunResult {
  const swarm = runPlan(drawPlan(seed), options);
  if (swarm.failure !== undefined) return swarm;
  const inPart = runParts(seed);
  if (inPart !== undefined) return { ...swarm, failed: 1, failure: inPart };
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
