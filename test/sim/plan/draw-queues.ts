/** Draws peers with short request queues among peers that send many requests, in one swarm of four. */
import type { Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { PeerPlan } from './schema.ts';

/**
 * Smaller than the number of requests that the endgame, a deadline or a piece that changes hands sends at
 * once.
 */
const queueMax = 6;

export function drawQueues(random: Prng, peers: readonly PeerPlan[]): readonly PeerPlan[] {
  if (random.below(4) > 0) return peers;
  return peers.map((peer) => {
    if ((peer.role ?? 'honest') !== 'honest' || random.below(2) === 0) return peer;
    return { ...peer, limits: { ...peer.limits, ...smallQueue(1 + random.below(queueMax)) } };
  });
}

/**
 * The peer requests no more than that itself: the engine asserts that two equal engines never overrun each
 * other.
 */
function smallQueue(requests: number): Partial<Limits> {
  return {
    uploadQueueMax: requests,
    requestsOutstandingMax: requests,
    requestsReqqMax: requests,
    requestsOutstandingMin: 1,
    requestsOutstandingFirst: 1,
  };
}
