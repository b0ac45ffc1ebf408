/**
 * Checks that peer selection is fair: while a swarm does not change, every peer is listed as often as any
 * other of its kind, and first as often. There are enough replies to detect a list that never begins at its
 * end or omits a peer.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import { Registry } from '../../../tracker/registry.ts';
import { hexOf } from './addresses.ts';

/** A few microseconds each. */
const answers = 600;
/**
 * A deviation that occurs by chance once in e^32 (about 8e13) times. A run checks about thirty counts, so one
 * run in 10^12 fails wrongly.
 */
const surpriseMax = 32;

/** Describes the deviation, or undefined. */
export function judgeFairness(random: Prng): string | undefined {
  const registry = new Registry({ hashSeed: random.below(2 ** 21) });
  const infoHash = new Uint8Array(20).fill(7);
  const below = (bound: number) => random.below(bound);
  const isIpv6 = random.below(2) === 0;
  const [seeds, leechers] = [2 + random.below(7), 2 + random.below(7)];
  const announce = (n: number, left: number, numWant: number) =>
    registry.announce(
      {
        ...{ infoHash, peerId: new Uint8Array(20).fill(n), port: 6_881, uploaded: 1, downloaded: 1 },
        ...{ left, event: undefined, numWant, compact: true },
      },
      { remote: addressOf(n, isIpv6) },
      0,
      below,
    );
  for (let n = 1; n <= seeds + leechers; n++) announce(n, n <= seeds ? 0 : 7, 0);
  // The requester is a leecher at any place in the list.
  const asker = seeds + 1 + random.below(leechers);
  const numWant = 2 + random.below(4);
  const isSeedOf = new Map<string, boolean>();
  for (let n = 1; n <= seeds + leechers; n++)
    if (n !== asker) isSeedOf.set(hexOf(addressOf(n, isIpv6)), n <= seeds);
  const named = new Map<string, number>();
  const firsts = new Map<string, number>();
  const times = { true: 0, false: 0 };
  for (let answer = 0; answer < answers; answer++) {
    const reply = announce(asker, 7, numWant);
    if ('failureReason' in reply) return `refuses: ${reply.failureReason}`;
    const [packed, bytes] = isIpv6 ? [reply.peers6, 18] : [reply.peers, 6];
    const begun = new Set<boolean>();
    for (let at = 0; at < packed.length; at += bytes) {
      const host = hexOf(packed.subarray(at, at + bytes - 2));
      const isSeed = isSeedOf.get(host);
      if (isSeed === undefined) return `names ${host}, who is not listed`;
      named.set(host, 1 + (named.get(host) ?? 0));
      times[`${isSeed}`] += 1;
      if (!begun.has(isSeed)) firsts.set(host, 1 + (firsts.get(host) ?? 0));
      begun.add(isSeed);
    }
  }
  for (const [host, isSeed] of isSeedOf) {
    const there = isSeed ? seeds : leechers - 1;
    const each = times[`${isSeed}`] / answers;
    // When all are listed, their order is that of the list.
    if (each === 0 || each >= there) continue;
    for (const [what, count, share] of [
      ['named', named.get(host) ?? 0, each / there],
      ['named first', firsts.get(host) ?? 0, 1 / there],
    ] as const)
      if (surprise(count, share) > surpriseMax)
        return `of ${answers} answers ${host} is ${what} in ${count}; about ${Math.round(share * answers)} it should`;
  }
  return undefined;
}

/**
 * Chernoff bound: a count this far from its share, or farther, has at most the probability e to the power of
 * minus this.
 */
function surprise(count: number, share: number): number {
  const seen = count / answers;
  const term = (a: number, b: number) => (a === 0 ? 0 : a * Math.log(a / b));
  return answers * (term(seen, share) + term(1 - seen, 1 - share));
}

function addressOf(n: number, isIpv6: boolean): Uint8Array {
  if (!isIpv6) return Uint8Array.of(198, 51, 100, n);
  const address = new Uint8Array(16);
  address.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, n]);
  return address;
}
