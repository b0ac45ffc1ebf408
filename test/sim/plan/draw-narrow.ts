/**
 * Draws swarms with a lasting shortage of upload slots, as a share of the small swarms. Lines are slow, each
 * peer has one to four slots, and chokers run several times a second, so that a run has many rounds.
 */
import { assertLimits, defaultLimits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { endOf } from './draw-faults.ts';
import { bytesOf } from './files.ts';
import type { Fault, SwarmPlan } from './schema.ts';

/** With three more peers on slow lines, more peers would cost as much as ten other runs. */
const peersMax = 9;
const healMsMax = 60_000;
const bytesMax = 1024 * 1024;

export function drawNarrow(random: Prng, plan: SwarmPlan): SwarmPlan {
  if (random.below(10) > 0 || isDear(plan)) return plan;
  // A single slot is always the optimistic one: then no peer is served for its upload rate.
  const uploadSlotsMin = 1 + random.below(3);
  const limits = {
    ...plan.limits,
    uploadSlotsMin,
    uploadSlotsMax: uploadSlotsMin + random.below(2),
    rechokeMs: 250 + random.below(250),
    optimisticRechokes: 1 + random.below(3),
    tickMs: 100 + random.below(150),
  };
  try {
    assertLimits({ ...defaultLimits, ...limits });
  } catch {
    return plan;
  }
  // One copy takes at most half a minute, which is about sixty rounds.
  const upBps = Math.max(10_000, Math.floor(bytesOf(plan.torrent) / 30));
  // In a swarm with address families, a peer without a family may be unable to reach any seed.
  const hasFamilies = plan.peers.some(({ family }) => family !== undefined);
  const harm = drawHarm(random, plan);
  return {
    ...plan,
    limits,
    faults: [...(plan.faults ?? []), ...harm],
    healMs: Math.max(plan.healMs ?? 0, endOf(harm)),
    peers: [
      ...plan.peers.map((peer) => ({
        ...peer,
        // A peer that loses pieces fetches them again, and keeps serving the others.
        ...(harm.length > 0 && (peer.role ?? 'honest') === 'honest' && { mends: true }),
        link: { upBps: upBps + random.below(upBps), downBps: 8 * upBps },
      })),
      {
        name: 'queue',
        count: 2 + random.below(3),
        link: { upBps, downBps: 8 * upBps },
        ...(hasFamilies && { family: 'both' }),
      },
    ],
  };
}

/** In one swarm of four a peer loses a file while blocks of it wait for a slow line. */
function drawHarm(random: Prng, { peers }: SwarmPlan): Fault[] {
  if (random.below(4) > 0) return [];
  const owners = peers.filter(({ role = 'honest' }) => role === 'honest');
  const kinds = ['deleted', 'changed', 'moved'] as const;
  return Array.from({ length: 1 + random.below(3) }, () => ({
    type: 'content',
    peers: [owners[random.below(owners.length)]!.name],
    atMs: 2_000 + random.below(30_000),
    kind: kinds[random.below(kinds.length)]!,
    place: random.below(1_000),
  }));
}

export function isDear({ peers, healMs = 0, torrent }: SwarmPlan): boolean {
  const peerCount = peers.reduce((sum, { count = 1 }) => sum + count, 0);
  return peerCount > peersMax || healMs > healMsMax || bytesOf(torrent) > bytesMax;
}
