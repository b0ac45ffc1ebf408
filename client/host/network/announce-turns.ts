/**
 * Limits concurrent announces to one tracker. A client with thousands of torrents has thousands of announces
 * due at once: each waits for its turn, and its timeout starts then. The next announce is due one interval
 * after the answer, so they stay spread out.
 *
 * Invariant: announces go out in the order of their arrival, but `stopped` announces before all others.
 */

/** The number of connections to one tracker (web-request.ts): more announces would wait for those. */
const atOnceMax = 4;

interface Tracker {
  underWay: number;
  readonly farewells: (() => void)[];
  readonly others: (() => void)[];
}

export class AnnounceTurns {
  /** By origin; only trackers with an announce under way. */
  readonly #trackers = new Map<string, Tracker>();

  async run<T>(url: string, isFarewell: boolean, announce: () => Promise<T>): Promise<T> {
    const origin = URL.canParse(url) ? new URL(url).origin : url;
    let tracker = this.#trackers.get(origin);
    if (tracker === undefined) {
      tracker = { underWay: 0, farewells: [], others: [] };
      this.#trackers.set(origin, tracker);
    }
    const { farewells, others } = tracker;
    if (tracker.underWay >= atOnceMax) {
      // The announce that ends passes its slot on.
      await new Promise<void>((resolve) => (isFarewell ? farewells : others).push(resolve));
    } else tracker.underWay++;
    try {
      return await announce();
    } finally {
      const next = farewells.shift() ?? others.shift();
      if (next !== undefined) next();
      else if (--tracker.underWay === 0) this.#trackers.delete(origin);
    }
  }
}
