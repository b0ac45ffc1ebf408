/**
 * Rate limits: a token bucket per key (an account, an address, a name at an address). Pure: given the time,
 * it answers whether an action is allowed now, and otherwise how long to wait.
 *
 * Invariant: a remembered key is allowed at most `burst` at once and `burst + elapsed / everyMs` in all. At
 * most `keysMax` keys are remembered; the bucket nearest to full is forgotten first. To have a bucket
 * forgotten, an attacker must drain `keysMax` others as far, which costs more than it gains.
 */
export interface RateLimit {
  /** So many at once. */
  readonly burst: number;
  /** Then one more per this interval. */
  readonly everyMs: number;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

/** The limits of the routes. Each is far above normal use and far below what harms the tracker. */
export const rateLimits = {
  /** Password tries for one name from one address: ten, then four an hour. */
  signInPerNameAndAddress: { burst: 10, everyMs: 15 * minuteMs },
  /** All names from one address: enough for a school behind one address. */
  signInPerAddress: { burst: 60, everyMs: 10 * secondMs },
  /** The same for an IPv6 /48, the most that providers give to one customer: enough for ten such schools. */
  signInPerNetwork: { burst: 600, everyMs: secondMs },
  /** From an address where the name signed in before, independent of others there. Each try costs a hash. */
  signInPerKnownPair: { burst: 20, everyMs: minuteMs },
  /** Refuses no try: it counts the recent wrong passwords of a name, up to 2,000; see guesses.ts. */
  wrongPasswordsPerName: { burst: 2_000, everyMs: minuteMs },
  /** Signing in by key: a signature takes 0.1 ms to check and cannot be guessed. */
  keySignInPerAddress: { burst: 60, everyMs: secondMs },
  challengePerAddress: { burst: 60, everyMs: secondMs },
  registrationPerAddress: { burst: 10, everyMs: 6 * minuteMs },
  /**
   * With an invitation or the first owner's token. Valid ones are not counted, so these are mistyped ones.
   */
  invitedRegistrationPerAddress: { burst: 30, everyMs: minuteMs },
  /** A fast writer needs two seconds per message. */
  messagePerAccount: { burst: 15, everyMs: 2 * secondMs },
  publicationPerAccount: { burst: 200, everyMs: secondMs },
  /** Several accounts behind one address: enough for a household. */
  publicationPerAddress: { burst: 400, everyMs: secondMs / 2 },
  /** In units of 64 KiB: 256 MiB, the torrents of some 2,000 albums, then half a MiB a second. */
  uploadPerAccount: { burst: 4_096, everyMs: 125 },
  uploadPerAddress: { burst: 8_192, everyMs: 62 },
  /**
   * Releases of thousands of files or many tracks, such as a whole archive. Changes of who sees one count
   * too.
   */
  largePublicationPerAccount: { burst: 10, everyMs: minuteMs },
  largePublicationPerAddress: { burst: 20, everyMs: minuteMs / 2 },
  /** Follows, wishes, rooms, groups, invitations. */
  changePerAccount: { burst: 60, everyMs: 2 * secondMs },
  /** An export reads everything about an account. */
  exportPerAccount: { burst: 3, everyMs: 10 * minuteMs },
  /** Enough for an evening of abuse in a room. Moderators read each report. */
  reportPerAccount: { burst: 20, everyMs: 3 * minuteMs },
  /** Search as you type: a keystroke every 100 ms. */
  searchPerAddress: { burst: 60, everyMs: 50 },
  /** All calls together, with valid or forged sessions. A client makes some hundred calls at its start. */
  callPerAddress: { burst: 1_000, everyMs: 20 },
} as const satisfies Readonly<Record<string, RateLimit>>;

/** Some 20 MB when full. */
const keysMaxDefault = 100_000;

export interface RateGate {
  /** 0: allowed, and counted `cost` times. Otherwise the milliseconds to wait, and not counted. */
  take(key: string, nowMs: number, cost?: number): number;
  /** Reverts a count, for instance when the password was right. */
  giveBack(key: string, cost?: number): void;
  /** How much of what was counted has not been refilled yet, rounded up. */
  debt(key: string, nowMs: number): number;
}

export function openRateGate({ burst, everyMs }: RateLimit, keysMax = keysMaxDefault): RateGate {
  /** Key → when its bucket is full again. */
  const fullAt = new Map<string, number>();
  /**
   * The keys by the interval in which they are full. A ring, since none is more than `burst` intervals ahead.
   */
  const ring = Array.from({ length: burst + 2 }, () => new Set<string>());
  /** Intervals before this one have no keys. */
  let first = 0;
  const spanMs = burst * everyMs;
  const setIn = (interval: number) => ring[interval % ring.length]!;
  const setOf = (atMs: number) => setIn(Math.floor(atMs / everyMs));

  function forget(key: string, atMs: number): void {
    setOf(atMs).delete(key);
    fullAt.delete(key);
  }

  function remember(key: string, atMs: number): void {
    fullAt.set(key, atMs);
    setOf(atMs).add(key);
    first = Math.min(first, Math.floor(atMs / everyMs));
  }

  /** Full buckets carry no information. */
  function forgetFull(nowMs: number): void {
    const current = Math.floor(nowMs / everyMs);
    for (let steps = 0; first < current && steps < ring.length; steps++, first++) {
      const full = setIn(first);
      for (const key of full) fullAt.delete(key);
      full.clear();
    }
    first = Math.max(first, current);
  }

  function forgetNearestToFull(): void {
    for (let at = first; ; at++) {
      const [key] = setIn(at);
      const fullAtMs = key === undefined ? undefined : fullAt.get(key);
      if (key === undefined || fullAtMs === undefined) continue;
      return forget(key, fullAtMs);
    }
  }

  return {
    take(key, nowMs, cost = 1) {
      forgetFull(nowMs);
      const before = fullAt.get(key);
      const atMs = Math.max(before ?? 0, nowMs) + cost * everyMs;
      const waitMs = atMs - (nowMs + spanMs);
      if (waitMs > 0) return waitMs;
      if (before !== undefined) forget(key, before);
      remember(key, atMs);
      if (fullAt.size > keysMax) forgetNearestToFull();
      return 0;
    },
    giveBack(key, cost = 1) {
      const at = fullAt.get(key);
      if (at === undefined) return;
      forget(key, at);
      const earlier = at - cost * everyMs;
      if (earlier >= first * everyMs) remember(key, earlier);
    },
    debt: (key, nowMs) => Math.max(0, Math.ceil(((fullAt.get(key) ?? 0) - nowMs) / everyMs)),
  };
}

/** One key per customer of a provider: an IPv4 address, or the /64 of an IPv6 address. 4 or 16 bytes. */
export function addressKey(address: Uint8Array): string {
  return Buffer.from(address.length === 16 ? address.subarray(0, 8) : address).toString('hex');
}
