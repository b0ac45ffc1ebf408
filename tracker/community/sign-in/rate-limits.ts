/**
 * How often something may be done: token buckets, one for each key (an account, an address, a name at an address).
 * Pure: told the time, it answers whether now is too soon, and how long to wait.
 *
 * Invariant: never more than `burst` at once and never more than `burst + elapsed / everyMs` in all, for a key that is
 * remembered. At most `keysMax` keys are remembered; the bucket that is nearest to full is forgotten first. So to have one
 * forgotten an attacker must drain `keysMax` others as deep: that costs more than it gains.
 */
export interface RateLimit {
  /** So many at once. */
  readonly burst: number;
  /** Then one more after each of these. */
  readonly everyMs: number;
}

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

/** What the routes ask for. Each figure is far above what a person does and far below what hurts. */
export const rateLimits = {
  /** Guessing a password: ten, then four an hour, for one name from one address. */
  signInPerNameAndAddress: { burst: 10, everyMs: 15 * minuteMs },
  /** One address trying many names: a school behind one address signs in like that, too. */
  signInPerAddress: { burst: 60, everyMs: 10 * secondMs },
  /** The same for an IPv6 /48, the most that providers give to one customer: ten such schools. */
  signInPerNetwork: { burst: 600, everyMs: secondMs },
  /** Where the name signed in before, whatever its neighbours behind the same address do. Each costs a hash. */
  signInPerKnownPair: { burst: 20, everyMs: minuteMs },
  /** Refuses nobody: how many of late there were for one name, up to 2,000; see guesses.ts. */
  wrongPasswordsPerName: { burst: 2_000, everyMs: minuteMs },
  /** By key: a signature costs 0.1 ms to check, and nobody guesses one. */
  keySignInPerAddress: { burst: 60, everyMs: secondMs },
  challengePerAddress: { burst: 60, everyMs: secondMs },
  registrationPerAddress: { burst: 10, everyMs: 6 * minuteMs },
  /** With an invitation or the first owner's token; who comes in with one is not counted, so these are misspelt ones. */
  invitedRegistrationPerAddress: { burst: 30, everyMs: minuteMs },
  /** Talking fast is two seconds a message. */
  messagePerAccount: { burst: 15, everyMs: 2 * secondMs },
  publicationPerAccount: { burst: 200, everyMs: secondMs },
  /** Several accounts behind one address: a household, not a crowd. */
  publicationPerAddress: { burst: 400, everyMs: secondMs / 2 },
  /** In units of 64 KiB: 256 MiB are the torrents of some 2,000 albums, then half a MiB a second. */
  uploadPerAccount: { burst: 4_096, everyMs: 125 },
  uploadPerAddress: { burst: 8_192, everyMs: 62 },
  /** Of thousands of files or many tracks: a whole archive as one release. A change of who sees one counts as well. */
  largePublicationPerAccount: { burst: 10, everyMs: minuteMs },
  largePublicationPerAddress: { burst: 20, everyMs: minuteMs / 2 },
  /** Follows, wishes, rooms, groups, invitations. */
  changePerAccount: { burst: 60, everyMs: 2 * secondMs },
  /** A walk through all that is known of an account. */
  exportPerAccount: { burst: 3, everyMs: 10 * minuteMs },
  /** An evening of noise in a room; moderators read each of them. */
  reportPerAccount: { burst: 20, everyMs: 3 * minuteMs },
  /** Search as you type: a key stroke every 100 ms. */
  searchPerAddress: { burst: 60, everyMs: 50 },
  /** Everything together, good sessions or forged ones: a client that starts asks for some hundred things. */
  callPerAddress: { burst: 1_000, everyMs: 20 },
} as const satisfies Readonly<Record<string, RateLimit>>;

/** Some 20 MB when all are taken. */
const keysMaxDefault = 100_000;

export interface RateGate {
  /** 0: it may go on, and was counted `cost` times. Otherwise so many milliseconds too soon, and not counted. */
  take(key: string, nowMs: number, cost?: number): number;
  /** What was counted and should not have been: a password that was right. */
  giveBack(key: string, cost?: number): void;
  /** How many were counted that time has not made good yet, rounded up. */
  debt(key: string, nowMs: number): number;
}

export function openRateGate({ burst, everyMs }: RateLimit, keysMax = keysMaxDefault): RateGate {
  /** Key → when its bucket is full again. */
  const fullAt = new Map<string, number>();
  /** The keys again, by the interval in which they are full: a ring, since none lies further ahead than `burst`. */
  const ring = Array.from({ length: burst + 2 }, () => new Set<string>());
  /** Intervals before this one hold no key. */
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

  /** Buckets that are full say nothing. */
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

/** One customer of a provider is one key: an IPv4 address, or the /64 of an IPv6 one. 4 or 16 bytes. */
export function addressKey(address: Uint8Array): string {
  return Buffer.from(address.length === 16 ? address.subarray(0, 8) : address).toString('hex');
}
