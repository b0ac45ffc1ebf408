/**
 * What was drawn one by one may be too much together: a swarm that cannot end, or takes an hour, and no host is to blame.
 * Such plans get a little more room.
 */
import { links } from '../world/link.ts';
import type { SwarmPlan } from './schema.ts';

/** Dials under way below which a tracker names few dead addresses, and how many. */
const few = 10;
/** No drawn line is slower (docs/simulation.md, "Not solved"). */
export const slowestBps = 10_000;
/** BEP 9. */
const metadataBlockBytes = 16 * 1024;

export function withSlack(plan: SwarmPlan): SwarmPlan {
  return withRoomToKnock(withTimeForMetadata(withRoomForTalk(withFewDead(plan))));
}

/**
 * An engine dials a host once for each torrent that both may have, in one moment: with room for one handshake alone the
 * later dial drives the earlier out, each time anew. Seed 10016902 of 30 November.
 */
function withRoomToKnock(plan: SwarmPlan): SwarmPlan {
  const { limits, torrents = [] } = plan;
  const least = 1 + torrents.length;
  if ((limits?.halfOpenPerHostMax ?? least) >= least) return plan;
  const halfOpenMax = Math.max(limits?.halfOpenMax ?? least, least);
  return { ...plan, limits: { ...limits, halfOpenPerHostMax: least, halfOpenMax } };
}

/** With two dials at a time, hundreds of dead addresses cost an hour of virtual time and half a minute of ours: seed 1630. */
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
 * What two flooders may say fills a line of 10 kB/s, and a peer that comes anew is not heard: docs/simulation.md, "Not solved",
 * and seed 73200873 of 30 November.
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
 * A block of metadata is heard when all of it is here, where streams are whole: patience for less than three on the slowest
 * line finds every seed silent, again and again. Seed 9100806 of 30 November.
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

/** No line with a name is slower than ADSL. */
function upBpsOf(link: SwarmPlan['peers'][number]['link']): number {
  if (typeof link === 'object' && link.upBps !== undefined) return link.upBps;
  return links.adsl.up * 1_000;
}
