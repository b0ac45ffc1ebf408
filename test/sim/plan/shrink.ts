/**
 * A failing plan → a smaller plan that still fails. The search is greedy: it takes the first smaller plan
 * that fails and starts again from it, until nothing can be left out or the runs are used up.
 */
import type { SwarmPlan } from './schema.ts';
import { smallerPlans } from './smaller.ts';

export interface ShrinkOptions {
  /** The most runs. A drawn plan needs some hundreds. */
  readonly runsMax: number;
  /** Called with every smaller plan that was taken. */
  readonly onSmaller?: (plan: SwarmPlan, runs: number) => void;
}

/** `fails`: whether a plan fails like the first plan, which is expected to fail. */
export function shrinkPlan(
  plan: SwarmPlan,
  fails: (plan: SwarmPlan) => boolean,
  { runsMax, onSmaller = () => {} }: ShrinkOptions,
): SwarmPlan {
  const tried = new Set<string>();
  let smallest = plan;
  let runs = 0;
  let goesOn = true;
  while (goesOn) {
    goesOn = false;
    for (const candidate of smallerPlans(smallest)) {
      const text = JSON.stringify(candidate);
      if (tried.has(text)) continue;
      tried.add(text);
      if (runs === runsMax) return smallest;
      runs += 1;
      if (!fails(candidate)) continue;
      smallest = candidate;
      onSmaller(smallest, runs);
      goesOn = true;
      break;
    }
  }
  return smallest;
}
