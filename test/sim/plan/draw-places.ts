/**
 * Draws where peers are. In one swarm of four some peers have IPv6, alone or besides IPv4; in one of four
 * some share a house.
 *
 * Not drawn: more peers in one house than a peer accepts from it. Peers without data could then keep out the
 * only one with data.
 */
import { defaultLimits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { HousePlan, PeerPlan, TrackerPlan } from './schema.ts';

interface Placed {
  readonly peers: PeerPlan[];
  readonly trackers: TrackerPlan[];
  readonly houses: HousePlan[];
}

export function drawFamilies(
  random: Prng,
  peers: readonly PeerPlan[],
  trackers: readonly TrackerPlan[],
): Pick<Placed, 'peers' | 'trackers'> {
  if (random.below(4) > 0) return { peers: [...peers], trackers: [...trackers] };
  // Most peers of a swarm have the same family: the others are the ones that cannot meet.
  const usual = (['ipv4', 'ipv6', 'both'] as const)[random.below(3)]!;
  return {
    peers: peers.map((peer) => ({
      ...peer,
      family: random.below(2) === 0 ? usual : (['ipv4', 'ipv6', 'both', 'both'] as const)[random.below(4)]!,
    })),
    trackers: trackers.map((tracker) =>
      random.below(4) === 0 ? { ...tracker, family: (['ipv4', 'ipv6'] as const)[random.below(2)]! } : tracker,
    ),
  };
}

export function drawHouses(random: Prng, peers: readonly PeerPlan[]): Pick<Placed, 'peers' | 'houses'> {
  if (random.below(4) > 0) return { peers: [...peers], houses: [] };
  const houses = Array.from({ length: 1 + random.below(2) }, (_, i) => ({
    name: `house-${i}`,
    ...(random.below(2) === 0 ? { hairpin: true } : {}),
  }));
  const members = new Map<string, number>();
  // Most peers behind a router can only be reached if it forwards a port.
  const placed = peers.map((peer): PeerPlan => {
    const house = houses[random.below(houses.length)]!.name;
    const count = members.get(house) ?? 0;
    if (random.below(2) === 0 || count >= defaultLimits.connectionsPerHostMax) return peer;
    members.set(house, count + 1);
    return random.below(3) === 0 ? { ...peer, house, reachability: 'silent' } : { ...peer, house };
  });
  return { peers: placed, houses };
}
