/**
 * Strangers at a tracker of their own, which has no part in the swarm: they come in every way there is, from every kind
 * of address, to a registry whose limits may be absurdly small. Its model judges each answer (judged-registry.ts).
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { packAddress } from '../../../tracker/protocol/address.ts';
import type { AnnounceEvent, AnnounceRequest } from '../../../tracker/protocol/announce-query.ts';
import type { RegistryOptions } from '../../../tracker/registry.ts';
import { JudgedRegistry } from './judged-registry.ts';

export interface StrangersPlan {
  /** What they do, one thing after the other. */
  readonly steps: number;
  readonly torrents: number;
  /** Only some torrents are served, and the counters of these are kept. */
  readonly isPicky?: boolean;
  readonly registry?: Partial<Omit<RegistryOptions, 'isAllowed'>>;
}

const events: readonly AnnounceEvent[] = ['started', 'completed', 'stopped', 'paused', undefined, undefined];
const wanted = [0, 1, 2, 3, 5, 10, 50, 200, 500];
const portsMax = 3;

/** The first thing that was wrong; undefined: nothing was. */
export function playStrangers(plan: StrangersPlan, random: Prng): string | undefined {
  // One of its torrents is not served where only some are.
  const isAllowed = (infoHash: Uint8Array) => plan.isPicky !== true || infoHash[0] !== 1;
  const registry = new JudgedRegistry({ hashSeed: random.below(2 ** 31), isAllowed, ...plan.registry });
  const hosts = hostsOf(random);
  let nowMs = 0;
  for (let step = 0; step < plan.steps && registry.disbelief === undefined; step++) {
    nowMs += random.below(20) === 0 ? random.below(40_000) : random.below(400);
    const infoHash = new Uint8Array(20).fill(1 + random.below(plan.torrents));
    const host = hosts[random.below(hosts.length)]!;
    switch (random.below(16)) {
      case 0:
        registry.expire(nowMs);
        break;
      case 1:
        if (plan.isPicky === true && isAllowed(infoHash)) registry.keep(infoHash);
        registry.scrape([infoHash, new Uint8Array(20).fill(200)]);
        break;
      default:
        registry.announce(announceOf(infoHash, random), { remote: packAddress(host)! }, nowMs, (bound) =>
          random.below(bound),
        );
    }
  }
  registry.expire(nowMs);
  return registry.disbelief;
}

export function announceOf(infoHash: Uint8Array, random: Prng): AnnounceRequest {
  const hasMoved = random.below(3) > 0;
  return {
    infoHash,
    peerId: new Uint8Array(20).fill(random.below(4)),
    port: 6_881 + random.below(portsMax),
    uploaded: hasMoved ? 1 : 0,
    downloaded: hasMoved ? random.below(2) : 0,
    left: random.below(2) === 0 ? 0 : 7,
    event: events[random.below(events.length)],
    numWant: wanted[random.below(wanted.length)]!,
    compact: true,
  };
}

/** Few enough that each comes often; of one IPv6 network several, and the tracker's own machine. */
function hostsOf(random: Prng): string[] {
  const hosts = ['127.0.0.1', '127.0.0.2', '::1'];
  const ipv4 = 1 + random.below(24);
  const ipv6 = random.below(12);
  for (let n = 0; n < ipv4; n++) hosts.push(`10.9.0.${n + 1}`);
  for (let n = 0; n < ipv6; n++) hosts.push(`2001:db8:0:${n >> 2}::${(n & 3) + 1}`);
  return hosts;
}
