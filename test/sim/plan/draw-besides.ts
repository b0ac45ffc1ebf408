/**
 * Draws what runs beside a drawn swarm: strangers and members at trackers of their own, hostile bytes and
 * wire talk. It has a random stream of its own, so that it does not change the swarm.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { SwarmPlan } from './schema.ts';

type Besides = Pick<SwarmPlan, 'strangers' | 'members' | 'hostileBytes' | 'wireTalk'>;

/** Most seeds have all of it, because it costs only a few milliseconds. */
export function drawBesides(random: Prng): Besides {
  const strangers = random.below(8) === 0 ? undefined : drawStrangers(random);
  const members =
    random.below(8) === 0
      ? undefined
      : {
          steps: 40 + random.below(80),
          signInRequired: random.below(4) === 0,
          ...(random.below(2) === 0 && { presentMax: 1 + random.below(3) }),
        };
  // Reading one sample takes a tenth of a millisecond.
  const hostileBytes = random.below(2) === 0 ? undefined : { steps: 10 + random.below(30) };
  if (strangers !== undefined && random.below(3) === 0) {
    strangers.isPicky = random.below(2) === 0;
    const gatheringIntervalSeconds = 1 + random.below(strangers.registry!.intervalSeconds!);
    Object.assign(strangers.registry!, { gatheringSeconds: 1 + random.below(60), gatheringIntervalSeconds });
  }
  return {
    ...(strangers && { strangers }),
    ...(members && { members }),
    ...(hostileBytes && { hostileBytes }),
    // One step takes a third of a millisecond.
    wireTalk: { steps: 2 + random.below(4) },
  };
}

function drawStrangers(random: Prng): NonNullable<SwarmPlan['strangers']> {
  const intervalSeconds = [10, 30, 100][random.below(3)]!;
  const small = (max: number) => (random.below(4) === 0 ? 1 + random.below(max) : 1_000);
  const hasCrowd = random.below(3) === 0;
  return {
    steps: 40 + random.below(100),
    torrents: 1 + random.below(4),
    // The tables of a tracker begin with room for 64 peers.
    ...(hasCrowd && { crowd: 65 + random.below(120) }),
    sinceSeconds: random.below(4) === 0 ? 0 : random.below(100_000),
    registry: {
      intervalSeconds,
      minIntervalSeconds: 1 + random.below(intervalSeconds),
      peerTimeoutSeconds: Math.ceil(1.1 * intervalSeconds) + 1 + random.below(intervalSeconds),
      torrentsMax: small(4),
      peersMax: small(40),
      peersPerTorrentMax: small(20),
      peersPerAddressMax: small(6),
      peersPerAddressAndTorrentMax: small(3),
    },
  };
}
