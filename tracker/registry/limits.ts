/**
 * Limits and intervals of the registry, with the reason for each figure. A peer over a limit is not listed,
 * but still gets peers and a warning.
 */
import type { ExternalAddresses } from './asker-view.ts';

export interface RegistryOptions {
  /**
   * Sent to each peer, plus up to a tenth at random, so that announces spread out after a restart of the
   * tracker.
   */
  readonly intervalSeconds: number;
  /** Advice to clients that run out of peers. Not enforced, since a refusal costs as much as an answer. */
  readonly minIntervalSeconds: number;
  /**
   * For this long after its first announce, a registry that began without peers gives leechers the
   * `gatheringIntervalSeconds`. After a restart peers return one by one, so that an early asker gets few of
   * them.
   */
  readonly gatheringSeconds: number;
  readonly gatheringIntervalSeconds: number;
  /** How long a peer stays listed after its last announce: long enough to miss one announce. */
  readonly peerTimeoutSeconds: number;
  /** Swarms in all. An empty swarm is removed at once, so all of these have peers. */
  readonly torrentsMax: number;
  /** Records in all. A record is one peer in one swarm and takes about 60 bytes. */
  readonly peersMax: number;
  /** Peers in one swarm. A reply has at most 200 peers, so more of them only fill memory. */
  readonly peersPerTorrentMax: number;
  /** Peers per IPv4 address or IPv6 /64, over all torrents. A large library seeds 10,000. */
  readonly peersPerAddressMax: number;
  /**
   * Peers per IPv4 address or IPv6 /64 in one swarm: enough for a household, not for a thousand forged ports.
   */
  readonly peersPerAddressAndTorrentMax: number;
  /** Which torrents are served. All others get the same answer, whether they exist or not. */
  readonly isAllowed: (infoHash: Uint8Array) => boolean;
  /**
   * What outsiders get for peers on the tracker's machine and in its network. If empty, they do not get such
   * peers.
   */
  readonly externalAddresses: ExternalAddresses;
  /** A 32-bit secret, so that peers cannot choose ports and hashes that collide in the registry's tables. */
  readonly hashSeed: number;
}

const intervalSecondsDefault = 15 * 60;

/** Twice the load that one process is meant for: 100,000 torrents and 1,000,000 peers. */
const registryDefaults: RegistryOptions = {
  intervalSeconds: intervalSecondsDefault,
  minIntervalSeconds: 30,
  gatheringSeconds: 0,
  // For leechers only, which are few compared with seeds. A fifth of the interval does not overload the
  // tracker.
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

/** Covers one missed announce, the random tenth of the next one, and a minute's delay of a busy machine. */
function peerTimeoutFor(intervalSeconds: number): number {
  return Math.ceil(2.2 * intervalSeconds) + 60;
}

/** After this time every peer that keeps to its interval, random tenth included, has announced again. */
export function gatheringFor(intervalSeconds: number): number {
  return Math.ceil(1.1 * intervalSeconds);
}

/** Fills in defaults. Throws RangeError if the intervals contradict each other. */
export function resolveOptions(given: Partial<RegistryOptions>): RegistryOptions {
  const intervalSeconds = given.intervalSeconds ?? registryDefaults.intervalSeconds;
  const options = { ...registryDefaults, peerTimeoutSeconds: peerTimeoutFor(intervalSeconds), ...given };
  const fits =
    options.minIntervalSeconds >= 1 &&
    options.intervalSeconds >= options.minIntervalSeconds &&
    // Otherwise a punctual peer would be dropped between two announces.
    options.peerTimeoutSeconds > 1.1 * options.intervalSeconds;
  if (!fits) {
    const { minIntervalSeconds, peerTimeoutSeconds } = options;
    throw new RangeError(
      `intervals: min ${minIntervalSeconds}, ${intervalSeconds}, timeout ${peerTimeoutSeconds}`,
    );
  }
  return options;
}
