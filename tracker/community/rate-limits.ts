/**
 * How often somebody may do something: token buckets, one for each key (an account, an address, a name at an address).
 * Pure: told the time, it answers whether now is too soon, and how long to wait.
 *
 * Invariant: never more than `burst` at once and never more than `burst + elapsed / everyMs` in all, for a key that is
 * remembered; at most `keysMax` keys are remembered, and the one that has been silent longest is forgotten first.
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
  /** Many addresses trying one name. Signing in by key is not counted: nobody guesses a signature. */
  signInPerName: { burst: 100, everyMs: minuteMs },
  challengePerAddress: { burst: 60, everyMs: secondMs },
  registrationPerAddress: { burst: 10, everyMs: 6 * minuteMs },
  /** With an invitation or the first owner's token; who comes in with one is not counted, so these are misspelt ones. */
  invitedRegistrationPerAddress: { burst: 30, everyMs: minuteMs },
  /** Talking fast is two seconds a message. */
  messagePerAccount: { burst: 15, everyMs: 2 * secondMs },
  publicationPerAccount: { burst: 200, everyMs: secondMs },
  /** Of thousands of files or many tracks: a whole archive as one release. A change of who sees one counts as well. */
  largePublicationPerAccount: { burst: 10, everyMs: minuteMs },
  /** Follows, wishes, rooms, groups, invitations. */
  changePerAccount: { burst: 60, everyMs: 2 * secondMs },
  /** An evening of noise in a room; moderators read each of them. */
  reportPerAccount: { burst: 20, everyMs: 3 * minuteMs },
  /** Search as you type: a key stroke every 100 ms. */
  searchPerAddress: { burst: 60, everyMs: 50 },
  /** Everything together, good sessions or forged ones: a client that starts asks for some hundred things. */
  callPerAddress: { burst: 1_000, everyMs: 20 },
} as const satisfies Readonly<Record<string, RateLimit>>;

/** Some 10 MB when all are taken. */
const keysMaxDefault = 100_000;

export interface RateGate {
  /** 0: it may go on, and was counted. Otherwise so many milliseconds too soon, and not counted. */
  take(key: string, nowMs: number): number;
  /** One that was counted and should not have been: a password that was right. */
  giveBack(key: string): void;
}

export function openRateGate({ burst, everyMs }: RateLimit, keysMax = keysMaxDefault): RateGate {
  /** Key → when its bucket is full again. The least recently counted stands first. */
  const fullAt = new Map<string, number>();
  const spanMs = burst * everyMs;
  return {
    take(key, nowMs) {
      const from = Math.max(fullAt.get(key) ?? 0, nowMs);
      const waitMs = from + everyMs - (nowMs + spanMs);
      if (waitMs > 0) return waitMs;
      // Behind all others.
      fullAt.delete(key);
      fullAt.set(key, from + everyMs);
      if (fullAt.size > keysMax) fullAt.delete(fullAt.keys().next().value!);
      return 0;
    },
    giveBack(key) {
      const at = fullAt.get(key);
      if (at !== undefined) fullAt.set(key, at - everyMs);
    },
  };
}

/** One customer of a provider is one key: an IPv4 address, or the /64 of an IPv6 one. 4 or 16 bytes. */
export function addressKey(address: Uint8Array): string {
  return Buffer.from(address.length === 16 ? address.subarray(0, 8) : address).toString('hex');
}
