/**
 * Crowded tracker: among the peers it names are thousands that do not exist. Attacks the peer directory and the dialer:
 * the table has an end, the dials under way have an end, and the few real peers are found all the same.
 */
import type { PeerAddress, TrackerAnswer } from '../../../client/engine/contract.ts';
import type { Stage } from './stage.ts';

/** Addresses of RFC 2544's range for tests (198.18.0.0/15): nobody is there. */
export function deadAddresses(count: number, random: Stage['random']): PeerAddress[] {
  return Array.from({ length: count }, () => ({
    host: `198.${18 + random.below(2)}.${random.below(256)}.${random.below(256)}`,
    port: 1_024 + random.below(64_512),
  }));
}

/** The tracker's answer among the dead, who come first. */
export function crowded(answer: TrackerAnswer, dead: readonly PeerAddress[]): TrackerAnswer {
  return { ...answer, peers: [...dead, ...answer.peers] };
}
