/**
 * A tracker lists us under the address from which we ask, and names peers of that family first. A tracker whose name has
 * addresses of both families is therefore asked over the second family, too, whenever it has answered over the first:
 * peers that have only the second family learn of us, and we of them.                                           BEP 7
 *
 * Invariant: what happens here is no answer of the tracker for the engine. It brings peers; it changes no interval, and
 * when it fails nothing is said. A tracker that failed over its second family is asked so again only after a pause. To one
 * tracker, one announce after the other: a `stopped` must not overtake the `started` it ends.
 */
import type { AnnounceRequest, Fact } from '../../engine/contract.ts';
import type { FactSink } from '../ports.ts';

export type IpFamily = 4 | 6;

/** The second family is missing for hours as a rule: the first tries cost one failed connection each, later ones less. */
const pauseFirstMs = 10 * 60_000;
const pauseMsMax = 6 * 60 * 60_000;
/** Trackers that are remembered as failed: more than any client has. The oldest are forgotten, and asked once more. */
const pausesMax = 1_000;

interface Pause {
  readonly failures: number;
  readonly untilMs: number;
}

/** Calls `done` once, now or later. */
type Step = (done: () => void) => void;

export interface OtherFamilyParts {
  readonly sink: FactSink;
  /** One announce over this family alone. `isTyped`: as in web-request.ts. `done` hears the answer, or that there was none. */
  readonly ask: (
    announce: AnnounceRequest,
    isTyped: boolean,
    family: IpFamily,
    done: (fact: Fact) => void,
  ) => void;
  /** Never goes back. */
  readonly nowMs: () => number;
}

export class OtherFamily {
  readonly #parts: OtherFamilyParts;
  /** By torrent and tracker: the family besides the first under which the tracker lists us. */
  readonly #listed = new Map<string, IpFamily>();
  /** By torrent and tracker: the step under way, and those that wait for its end. */
  readonly #lines = new Map<string, Step[]>();
  readonly #pauses = new Map<string, Pause>();

  constructor(parts: OtherFamilyParts) {
    this.#parts = parts;
  }

  /** The tracker has answered this announce over `first`. */
  onAnswered(announce: AnnounceRequest, isTyped: boolean, first: IpFamily): void {
    this.#inTurn(announce, (done) => this.#announce(announce, isTyped, first === 4 ? 6 : 4, done));
  }

  /** A farewell: of effect where the tracker lists us under a second address. */
  stop(announce: AnnounceRequest, isTyped: boolean): void {
    const name = nameOf(announce);
    if (!this.#listed.has(name) && !this.#lines.has(name)) return;
    this.#inTurn(announce, (done) => {
      const family = this.#listed.get(name);
      if (family === undefined) return done();
      this.#listed.delete(name);
      this.#parts.ask(announce, isTyped, family, done);
    });
  }

  #inTurn(announce: AnnounceRequest, step: Step): void {
    const name = nameOf(announce);
    const line = this.#lines.get(name);
    if (line !== undefined) {
      line.push(step);
      return;
    }
    this.#lines.set(name, [step]);
    this.#next(name);
  }

  #next(name: string): void {
    const line = this.#lines.get(name)!;
    const [step] = line;
    if (step === undefined) {
      this.#lines.delete(name);
      return;
    }
    step(() => {
      line.shift();
      this.#next(name);
    });
  }

  #announce(announce: AnnounceRequest, isTyped: boolean, family: IpFamily, done: () => void): void {
    const { sink, ask, nowMs } = this.#parts;
    const { torrent, tracker, event } = announce;
    const name = nameOf(announce);
    if ((this.#pauses.get(tracker)?.untilMs ?? 0) > nowMs()) return done();
    const isListed = this.#listed.get(name) === family;
    // The tracker has counted `completed` already.
    const said = event === 'paused' ? event : isListed ? undefined : 'started';
    ask({ ...announce, event: said }, isTyped, family, (fact) => {
      if (fact.type === 'announced') {
        this.#pauses.delete(tracker);
        this.#listed.set(name, family);
        const { peers, ownHost } = fact.answer;
        const others = peers.filter(({ host, port }) => host !== ownHost || port !== announce.port);
        if (others.length > 0) sink({ type: 'peers-found', torrent, peers: others, origin: 'tracker' });
      } else {
        this.#pause(tracker);
      }
      done();
    });
  }

  #pause(tracker: string): void {
    const failures = (this.#pauses.get(tracker)?.failures ?? 0) + 1;
    this.#pauses.delete(tracker);
    if (this.#pauses.size >= pausesMax) this.#pauses.delete(this.#pauses.keys().next().value!);
    // Six doublings are more than the longest pause.
    const pauseMs = Math.min(pauseMsMax, pauseFirstMs * 2 ** Math.min(6, failures - 1));
    this.#pauses.set(tracker, { failures, untilMs: this.#parts.nowMs() + pauseMs });
  }
}

function nameOf({ torrent, tracker }: AnnounceRequest): string {
  return `${torrent} ${tracker}`;
}
