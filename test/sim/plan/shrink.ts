/**
 * A failing plan → a smaller one that fails still: what is left is the story. Greedy: the first smaller plan that fails
 * is taken, and everything is tried again from there, until nothing can be left out or the runs are used up.
 */
import type { SwarmPlan } from './schema.ts';
import { smallerPlans } from './smaller.ts';

export interface ShrinkOptions {
  /** Runs it may cost; a drawn plan needs some hundreds. */
  readonly runsMax: number;
  /** Told of every plan that was taken. */
  readonly onSmaller?: (plan: SwarmPlan, runs: number) => void;
}

/** `fails`: whether a plan fails as the first one did; it is expected to. */
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
