/**
 * A seed → a small random swarm with troubles, by swarm testing (Groce and others, 2012). The kinds of
 * trouble are drawn first, so that seeds differ in kind and not only in degree; then the peers, their lines,
 * and their limits, some of them extremely small.
 *
 * Rates are drawn so that a swarm takes some ten seconds of virtual time: faults must happen in the middle of
 * it.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { Randomness } from '../kernel/randomness.ts';
import { castOf } from './cast.ts';
import { drawBesides } from './draw-besides.ts';
import { crowdRoles, drawCrowd } from './draw-crowd.ts';
import { drawDemands } from './draw-demands.ts';
import { drawContentFaults, drawFaults, endOf } from './draw-faults.ts';
import { drawGiant } from './draw-giant.ts';
import { drawHarmLimits, drawLimits } from './draw-limits.ts';
import { drawMagnets } from './draw-magnets.ts';
import { drawMore } from './draw-more.ts';
import { drawNarrow } from './draw-narrow.ts';
import { drawFamilies, drawHouses } from './draw-places.ts';
import { drawRare } from './draw-rare.ts';
import { drawSides } from './draw-sides.ts';
import { drawUnforced } from './draw-unforced.ts';
import { drawFiles } from './files.ts';
import { hasMeeting } from './meetings.ts';
import { type PeerPlan, type Role, roles, type SwarmPlan, type TrackerPlan } from './schema.ts';
import { slowestBps, withSlack } from './slack.ts';
import { validatePlan } from './validate.ts';

const KiB = 1024;

/** The usual sizes, one that is no power of two, and one that is smaller than a block. */
const pieceSizes = [16 * KiB, 16 * KiB, 32 * KiB, 64 * KiB, 128 * KiB, 20_000, 5_000];

const hostileRoles: readonly Role[] = roles.filter(
  (role) => !['honest', 'old-client', 'mumbler', ...crowdRoles].includes(role),
);

/** `seed`: a u32. The same seed always gives the same plan. */
export function drawPlan(seed: number): SwarmPlan {
  const randomness = new Randomness(seed);
  const torrent = drawFiles(randomness.of('plan files'), drawTorrent(randomness.of('plan torrent')));
  const plainTrackers = drawTrackers(randomness.of('plan trackers'));
  const bytes = torrent.pieces * torrent.pieceBytes;
  const plainPeers = drawPeers(randomness.of('plan peers'), bytes);
  const { faults: worldFaults, healMs: worldHealMs } = drawFaults(
    randomness.of('plan faults'),
    plainPeers,
    plainTrackers,
  );
  const contentFaults = drawContentFaults(randomness.of('plan content'), plainPeers);
  const faults = [...worldFaults, ...contentFaults];
  const healMs = Math.max(worldHealMs, endOf(contentFaults));
  const mending =
    contentFaults.length === 0 ? plainPeers : drawMenders(randomness.of('plan menders'), plainPeers);
  const { peers: housed, houses } = drawHouses(randomness.of('plan houses'), mending);
  const { peers: placed, trackers } = drawFamilies(randomness.of('plan families'), housed, plainTrackers);
  const { peers, torrents, limits: sideLimits } = drawSides(randomness.of('plan sides'), placed);
  const usualLimits = drawLimits(randomness.of('plan limits'), torrent.pieceBytes);
  const harmLimits = contentFaults.length === 0 ? {} : drawHarmLimits(randomness.of('plan harm limits'));
  const crowd = drawCrowd(randomness.of('plan crowd'));
  const limits = { ...usualLimits, ...harmLimits, ...sideLimits, ...crowd.limits };
  const random = randomness.of('plan streams');
  const plan: SwarmPlan = {
    seed,
    torrent,
    ...(torrents.length > 0 && { torrents }),
    streams: random.below(2) === 0 ? 'recut' : 'whole',
    limits,
    trackers,
    ...drawBesides(randomness.of('plan strangers')),
    ...(houses.length > 0 && { houses }),
    peers: [...peers, ...crowd.peers],
    faults,
    healMs,
  };
  const more = drawMore(plan, randomness);
  const giant = drawGiant(randomness.of('plan giant'), more);
  const narrow = drawNarrow(randomness.of('plan narrow'), giant);
  const demanding = drawDemands(randomness.of('plan demands'), narrow);
  const unforced = drawUnforced(randomness.of('plan unforced'), demanding);
  const rare = drawRare(randomness, unforced);
  const drawn = withSlack(drawMagnets(randomness.of('plan magnets'), rare));
  // Several torrents need several connections for each host, so these limits override later draws.
  return introduced(validatePlan({ ...drawn, limits: { ...drawn.limits, ...sideLimits } }));
}

/**
 * Without a tracker, or with a single reachable peer, no two peers may be able to meet: then the second peer
 * knows the first.
 */
function introduced(plan: SwarmPlan): SwarmPlan {
  if (hasMeeting(castOf(plan))) return plan;
  const [one, other, ...others] = plan.peers as [PeerPlan, PeerPlan, ...PeerPlan[]];
  const { reachability, ...first } = withoutPlace(one);
  return { ...plan, peers: [first, { ...withoutPlace(other), knows: [first.name] }, ...others] };
}

function withoutPlace({ family, house, ...peer }: PeerPlan): PeerPlan {
  return peer;
}

function drawTorrent(random: Prng): SwarmPlan['torrent'] {
  const pieceBytes = oneOf(random, pieceSizes);
  // At most half a megabyte: a seed should cost milliseconds.
  const piecesMax = Math.min(40, Math.ceil((512 * KiB) / pieceBytes));
  return { pieces: 1 + random.below(piecesMax), pieceBytes, lastPieceBytes: 1 + random.below(pieceBytes) };
}

function drawTrackers(random: Prng): TrackerPlan[] {
  // Sometimes no tracker: then peers know only the addresses in their plan.
  const count = [1, 1, 1, 1, 2, 2, 3, 0][random.below(8)]!;
  return Array.from({ length: count }, (_, i) => ({
    name: `tracker-${i}`,
    intervalSeconds: oneOf(random, [10, 30, 60, 120]),
    ...(random.below(6) === 0 ? { deadAddresses: 1 + random.below(200) } : {}),
  }));
}

function drawPeers(random: Prng, bytes: number): PeerPlan[] {
  const seeds = 1 + random.below(2);
  const partial = random.below(3) === 0 ? 1 + random.below(3) : 0;
  const leechers = 1 + random.below(7);
  const hostile = random.below(2) === 0 ? 0 : 1 + random.below(3);
  const named = (name: string, count: number, draw: () => Partial<PeerPlan>): PeerPlan[] =>
    Array.from({ length: count }, (_, i) => ({ name: `${name}-${i}`, ...draw() }));
  const peers = [
    ...named('seed', seeds, () => ({ has: 'all', ...drawPlace(random, bytes) })),
    ...named('half', partial, () => ({
      has: { perMille: 100 + random.below(900) },
      ...drawPlace(random, bytes),
    })),
    ...named('leech', leechers, () => ({ ...drawPlace(random, bytes), ...drawStay(random) })),
    ...named('foe', hostile, () => ({ role: oneOf(random, hostileRoles), link: drawLink(random, bytes) })),
  ];
  // Some peers know the address of another, so that a swarm can form without a tracker.
  return peers.map((peer, i) => {
    const other = peers[random.below(peers.length)]!;
    return i > 0 && random.below(3) === 0 && other !== peer ? { ...peer, knows: [other.name] } : peer;
  });
}

/**
 * Half of the peers fetch again what a complete torrent has lost. The others leave it to the user, as the
 * real program does.
 */
function drawMenders(random: Prng, peers: readonly PeerPlan[]): PeerPlan[] {
  return peers.map((peer) => (random.below(2) === 0 ? { ...peer, mends: true } : peer));
}

function drawPlace(random: Prng, bytes: number): Partial<PeerPlan> {
  return {
    link: drawLink(random, bytes),
    ...(random.below(6) === 0 ? { reachability: oneOf(random, ['refuses', 'silent']) } : {}),
    ...(random.below(10) === 0 ? { uploadBpsMax: 20_000 + random.below(200_000) } : {}),
    ...(random.below(10) === 0 ? { downloadBpsMax: 20_000 + random.below(200_000) } : {}),
  };
}

function drawStay(random: Prng): Partial<PeerPlan> {
  const joinMs = random.below(3) === 0 ? random.below(20_000) : 0;
  return {
    joinMs,
    ...(random.below(8) === 0 ? { leaveMs: joinMs + 1 + random.below(60_000) } : {}),
    ...(random.below(8) === 0 ? { magnet: true } : {}),
  };
}

function drawLink(random: Prng, bytes: number): NonNullable<PeerPlan['link']> {
  if (random.below(4) === 0) return oneOf(random, ['lan', 'fibre', 'cable', 'adsl', 'mobile', 'satellite']);
  // One copy takes from one to ten seconds. A slower line can be flooded for good by a chatty peer on a fast
  // one (seed 5001709 at 9dd9364).
  const upBps = Math.max(slowestBps, Math.floor(bytes / (1 + random.below(10))));
  return {
    latencyMs: random.below(3) === 0 ? random.below(300) : random.below(40),
    jitterMs: random.below(3) === 0 ? random.below(200) : 0,
    upBps,
    downBps: upBps * (1 + random.below(8)),
    windowBytes: oneOf(random, [4 * KiB, 32 * KiB, 256 * KiB]),
    socketBytes: oneOf(random, [0, 8 * KiB, 64 * KiB]),
  };
}

function oneOf<T>(random: Prng, from: readonly T[]): T {
  return from[random.below(from.length)]!;
}
