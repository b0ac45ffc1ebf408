/**
 * Draws users with many demands at once, in one swarm of sixteen: more deadlines than a torrent can hold,
 * sequential order, and announces on request.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { beginMsMax, drawNames, endOf } from './draw-faults.ts';
import type { Fault, SwarmPlan } from './schema.ts';

export function drawDemands(random: Prng, plan: SwarmPlan): SwarmPlan {
  if (random.below(16) > 0) return plan;
  const honest = plan.peers.filter(({ role = 'honest' }) => role === 'honest').map(({ name }) => name);
  const demands = Array.from({ length: 2 + random.below(4) }, (): Fault => {
    const deadlines = random.below(3) === 0 ? undefined : 4 + random.below(30);
    return {
      type: 'choice',
      peers: drawNames(random, honest),
      atMs: random.below(2) === 0 ? random.below(2_000) : random.below(beginMsMax),
      forMs: 1 + random.below(20_000),
      wantedPerMille: 500 + random.below(501),
      ...(random.below(2) === 0 && { sequential: true }),
      ...(deadlines !== undefined && { deadlines, deadlineMs: 1 + random.below(500) }),
      asksTrackers: true,
    };
  });
  return {
    ...plan,
    limits: { ...plan.limits, ...(random.below(2) === 0 && { deadlinesMax: 1 + random.below(4) }) },
    faults: [...(plan.faults ?? []), ...demands],
    healMs: Math.max(plan.healMs ?? 0, endOf(demands)),
  };
}
