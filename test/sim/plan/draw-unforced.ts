/**
 * Draws disks with failing fsyncs, in one swarm of eight: stored pieces are lost several times, and fetched
 * again after a growing pause. In most of these swarms the pauses are short, so that a run sees several.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { drawNames, endOf } from './draw-faults.ts';
import type { Fault, SwarmPlan } from './schema.ts';

export function drawUnforced(random: Prng, plan: SwarmPlan): SwarmPlan {
  if (random.below(8) > 0) return plan;
  const honest = plan.peers.filter(({ role = 'honest' }) => role === 'honest').map(({ name }) => name);
  const faults = Array.from(
    { length: 1 + random.below(3) },
    (): Fault => ({
      type: 'disk',
      kind: 'sync-error',
      peers: drawNames(random, honest),
      atMs: random.below(8_000),
      forMs: 2_000 + random.below(25_000),
      ...(random.below(2) === 0 && { ppm: 300_000 + random.below(600_000) }),
    }),
  );
  const pauses = {
    diskRetryMs: 200 + random.below(2_000),
    lossRetryMaxMs: 500 + random.below(8_000),
    lossRoundMs: 1 + random.below(4_000),
  };
  return {
    ...plan,
    limits: { ...plan.limits, ...(random.below(4) > 0 && pauses) },
    faults: [...(plan.faults ?? []), ...faults],
    healMs: Math.max(plan.healMs ?? 0, endOf(faults)),
  };
}
