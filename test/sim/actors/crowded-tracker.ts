/**
 * Crowded tracker: its replies name thousands of peers that do not exist. Attacks the peer directory and the
 * dialer: the table and the number of half-open connections are limited, and the few real peers must be found
 * all the same.
 */
import type { PeerAddress, TrackerAnswer } from '../../../client/engine/contract.ts';
import type { Stage } from './stage.ts';

/** Addresses of 198.18.0.0/15, reserved for tests by RFC 2544. No simulated host has one. */
export function deadAddresses(count: number, random: Stage['random']): PeerAddress[] {
  return Array.from({ length: count }, () => ({
    host: `198.${18 + random.below(2)}.${random.below(256)}.${random.below(256)}`,
    port: 1_024 + random.below(64_512),
  }));
}

/** The tracker's reply with the dead addresses first. */
export function crowded(answer: TrackerAnswer, dead: readonly PeerAddress[]): TrackerAnswer {
  return { ...answer, peers: [...dead, ...answer.peers] };
}
