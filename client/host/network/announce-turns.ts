/**
 * A few announces to one tracker at a time. A client with thousands of torrents has thousands of announces in one moment:
 * each waits for its turn, and its time to be answered begins with that. Its next one is an interval after its answer, so
 * they stay spread from then on.
 *
 * Invariant: they go out in the order in which they came, but farewells before all others.
 */

/** As many as there are connections to one tracker (web-request.ts): more would wait for those. */
const atOnceMax = 4;

interface Tracker {
  underWay: number;
  readonly farewells: (() => void)[];
  readonly others: (() => void)[];
}

export class AnnounceTurns {
  /** By origin; only those with something under way. */
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
      // The one that ends passes its place on.
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
