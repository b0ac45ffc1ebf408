/**
 * Anonymous peers at a separate tracker, which has no part in the swarm: they announce in every way and from
 * every kind of address to a registry whose limits may be absurdly small. Its model judges each answer
 * (judged-registry.ts).
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { packAddress } from '../../../tracker/protocol/address.ts';
import type { AnnounceEvent, AnnounceRequest } from '../../../tracker/protocol/announce-query.ts';
import type { ExternalAddresses, RegistryOptions } from '../../../tracker/registry.ts';
import { judgeFairness } from './fairness.ts';
import { JudgedRegistry } from './judged-registry.ts';

export interface StrangersPlan {
  /** The number of actions, one after the other. */
  readonly steps: number;
  readonly torrents: number;
  /** Only some torrents are served, and their counters are kept. */
  readonly isPicky?: boolean;
  /** This many peers announce before everything else: more than the initial size of the tables. */
  readonly crowd?: number;
  /** Seconds since the start of the tracker. */
  readonly sinceSeconds?: number;
  readonly registry?: Partial<Omit<RegistryOptions, 'isAllowed'>>;
}

const events: readonly AnnounceEvent[] = ['started', 'completed', 'stopped', 'paused', undefined, undefined];
const wanted = [0, 1, 2, 3, 5, 10, 50, 200, 500];
const portsMax = 3;

/** Describes the first wrong answer, or undefined. */
export function playStrangers(plan: StrangersPlan, random: Prng): string | undefined {
  // With `isPicky` one of its torrents is not served.
  const isAllowed = (infoHash: Uint8Array) => plan.isPicky !== true || infoHash[0] !== 1;
  const externalAddresses = externalOf(random);
  const options = { hashSeed: random.below(2 ** 31), isAllowed, externalAddresses, ...plan.registry };
  let registry = new JudgedRegistry(options);
  // Outsiders could not distinguish two peers with one port behind one address.
  const isTold = random.below(2) === 0;
  const isAlone = 'ipv4' in externalAddresses || 'ipv6' in externalAddresses;
  const alone = random.below(2) === 0 ? '127.0.0.1' : '192.168.1.2';
  const hosts = hostsOf(random).filter((host) => {
    if (!isInside.test(host)) return true;
    return isAlone ? host === alone : !isTold || host !== '127.0.0.2';
  });
  let nowMs = 1_000 * (plan.sinceSeconds ?? 0);
  gather(registry, plan, nowMs, random);
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
      case 2:
        // Torrents on a list have no limit of their own, and a snapshot does not have their counters.
        if (plan.isPicky !== true && random.below(4) === 0) {
          const downSeconds = random.below(30);
          registry = registry.restarted(nowMs, downSeconds);
          nowMs += 1_000 * downSeconds;
        }
        break;
      case 3:
        // Moves to a full second, when timeouts are due exactly.
        nowMs += 1_000 - (nowMs % 1_000);
        registry.expire(nowMs);
        break;
      default: {
        const ours = isTold ? ownAddresses[random.below(ownAddresses.length)] : undefined;
        const address = {
          remote: packAddress(host)!,
          ...(ours !== undefined && { local: packAddress(ours)! }),
        };
        registry.announce(announceOf(infoHash, random), address, nowMs, (bound) => random.below(bound));
      }
    }
  }
  registry.expire(nowMs);
  // Longer than any timeout: everything is released.
  registry.expire(nowMs + 1_000_000_000);
  return registry.disbelief ?? judgeFairness(random);
}

/** The address at which the tracker was reached. Undefined: unknown behind a proxy. */
const ownAddresses = [undefined, '192.168.1.1', '192.0.2.9', '2001:db8:99::1', '2001:db8:0:1::99'] as const;

/** Addresses that are replaced in replies to outsiders. */
const isInside = /^(127\.|::1$|192\.168\.|10\.)/;

function externalOf(random: Prng): ExternalAddresses {
  const [ipv4, ipv6] = [packAddress('203.0.113.9')!, packAddress('2001:db8:77::1')!];
  return [{}, {}, { ipv4 }, { ipv6 }, { ipv4, ipv6 }][random.below(5)]!;
}

function gather(registry: JudgedRegistry, plan: StrangersPlan, nowMs: number, random: Prng): void {
  for (let n = 0; n < (plan.crowd ?? 0); n++) {
    const host = n % 5 === 0 ? `2001:db8:1:${n}::1` : `198.18.${n >> 8}.${n & 255}`;
    const infoHash = new Uint8Array(20).fill(1 + random.below(plan.torrents));
    const request = { ...announceOf(infoHash, random), event: undefined, numWant: 0 };
    registry.announce(request, { remote: packAddress(host)! }, nowMs + n, (bound) => random.below(bound));
  }
  registry.expire(nowMs + (plan.crowd ?? 0));
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

/**
 * Few enough that each comes often: several of one IPv6 network, the tracker's own machine, and hosts of its
 * network.
 */
function hostsOf(random: Prng): string[] {
  const hosts = ['127.0.0.1', '127.0.0.2', '::1', '192.168.1.2', '10.3.2.1', 'fd00::1', '100.64.0.7'];
  const ipv4 = 1 + random.below(24);
  const ipv6 = random.below(12);
  for (let n = 0; n < ipv4; n++) hosts.push(`198.51.100.${n + 1}`);
  for (let n = 0; n < ipv6; n++) hosts.push(`2001:db8:0:${n >> 2}::${(n & 3) + 1}`);
  return hosts;
}
