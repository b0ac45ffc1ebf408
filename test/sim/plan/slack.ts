/**
 * Gives more room to plans whose draws are too much together: a swarm that cannot end, or takes an hour,
 * through the fault of no host.
 */
import { links } from '../world/link.ts';
import type { SwarmPlan } from './schema.ts';

/** With fewer dials under way than this, a tracker names at most this many dead addresses. */
const few = 10;
/** The slowest line that is drawn (docs/simulation.md, "Not solved"). */
export const slowestBps = 10_000;
/** BEP 9. */
const metadataBlockBytes = 16 * 1024;

export function withSlack(plan: SwarmPlan): SwarmPlan {
  return withRoomToKnock(withTimeForMetadata(withRoomForTalk(withFewDead(plan))));
}

/**
 * An engine dials a host once for each shared torrent, all at the same moment. With room for one handshake,
 * each later dial evicts the earlier one, every time. Seed 10016902 of 30 November.
 */
function withRoomToKnock(plan: SwarmPlan): SwarmPlan {
  const { limits, torrents = [] } = plan;
  const least = 1 + torrents.length;
  if ((limits?.halfOpenPerHostMax ?? least) >= least) return plan;
  const halfOpenMax = Math.max(limits?.halfOpenMax ?? least, least);
  return { ...plan, limits: { ...limits, halfOpenPerHostMax: least, halfOpenMax } };
}

/**
 * With two dials at a time, hundreds of dead addresses cost an hour of virtual time and half a minute of real
 * time: seed 1630.
 */
function withFewDead(plan: SwarmPlan): SwarmPlan {
  if ((plan.limits?.dialsMax ?? few) >= few) return plan;
  const trackers = (plan.trackers ?? []).map((tracker) =>
    tracker.deadAddresses === undefined
      ? tracker
      : { ...tracker, deadAddresses: Math.min(few, tracker.deadAddresses) },
  );
  return { ...plan, trackers };
}

/**
 * The allowed messages of two flooders fill a line of 10 kB/s, and a new peer is not heard:
 * docs/simulation.md, "Not solved", and seed 73200873 of 30 November.
 */
function withRoomForTalk(plan: SwarmPlan): SwarmPlan {
  const flooders = plan.peers.filter(({ role }) => role === 'flooder').length;
  const downMin = flooders * slowestBps;
  const peers = plan.peers.map((peer) =>
    typeof peer.link !== 'object' || (peer.link.downBps ?? downMin) >= downMin
      ? peer
      : { ...peer, link: { ...peer.link, downBps: downMin } },
  );
  return { ...plan, peers };
}

/**
 * Where streams are whole, a block of metadata arrives all at once. A timeout shorter than three blocks on
 * the slowest line makes every seed seem silent, repeatedly. Seed 9100806 of 30 November.
 */
function withTimeForMetadata(plan: SwarmPlan): SwarmPlan {
  const { metadataTimeoutMs, metadataFetchMsMax } = plan.limits ?? {};
  if (metadataTimeoutMs === undefined || metadataFetchMsMax === undefined) return plan;
  const slowest = Math.min(...plan.peers.map(({ link }) => upBpsOf(link)));
  const leastMs = 1_000 + Math.ceil((3 * metadataBlockBytes * 1_000) / slowest);
  if (metadataTimeoutMs >= leastMs) return plan;
  const limits = {
    ...plan.limits,
    metadataTimeoutMs: leastMs,
    metadataFetchMsMax: Math.max(leastMs, metadataFetchMsMax),
  };
  return { ...plan, limits };
}

/** ADSL is the slowest line that has a name. */
function upBpsOf(link: SwarmPlan['peers'][number]['link']): number {
  if (typeof link === 'object' && link.upBps !== undefined) return link.upBps;
  return links.adsl.up * 1_000;
}
