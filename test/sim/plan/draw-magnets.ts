/**
 * Draws magnets among peers that send wrong metadata, reject requests or stay silent, with short timeouts, in
 * one small swarm of sixteen. In other swarms most magnets find metadata at once.
 */
import { assertLimits, defaultLimits, type Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { isDear } from './draw-narrow.ts';
import type { SwarmPlan } from './schema.ts';

export function drawMagnets(random: Prng, plan: SwarmPlan): SwarmPlan {
  if (random.below(16) > 0 || isDear(plan)) return plan;
  const metadataTimeoutMs = 1_000 + random.below(4_000);
  const limits: Partial<Limits> = {
    ...plan.limits,
    metadataTimeoutMs,
    metadataFetchMsMax: metadataTimeoutMs + random.below(4_000),
    metadataSourcesMax: 1 + random.below(3),
    metadataRequestsMax: 1 + random.below(4),
  };
  try {
    assertLimits({ ...defaultLimits, ...limits });
  } catch {
    return plan;
  }
  // In a swarm with address families, a peer without a family may be unable to reach any seed.
  const place = plan.peers.some(({ family }) => family !== undefined) ? { family: 'both' as const } : {};
  return {
    ...plan,
    limits,
    peers: [
      ...plan.peers,
      { name: 'seeker', count: 1 + random.below(2), magnet: true, joinMs: random.below(8_000), ...place },
      { name: 'forger', role: 'metadata-liar', count: 1 + random.below(3), link: 'lan', ...place },
    ],
  };
}
