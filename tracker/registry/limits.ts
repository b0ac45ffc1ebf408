/**
 * What the registry allows and for how long, with the reason for each figure. A limit sheds the listing and not the
 * service: a peer that cannot be listed any more still gets peers, and is told so.
 */
import type { ExternalAddresses } from './asker-view.ts';

export interface RegistryOptions {
  /** Told to every peer, with up to a tenth more at random: after a restart of the tracker the announces spread out. */
  readonly intervalSeconds: number;
  /** Advice to clients that run out of peers. Not enforced: refusing costs as much as answering. */
  readonly minIntervalSeconds: number;
  /**
   * So long after its first announce, a registry that began without peers has downloads ask again after
   * `gatheringIntervalSeconds`: after a restart the peers come back one by one, and one that asked early has heard of few.
   */
  readonly gatheringSeconds: number;
  readonly gatheringIntervalSeconds: number;
  /** How long a peer stays listed after its last announce: long enough to miss one. */
  readonly peerTimeoutSeconds: number;
  /** Swarms in all. An empty one is forgotten at once, so this many are alive. */
  readonly torrentsMax: number;
  /** Records in all: one is a peer in a swarm, and takes about 60 bytes. */
  readonly peersMax: number;
  /** In one swarm. Nobody is told of more than 200, so more only fill memory. */
  readonly peersPerTorrentMax: number;
  /** From one IPv4 address or IPv6 /64, over all torrents: a large library seeds 10,000. */
  readonly peersPerAddressMax: number;
  /** From one IPv4 address or IPv6 /64, in one swarm: a house behind one address, not a thousand ports of one liar. */
  readonly peersPerAddressAndTorrentMax: number;
  /** Which torrents are served. The others get one answer, whether they exist somewhere or not. */
  readonly isAllowed: (infoHash: Uint8Array) => boolean;
  /** What outsiders are told for peers on the tracker's machine and in its network. None: such peers are not told to them. */
  readonly externalAddresses: ExternalAddresses;
  /** A 32-bit secret, so that nobody can choose ports and hashes that collide in our tables. */
  readonly hashSeed: number;
}

const intervalSecondsDefault = 15 * 60;

/** Twice the load that one process is meant for: 100,000 torrents and 1,000,000 peers. */
const registryDefaults: RegistryOptions = {
  intervalSeconds: intervalSecondsDefault,
  minIntervalSeconds: 30,
  gatheringSeconds: 0,
  // Downloads alone, which are few beside seeds: a fifth of the interval is no storm.
  gatheringIntervalSeconds: 3 * 60,
  peerTimeoutSeconds: peerTimeoutFor(intervalSecondsDefault),
  torrentsMax: 200_000,
  peersMax: 2_000_000,
  peersPerTorrentMax: 20_000,
  peersPerAddressMax: 20_000,
  peersPerAddressAndTorrentMax: 64,
  isAllowed: () => true,
  externalAddresses: {},
  hashSeed: 0,
};

/** One announce may be missed, the next may be late by the random tenth, and a busy machine by a minute. */
function peerTimeoutFor(intervalSeconds: number): number {
  return Math.ceil(2.2 * intervalSeconds) + 60;
}

/** By then every peer has come back that keeps to the interval, with its random tenth. */
export function gatheringFor(intervalSeconds: number): number {
  return Math.ceil(1.1 * intervalSeconds);
}

/** Fills in what is not given and refuses what cannot work together. */
export function resolveOptions(given: Partial<RegistryOptions>): RegistryOptions {
  const intervalSeconds = given.intervalSeconds ?? registryDefaults.intervalSeconds;
  const options = { ...registryDefaults, peerTimeoutSeconds: peerTimeoutFor(intervalSeconds), ...given };
  const fits =
    options.minIntervalSeconds >= 1 &&
    options.intervalSeconds >= options.minIntervalSeconds &&
    // Otherwise a peer that keeps its appointments would be dropped between them.
    options.peerTimeoutSeconds > 1.1 * options.intervalSeconds;
  if (!fits) {
    const { minIntervalSeconds, peerTimeoutSeconds } = options;
    throw new RangeError(
      `intervals: min ${minIntervalSeconds}, ${intervalSeconds}, timeout ${peerTimeoutSeconds}`,
    );
  }
  return options;
}
