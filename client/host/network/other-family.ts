/**
 * A tracker lists us under the address of our request, and answers with peers of that family first. So a
 * tracker whose name has addresses of both families is announced to over the second family too, each time it
 * has answered over the first: peers that have only the second family learn of us, and we of them.    BEP 7
 *
 * Invariant: answers over the second family are not the tracker's answers for the engine. They bring peers,
 * change no interval, and their failures are not reported. After a failure, the next try waits for a pause.
 * To one tracker, one announce at a time: a `stopped` must not overtake the `started` it ends.
 */
import type { AnnounceRequest, Fact } from '../../engine/contract.ts';
import type { FactSink } from '../ports.ts';

export type IpFamily = 4 | 6;

/**
 * A missing second family stays missing for hours as a rule: the first tries cost one failed connection each,
 * and later tries are rarer.
 */
const pauseFirstMs = 10 * 60_000;
const pauseMsMax = 6 * 60 * 60_000;
/**
 * Failed trackers that are remembered: more than any client uses. The oldest are dropped, and then tried once
 * more.
 */
const pausesMax = 1_000;

interface Pause {
  readonly failures: number;
  readonly untilMs: number;
}

/** Calls `done` once, now or later. */
type Step = (done: () => void) => void;

export interface OtherFamilyParts {
  readonly sink: FactSink;
  /**
   * Makes one announce over this family alone. `isTyped` is that of web-request.ts. Calls `done` with the
   * answer or the failure.
   */
  readonly ask: (
    announce: AnnounceRequest,
    isTyped: boolean,
    family: IpFamily,
    done: (fact: Fact) => void,
  ) => void;
  /** Monotonic. */
  readonly nowMs: () => number;
}

export class OtherFamily {
  readonly #parts: OtherFamilyParts;
  /** By torrent and tracker: the second family under which the tracker lists us. */
  readonly #listed = new Map<string, IpFamily>();
  /** By torrent and tracker: the step under way, followed by those that wait for it. */
  readonly #lines = new Map<string, Step[]>();
  readonly #pauses = new Map<string, Pause>();

  constructor(parts: OtherFamilyParts) {
    this.#parts = parts;
  }

  /** The tracker has answered this announce over `first`. */
  onAnswered(announce: AnnounceRequest, isTyped: boolean, first: IpFamily): void {
    this.#inTurn(announce, (done) => this.#announce(announce, isTyped, first === 4 ? 6 : 4, done));
  }

  /** Sends `stopped` if the tracker lists us under a second address. */
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
    // Six doublings exceed the longest pause.
    const pauseMs = Math.min(pauseMsMax, pauseFirstMs * 2 ** Math.min(6, failures - 1));
    this.#pauses.set(tracker, { failures, untilMs: this.#parts.nowMs() + pauseMs });
  }
}

function nameOf({ torrent, tracker }: AnnounceRequest): string {
  return `${torrent} ${tracker}`;
}
