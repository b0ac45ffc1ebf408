/**
 * Crowded tracker: among the peers it names are thousands that do not exist. Attacks the peer directory and the dialer:
 * the table has an end, the dials under way have an end, and the few real peers are found all the same.
 */
import type { Fact, PeerAddress } from '../../../client/engine/contract.ts';
import type { FactSink } from '../../../client/host/ports.ts';
import type { Stage } from './stage.ts';

/** Addresses of RFC 2544's range for tests (198.18.0.0/15): nobody is there. */
export function deadAddresses(count: number, random: Stage['random']): PeerAddress[] {
  return Array.from({ length: count }, () => ({
    host: `198.${18 + random.below(2)}.${random.below(256)}.${random.below(256)}`,
    port: 1_024 + random.below(64_512),
  }));
}

/** A way from a tracker to a peer on which every answer is swollen, the real peers last. */
export function crowded(sink: FactSink, dead: readonly PeerAddress[]): FactSink {
  return (fact) => sink(fact.type === 'announced' ? swollen(fact, dead) : fact);
}

function swollen(fact: Extract<Fact, { type: 'announced' }>, dead: readonly PeerAddress[]): Fact {
  return { ...fact, answer: { ...fact.answer, peers: [...dead, ...fact.answer.peers] } };
}
