/**
 * Runs everything that one seed draws: a swarm; parts of the engine, each alone beside its model
 * (test/sim/parts); and the storage of two downloads, which is the production code on a simulated disk
 * (test/sim/storage). A storage run takes about 15 ms, a swarm about 80 ms.
 */
import { runParts } from '../parts/run-parts.ts';
import { drawPlan } from '../plan/draw.ts';
import { drawStoragePlan } from '../storage/draw-storage.ts';
import { runStorage } from '../storage/run-storage.ts';
import type { RunResult } from './result.ts';
import { type RunOptions, runPlan } from './run-plan.ts';

/** Two runs a seed: storage bugs need several rare events at once. */
const storageRuns = 2;

export function runSeed(seed: number, options: RunOptions = {}): RunResult {
  let result = runPlan(drawPlan(seed), options);
  if (result.failure !== undefined) return result;
  const inPart = runParts(seed);
  if (inPart !== undefined) return { ...result, failed: 1, failure: inPart };
  for (let i = 0; i < storageRuns && result.failure === undefined; i++)
    result = withStorage(result, seed * storageRuns + i, options);
  return result;
}

function withStorage(before: RunResult, storageSeed: number, options: RunOptions): RunResult {
  const { steps, failure, traceHash, virtualSeconds } = runStorage(drawStoragePlan(storageSeed), options);
  return {
    ...before,
    traceHash: `${before.traceHash}-${traceHash}`,
    virtualSeconds: before.virtualSeconds + virtualSeconds,
    events: before.events + steps,
    failed: failure === undefined ? 0 : 1,
    failure: failure && { ...failure, message: `storage run ${storageSeed}: ${failure.message}` },
  };
}
