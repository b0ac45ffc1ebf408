/**
 * `cicada-swarm/sim`: swarms in virtual time, for the tests of any project. Describe a swarm as data, run it,
 * and read the result. One seed is one run, on every machine.
 *
 *     const { completed, failure } = simulate({
 *       seed: 1,
 *       torrent: { pieces: 64, pieceBytes: 65_536 },
 *       trackers: [{ name: 'main' }],
 *       peers: [{ name: 'seed', has: 'all' }, { name: 'leech', count: 20, link: 'cable' }],
 *     });
 */
import type { SwarmPlan } from './plan/schema.ts';
import { validatePlan } from './plan/validate.ts';
import type { RunResult } from './runner/result.ts';
import { type RunOptions, runPlan } from './runner/run-plan.ts';

export { drawPlan } from './plan/draw.ts';
export type { Fault, PeerPlan, Role, SwarmPlan, TrackerPlan } from './plan/schema.ts';
export { type ShrinkOptions, shrinkPlan } from './plan/shrink.ts';
export { PlanError, validatePlan } from './plan/validate.ts';
export type { Failure, RunResult } from './runner/result.ts';
export type { RunOptions } from './runner/run-plan.ts';
export { type Watcher, World, type WorldOptions } from './world/world.ts';

/**
 * Runs a swarm to its end. The plan may come from a file: an error in it is a PlanError that says where. A
 * broken rule throws nothing: it is `failure` in the result.
 */
export function simulate(plan: SwarmPlan, options: RunOptions = {}): RunResult {
  return runPlan(validatePlan(plan), options);
}
