/**
 * Slows down the guessing of passwords. Pure: told the time, it answers whether a password may be tried now.
 *
 * Invariants:
 * - Wrong passwords slow down one name from one address, and one address for all names. They never refuse the first try
 *   of a name from an address that has not tried: who knows the password gets in.
 * - Names that no account has are counted like others, so that no answer tells which names there are.
 * - Memory is bounded, and what is forgotten first is what matters least (rate-limits.ts).
 *
 * A name that is guessed from many addresses cannot be shut (its owner would be shut out), but each new address gets
 * fewer tries the more wrong passwords there were of late. Addresses from which the name signed in before keep theirs.
 */
import { openRateGate, rateLimits } from './rate-limits.ts';

/** `rank`: its place in the line for the hash, low first; see turns.ts. */
export interface Attempt {
  readonly rank: number;
  /** Once. `untried`: the password was not looked at; it does not count against the name. */
  settle(outcome: 'right' | 'wrong' | 'untried'): Warning | undefined;
}

/** `of`: too many wrong passwords for this name from this address, or too many from this address for any name. */
export interface TooSoon {
  readonly waitMs: number;
  readonly of: 'name' | 'address';
}

/** What the owner of the name is to hear. */
export interface Warning {
  readonly wrong: number;
  readonly addresses: number;
}

export interface Guesses {
  /** `name`: as nameKey makes it. `address`: as addressKey makes it. */
  attempt(name: string, address: string, nowMs: number): Attempt | TooSoon;
}

/** By wrong passwords for one name of late (one a minute is forgiven): what a try from an unknown address costs of ten. */
const costs = [
  { wrong: 1_000, cost: 5 },
  { wrong: 100, cost: 3 },
] as const;
/** A household, a phone, a place of work and a few hotels. */
const knownAddressesPerName = 8;
/** Some 5 MB. Only signing in adds to it: flushing it takes as many accounts. */
const namesKnownMax = 20_000;
/** Twenty is more than a person mistypes in a day; then a message for each ten times as many. */
const warnedAt = new Set([20, 100, 1_000, 10_000, 100_000]);
const warningWindowMs = 86_400_000;
/** Names under attack. To push one out takes a wrong password, and its hash, for each of the others. */
const talliesMax = 10_000;
/** Of one tally; “1,000 addresses” says enough. */
const addressesCountedMax = 1_000;
/** Names and addresses of hostile size are cut by the doors before; an IPv6 key is the /64 in 16 hex digits. */
const ipv6KeyDigits = 16;
const network48Digits = 12;

interface Tally {
  readonly sinceMs: number;
  wrong: number;
  readonly addresses: Set<string>;
}

export function openGuesses(limits: typeof rateLimits = rateLimits): Guesses {
  const pairs = openRateGate(limits.signInPerNameAndAddress);
  const knownPairs = openRateGate(limits.signInPerKnownPair);
  const addresses = openRateGate(limits.signInPerAddress);
  const networks = openRateGate(limits.signInPerNetwork);
  const names = openRateGate(limits.wrongPasswordsPerName);
  /** Name → addresses it signed in from, the last one last. */
  const known = new Map<string, string[]>();
  const tallies = new Map<string, Tally>();

  function attempt(name: string, address: string, nowMs: number): Attempt | TooSoon {
    const pair = `${address} ${name}`;
    const isKnown = known.get(name)?.includes(address) ?? false;
    const wrongOfLate = names.debt(name, nowMs);
    const cost = isKnown ? 1 : (costs.find(({ wrong }) => wrongOfLate >= wrong)?.cost ?? 1);
    const pairWaitMs = pairs.take(pair, nowMs, cost);
    if (pairWaitMs > 0) return { waitMs: pairWaitMs, of: 'name' };

    // Right passwords cost a hash, too: they count here like wrong ones.
    const isIpv6 = address.length === ipv6KeyDigits;
    const network = isIpv6 ? address.slice(0, network48Digits) : undefined;
    const waitMs = isKnown ? knownPairs.take(pair, nowMs) : takeBoth(address, network, nowMs);
    if (waitMs > 0) {
      pairs.giveBack(pair, cost);
      return { waitMs, of: 'address' };
    }
    // At once, so that a thousand tries in parallel are counted before the first is answered.
    const isCounted = names.take(name, nowMs) === 0;
    const rank = isKnown ? knownPairs.debt(pair, nowMs) - 1 : addresses.debt(address, nowMs);
    return {
      rank,
      settle(outcome) {
        if (outcome === 'wrong') return tally(name, address, nowMs);
        pairs.giveBack(pair, cost);
        if (isCounted) names.giveBack(name);
        // The gates of addresses keep what they counted, also of tries for which there was no turn: so the rank of an
        // address that asks on and on is soon behind that of one that has just come.
        if (outcome === 'right') remember(name, address);
        return undefined;
      },
    };
  }

  function takeBoth(address: string, network: string | undefined, nowMs: number): number {
    const waitMs = addresses.take(address, nowMs);
    if (waitMs > 0 || network === undefined) return waitMs;
    const networkWaitMs = networks.take(network, nowMs);
    if (networkWaitMs > 0) addresses.giveBack(address);
    return networkWaitMs;
  }

  function remember(name: string, address: string): void {
    const before = known.get(name) ?? [];
    // Behind all others: the name that has not signed in for longest is forgotten first.
    known.delete(name);
    known.set(name, [...before.filter((other) => other !== address), address].slice(-knownAddressesPerName));
    if (known.size > namesKnownMax) forgetFirst(known);
  }

  function tally(name: string, address: string, nowMs: number): Warning | undefined {
    let entry = tallies.get(name);
    if (entry === undefined || nowMs - entry.sinceMs >= warningWindowMs) {
      entry = { sinceMs: nowMs, wrong: 0, addresses: new Set() };
    }
    tallies.delete(name);
    tallies.set(name, entry);
    if (tallies.size > talliesMax) forgetFirst(tallies);
    entry.wrong += 1;
    if (entry.addresses.size < addressesCountedMax) entry.addresses.add(address);
    return warnedAt.has(entry.wrong) ? { wrong: entry.wrong, addresses: entry.addresses.size } : undefined;
  }

  return { attempt };
}

function forgetFirst(names: Map<string, unknown>): void {
  const [first] = names.keys();
  if (first !== undefined) names.delete(first);
}
