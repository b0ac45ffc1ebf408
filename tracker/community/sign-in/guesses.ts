/**
 * Slows down the guessing of passwords. Pure: given the time, it answers whether a password may be tried now.
 *
 * Invariants:
 * - Wrong passwords slow down a name from one address, and an address for all names. They never refuse a
 *   name's first try from an address that has not tried it, so that a user with the right password gets in.
 * - Names without an account are counted like others, so that answers do not reveal which names exist.
 * - Memory is bounded, and the least important entries are forgotten first (rate-limits.ts).
 *
 * A name that is guessed from many addresses is not locked, since that would lock out its owner. But the more
 * recent wrong passwords there are, the fewer tries a new address gets. Addresses from which the name signed
 * in before keep all of theirs.
 */
import { openRateGate, rateLimits } from './rate-limits.ts';

/** `rank`: its place in the queue for the hash, lowest first; see turns.ts. */
export interface Attempt {
  readonly rank: number;
  /** Called once. `untried`: the password was not checked and does not count against the name. */
  settle(outcome: 'right' | 'wrong' | 'untried'): Warning | undefined;
}

/**
 * `of`: too many wrong passwords for this name from this address, or too many from this address for any name.
 */
export interface TooSoon {
  readonly waitMs: number;
  readonly of: 'name' | 'address';
}

/** What the owner of the name is notified of. */
export interface Warning {
  readonly wrong: number;
  readonly addresses: number;
}

export interface Guesses {
  /** `name`: from nameKey. `address`: from addressKey. */
  attempt(name: string, address: string, nowMs: number): Attempt | TooSoon;
}

/**
 * Recent wrong passwords for a name (one a minute is forgiven) → how many of its ten tries an unknown address
 * uses up with each try.
 */
const costs = [
  { wrong: 1_000, cost: 5 },
  { wrong: 100, cost: 3 },
] as const;
/** Enough for a home, a phone, a workplace and a few hotels. */
const knownAddressesPerName = 8;
/** Some 5 MB. Only successful sign-ins add to it, so that flushing it takes as many accounts. */
const namesKnownMax = 20_000;
/** Twenty are more than a user mistypes in a day. After that, one notice for each ten times as many. */
const warnedAt = new Set([20, 100, 1_000, 10_000, 100_000]);
const warningWindowMs = 86_400_000;
/** Names under attack. Pushing one out takes a wrong password, and so a hash, for each of the others. */
const talliesMax = 10_000;
/** Addresses counted per name; “1,000 addresses” is precise enough. */
const addressesCountedMax = 1_000;
/** Callers limit the length of names and addresses. An IPv6 key is the /64 in 16 hex digits. */
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
  /** Name → addresses from which it signed in, the latest last. */
  const known = new Map<string, string[]>();
  const tallies = new Map<string, Tally>();

  function attempt(name: string, address: string, nowMs: number): Attempt | TooSoon {
    const pair = `${address} ${name}`;
    const isKnown = known.get(name)?.includes(address) ?? false;
    const wrongOfLate = names.debt(name, nowMs);
    const cost = isKnown ? 1 : (costs.find(({ wrong }) => wrongOfLate >= wrong)?.cost ?? 1);
    const pairWaitMs = pairs.take(pair, nowMs, cost);
    if (pairWaitMs > 0) return { waitMs: pairWaitMs, of: 'name' };

    // Right passwords cost a hash too, so they count here like wrong ones.
    const isIpv6 = address.length === ipv6KeyDigits;
    const network = isIpv6 ? address.slice(0, network48Digits) : undefined;
    const waitMs = isKnown ? knownPairs.take(pair, nowMs) : takeBoth(address, network, nowMs);
    if (waitMs > 0) {
      pairs.giveBack(pair, cost);
      return { waitMs, of: 'address' };
    }
    // Counted at once, so that a thousand parallel tries are counted before the first is answered.
    const isCounted = names.take(name, nowMs) === 0;
    const rank = isKnown ? knownPairs.debt(pair, nowMs) - 1 : addresses.debt(address, nowMs);
    return {
      rank,
      settle(outcome) {
        if (outcome === 'wrong') return tally(name, address, nowMs);
        pairs.giveBack(pair, cost);
        if (isCounted) names.giveBack(name);
        // The buckets of addresses keep what they counted, even for untried attempts. An address that keeps
        // trying thus soon ranks behind a new one.
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
    // Moves the name to the end: the name whose last sign-in is oldest is forgotten first.
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
