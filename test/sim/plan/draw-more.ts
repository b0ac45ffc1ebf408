/**
 * Draws additions with random streams of their own, so that earlier draws do not change: users who choose
 * files, old clients and odd peers, magnets that are disconnected repeatedly, tracker settings, connection
 * limits, and a long tick.
 */
import { assertLimits, defaultLimits, type Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { Randomness } from '../kernel/randomness.ts';
import { beginMsMax, drawNames, endOf } from './draw-faults.ts';
import { drawQueues } from './draw-queues.ts';
import type { Fault, PeerPlan, Role, SwarmPlan, TrackerPlan } from './schema.ts';

/**
 * Connections: enough for every honest peer to find another, and few enough for full tables. Ticks: longer
 * than half of the timeouts that they check, so that no code relies on a tick every half second.
 */
const knobs: readonly ((random: Prng) => Partial<Limits>)[] = [
  (random) => ({ connectionsPerTorrentMax: 8 + random.below(6) }),
  (random) => ({ connectionsMax: 9 + random.below(8), connectionsPerTorrentMax: 9 }),
  (random) => ({ connectionsPerHostMax: 1 + random.below(2) }),
  (random) => ({ tickMs: 2_000 + random.below(6_000) }),
  (random) => ({
    handshakeTimeoutMs: 3_000 + random.below(3_000),
    dialTimeoutMs: 2_000 + random.below(4_000),
  }),
  (random) => ({ deadlinesMax: 1 + random.below(8), deadlineLookMs: 500 + random.below(20_000) }),
  (random) => ({ refusedFirstMs: 1 + random.below(1_000), refusedMaxMs: 1_000 + random.below(5_000) }),
  (random) => ({ takeOverMs: 100 + random.below(3_000), trialLiarsFree: 1 }),
  (random) => ({
    metadataTimeoutMs: 2_000 + random.below(4_000),
    metadataFetchMsMax: 5_000 + random.below(9_000),
  }),
  (random) => ({ announceIntervalMinSeconds: 1 + random.below(60) }),
  (random) => ({ hostFullWaitMs: 1 + random.below(5_000), throttleMs: 10 + random.below(400) }),
];

export function drawMore(plan: SwarmPlan, randomness: Randomness): SwarmPlan {
  const faults = [
    ...(plan.faults ?? []),
    ...drawChoices(randomness.of('plan choices'), plan.peers),
    ...drawInterruptions(randomness.of('plan interruptions'), plan.peers),
  ];
  return {
    ...plan,
    limits: {
      ...drawBan(randomness.of('plan bans')),
      ...drawLimits(randomness.of('plan more limits'), plan.limits ?? {}),
    },
    trackers: drawWishes(randomness.of('plan wishes'), plan.trackers ?? []),
    peers: [
      ...drawQueues(randomness.of('plan queues'), plan.peers),
      ...drawOddOnes(randomness.of('plan odd ones'), plan.peers),
    ],
    faults,
    healMs: Math.max(plan.healMs ?? 0, endOf(faults)),
  };
}

/** Users who choose pieces, in one swarm of three. */
function drawChoices(random: Prng, peers: readonly PeerPlan[]): Fault[] {
  if (random.below(3) > 0) return [];
  const honest = peers.filter(({ role = 'honest' }) => role === 'honest').map(({ name }) => name);
  return Array.from({ length: 1 + random.below(4) }, (): Fault => {
    const fault: Fault = {
      type: 'choice',
      peers: drawNames(random, honest),
      atMs: random.below(3) === 0 ? random.below(500) : random.below(beginMsMax),
      wantedPerMille: [0, 300, 700, 1_000][random.below(4)]!,
    };
    return {
      ...fault,
      ...(random.below(3) > 0 && { forMs: 1 + random.below(20_000) }),
      ...(random.below(3) === 0 && { sequential: true }),
      ...(random.below(2) === 0 && { deadlines: 1 + random.below(12), deadlineMs: 1 + random.below(3_000) }),
    };
  });
}

/** Half of the magnets are disconnected several times while they fetch metadata. */
function drawInterruptions(random: Prng, peers: readonly PeerPlan[]): Fault[] {
  return peers
    .filter(({ magnet }) => magnet === true)
    .flatMap(({ name, joinMs = 0 }): Fault[] =>
      random.below(2) === 0
        ? []
        : Array.from(
            { length: 2 + random.below(5) },
            (): Fault => ({
              type: 'reset',
              peers: [name],
              atMs: joinMs + random.below(8_000),
            }),
          ),
    );
}

function drawOddOnes(random: Prng, peers: readonly PeerPlan[]): PeerPlan[] {
  if (random.below(3) > 0) return [];
  const roles: readonly Role[] = ['old-client', 'old-client', 'mumbler'];
  return Array.from({ length: 1 + random.below(2) }, (_, i) => ({
    name: `odd-${i}`,
    role: roles[random.below(roles.length)]!,
    // On the same kind of line as another peer of the swarm.
    ...(peers[0]?.link !== undefined && { link: peers[random.below(peers.length)]!.link ?? 'home' }),
  }));
}

function drawWishes(random: Prng, trackers: readonly TrackerPlan[]): TrackerPlan[] {
  return trackers.map((tracker) => ({
    ...tracker,
    ...(random.below(3) === 0 && { minIntervalSeconds: 1 + random.below(tracker.intervalSeconds ?? 60) }),
    ...(random.below(4) === 0 && { retryMinutes: 1 + random.below(3) }),
  }));
}

/**
 * A peer may have to wait out the ban of the peer it needs. With bans of an hour nearly all of a run is
 * waiting and costs as much as thirty others, so only one seed in eight has them.
 */
function drawBan(random: Prng): Partial<Limits> {
  return random.below(8) === 0 ? {} : { banMs: 60_000 + random.below(120_000) };
}

function drawLimits(random: Prng, limits: Partial<Limits>): Partial<Limits> {
  if (random.below(3) > 0) return limits;
  const more = knobs[random.below(knobs.length)]!(random);
  try {
    assertLimits({ ...defaultLimits, ...limits, ...more });
    return { ...limits, ...more };
  } catch {
    // These two limits contradict each other.
    return limits;
  }
}
