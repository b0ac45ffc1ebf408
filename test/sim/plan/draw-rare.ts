/**
 * Draws what a swarm seldom meets: households that are unbanned within the run and lie again; hosts limited
 * to a few hundred bytes a second; trackers that name a time to come back, and are back earlier.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { Randomness } from '../kernel/randomness.ts';
import { endOf } from './draw-faults.ts';
import { isDear } from './draw-narrow.ts';
import { bytesOf } from './files.ts';
import type { Fault, PeerPlan, SwarmPlan, TrackerPlan } from './schema.ts';

/** At a few hundred bytes a second, more would take hours. */
const slowBytesMax = 48 * 1024;

export function drawRare(randomness: Randomness, plan: SwarmPlan): SwarmPlan {
  const trackers = plan.trackers ?? [];
  const comebacks = drawComebacks(randomness.of('plan comebacks'), trackers);
  const faults = [...(plan.faults ?? []), ...comebacks];
  return {
    ...plan,
    limits: { ...plan.limits, ...drawHouseholdBan(randomness.of('plan household bans')) },
    trackers: comebacks.length === 0 ? trackers : trackers.map((one) => ({ retryMinutes: 1, ...one })),
    peers: drawSlow(randomness.of('plan slow'), plan),
    faults,
    healMs: Math.max(plan.healMs ?? 0, endOf(comebacks)),
  };
}

function drawHouseholdBan(random: Prng) {
  return random.below(2) === 0 ? {} : { hostBanFirstMs: 1_000 + random.below(4_000) };
}

/** A rate-limited peer must not be the only one with a piece: all others would wait for it. */
function drawSlow(random: Prng, plan: SwarmPlan): PeerPlan[] {
  if (
    random.below(6) > 0 ||
    bytesOf(plan.torrent) > slowBytesMax ||
    plan.torrents !== undefined ||
    isDear(plan)
  )
    return [...plan.peers];
  return plan.peers.map((peer, i) => {
    const isFirst = i === 0;
    const isHonest = (peer.role ?? 'honest') === 'honest';
    return isFirst || !isHonest || random.below(2) === 0
      ? peer
      : { ...peer, uploadBpsMax: 201 + random.below(1_200) };
  });
}

/**
 * The tracker refuses for a while and restarts in the middle of that; clients with an alive stream notice the
 * restart.
 */
function drawComebacks(random: Prng, trackers: readonly TrackerPlan[]): Fault[] {
  if (trackers.length === 0 || random.below(6) > 0) return [];
  const tracker = trackers[random.below(trackers.length)]!.name;
  const atMs = 4_000 + random.below(12_000);
  const forMs = 12_000 + random.below(15_000);
  const returns = Array.from({ length: 2 }, (): Fault => {
    const snapshot = random.below(2) === 0 && { snapshot: true };
    return { type: 'tracker-restart', tracker, atMs: atMs + random.below(forMs), ...snapshot };
  });
  return [{ type: 'tracker', tracker, kind: 'refusing', atMs, forMs }, ...returns];
}
