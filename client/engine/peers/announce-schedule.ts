/**
 * When to tell which tracker what. BEP 12: the trackers of a tier are tried in random order, the one that answers
 * moves to the front of its tier, and the next tier is asked only when a whole tier has failed. Until one answers, those
 * that have failed come after those that have not been asked: it may take longer to fail than to be due again.
 *
 * Invariant: at most one announce is under way, apart from the farewells, and at most one to each tracker. A tracker that
 * never heard `started` never hears `completed` or `stopped`, and it hears `completed` at most once.      BEP 3 12 31
 */
import type { AnnounceEvent, PeerAddress, TrackerAnswer } from '../contract.ts';
import type { Limits } from '../limits.ts';
import { type Prng, shuffle } from '../prng.ts';
import { backoffMs } from './backoff.ts';
import { newTracker, noteAnswer, secondsUntilRetry, type TrackerState } from './tracker-state.ts';

export class AnnounceSchedule {
  readonly #tiers: TrackerState[][];
  readonly #limits: Limits;
  readonly #random: Prng;
  #inFlight: TrackerState | undefined;
  #inFlightEvent: AnnounceEvent;
  /** The next regular announce, to whichever tracker is the working one. */
  #dueMs = 0;
  #minIntervalMs: number;
  #lastMs = 0;
  /** Announces made early for want of peers, in a row. */
  #lonelyAsks = 0;
  #isAlone = false;
  /** The time of the next announce is our part of a minute: also a lonely download keeps to it. */
  #isSpreading = false;
  /** Answers and failures so far, and which of them was the last answer. */
  #outcomes = 0;
  #answeredAt = 0;
  /** The one that answered last: regular announces go to it. */
  #working: TrackerState | undefined;
  #stopped = false;
  /** We are not there at the moment: trackers hear `stopped`, and `started` when we are back. */
  #suspended = false;

  constructor(tiers: readonly (readonly string[])[], nowMs: number, limits: Limits, random: Prng) {
    this.#limits = limits;
    this.#random = random;
    this.#minIntervalMs = limits.announceIntervalMinSeconds * 1000;
    this.#dueMs = nowMs;
    this.#tiers = tiers.map((urls) => {
      const tier = urls.map((url) => newTracker(url, nowMs));
      shuffle(tier, random);
      return tier;
    });
  }

  get trackers(): readonly TrackerState[] {
    return this.#tiers.flat();
  }

  /** Who is asked next, and when, if everything stays as it is; undefined while one is asked, or when nobody can be. */
  get nextAsk(): { readonly tracker: TrackerState; readonly atMs: number } | undefined {
    if (this.#stopped || this.#suspended || this.#inFlight !== undefined) return undefined;
    let next: { tracker: TrackerState; atMs: number } | undefined;
    const dueMs = this.#isAlone && !this.#isSpreading ? Math.min(this.#dueMs, this.#lonelyAtMs) : this.#dueMs;
    for (const tracker of this.#inOrder) {
      const atMs = Math.max(tracker.notBeforeMs, dueMs);
      if (atMs < (next?.atMs ?? Number.MAX_SAFE_INTEGER)) next = { tracker, atMs };
    }
    return next;
  }

  /** The announce that is due, if any; it counts as under way until answered or failed. */
  next(nowMs: number): { tracker: TrackerState; event: AnnounceEvent } | undefined {
    if (this.#stopped || this.#suspended || this.#inFlight !== undefined || nowMs < this.#dueMs)
      return undefined;
    const tracker = this.#inOrder.find(({ notBeforeMs }) => notBeforeMs <= nowMs);
    if (tracker === undefined || tracker.isTakingLeave) return undefined;
    this.#inFlight = tracker;
    this.#lastMs = nowMs;
    this.#isSpreading = false;
    const event = !tracker.listsUs ? 'started' : tracker.owesCompleted ? 'completed' : undefined;
    this.#inFlightEvent = event;
    return { tracker, event };
  }

  /** Tier by tier; and last those that have failed since one answered, the one that failed first before the others. */
  get #inOrder(): readonly TrackerState[] {
    const trackers = this.#tiers.flat();
    const failed = trackers.filter(({ failedAt }) => failedAt > this.#answeredAt);
    if (failed.length === 0) return trackers;
    failed.sort((a, b) => a.failedAt - b.failedAt);
    return [...trackers.filter(({ failedAt }) => failedAt <= this.#answeredAt), ...failed];
  }

  /** `ownPort`: where trackers list us. */
  onAnswer(url: string, answer: TrackerAnswer, nowMs: number, ownPort?: number): void {
    const tracker = this.#settle(url);
    if (tracker === undefined) return;
    const interval = clamp(
      answer.intervalSeconds,
      this.#limits.announceIntervalMinSeconds,
      this.#limits.announceIntervalMaxSeconds,
    );
    this.#minIntervalMs =
      clamp(answer.minIntervalSeconds ?? interval, this.#limits.announceIntervalMinSeconds, interval) * 1000;
    // The last piece may have come during another event's announce: then `completed` is still owed.
    const heardCompleted = this.#inFlightEvent === 'completed';
    this.#outcomes += 1;
    this.#answeredAt = this.#outcomes;
    noteAnswer(tracker, answer, { heardCompleted, ownPort }, nowMs);
    this.#dueMs = tracker.owesCompleted ? nowMs : nowMs + interval * 1000;
    this.#promote(tracker);
    this.#working = tracker;
    const returned = tracker.returnedMemoryId;
    tracker.returnedMemoryId = undefined;
    if (returned !== undefined) this.onReturned(url, returned, nowMs);
  }

  /** This address has turned out to be our own: trackers that named it named one peer less. */
  notCounted(own: PeerAddress): void {
    for (const tracker of this.trackers) {
      const others = tracker.maybeSelf.filter(({ host, port }) => host !== own.host || port !== own.port);
      if (others.length === tracker.maybeSelf.length || tracker.peers === undefined) continue;
      tracker.maybeSelf = others;
      tracker.peers -= 1;
    }
  }

  /** Answers in how many seconds it may be asked again; undefined: never. */
  onFailure(
    url: string,
    reason: string,
    retryInSeconds: number | 'never' | undefined,
    nowMs: number,
  ): number | undefined {
    const tracker = this.#settle(url);
    if (tracker === undefined) return undefined;
    tracker.lastFailure = reason;
    tracker.failures += 1;
    this.#outcomes += 1;
    tracker.failedAt = this.#outcomes;
    const waitMs = backoffMs(
      tracker.failures,
      this.#limits.announceRetryFirstMs,
      this.#limits.announceRetryMaxMs,
      this.#random,
    );
    tracker.toldNotBeforeMs =
      retryInSeconds === 'never' ? Number.MAX_SAFE_INTEGER : nowMs + (retryInSeconds ?? 0) * 1000;
    tracker.notBeforeMs = Math.max(nowMs + waitMs, tracker.toldNotBeforeMs);
    // The next in the tier, or the next tier, is asked at once.
    this.#dueMs = nowMs;
    const returned = tracker.returnedMemoryId;
    tracker.returnedMemoryId = undefined;
    if (returned !== undefined) this.onReturned(url, returned, nowMs);
    return secondsUntilRetry(tracker, nowMs);
  }

  /**
   * A tracker that could not be reached is there again, with this memory of peers. If it is another one than that which
   * listed us, it has forgotten us: it hears `started` again. All its clients hear of it in the same moment, so they spread
   * their announces over a minute.
   */
  onReturned(url: string, memoryId: string, nowMs: number): void {
    const tracker = this.#tiers.flat().find((one) => one.url === url);
    if (tracker === undefined || this.#stopped || tracker.isTakingLeave) return;
    if (tracker === this.#inFlight) {
      // Which of both memories hears that announce is known when it is answered.
      tracker.returnedMemoryId = memoryId;
      return;
    }
    const soonMs = nowMs + this.#random.below(this.#limits.announceSpreadMs);
    if (tracker.failures > 0) {
      tracker.notBeforeMs = Math.min(tracker.notBeforeMs, Math.max(soonMs, tracker.toldNotBeforeMs));
    }
    if (tracker.memoryId === undefined || tracker.memoryId === memoryId) return;
    tracker.memoryId = undefined;
    tracker.listsUs = false;
    tracker.owesCompleted = false;
    if (tracker !== this.#working) return;
    this.#lonelyAsks = 0;
    this.#isSpreading = true;
    this.#dueMs = Math.min(this.#dueMs, Math.max(soonMs, this.#lastMs + this.#minIntervalMs));
  }

  /** The user wants peers now: as soon as the tracker allows. One that fails is tried again after the least interval. */
  onWished(nowMs: number): void {
    const retryMs = Math.max(nowMs, this.#lastMs + this.#limits.announceIntervalMinSeconds * 1000);
    for (const tracker of this.#tiers.flat()) {
      tracker.notBeforeMs = Math.min(tracker.notBeforeMs, Math.max(retryMs, tracker.toldNotBeforeMs));
    }
    this.#dueMs = Math.min(this.#dueMs, Math.max(nowMs, this.#lastMs + this.#minIntervalMs));
  }

  /**
   * The last piece is here: whoever lists us is told soon. `completed` is for a download that ends, and it ends once:
   * not for what was complete at the start, and not again when lost pieces are back.
   */
  onCompleted(isDownload: boolean, nowMs: number): void {
    let owed = false;
    for (const tracker of this.#tiers.flat()) {
      const isListed = tracker.listsUs || tracker === this.#inFlight;
      tracker.owesCompleted = isDownload && isListed && !tracker.hasHeardCompleted;
      owed ||= tracker.listsUs && tracker.owesCompleted;
    }
    if (owed) this.#dueMs = nowMs;
    else this.#hasten(nowMs);
  }

  /** We are no seed any more: trackers count us as one until they are told. */
  onIncomplete(nowMs: number): void {
    for (const tracker of this.#tiers.flat()) tracker.owesCompleted = false;
    this.#hasten(nowMs);
  }

  /** Trackers count by what has changed. A disk that flaps may not make that a burden. */
  #hasten(nowMs: number): void {
    this.#dueMs = Math.min(this.#dueMs, Math.max(nowMs, this.#lastMs + this.#limits.lossRoundMs));
  }

  /** We are not there for a while. Answers the trackers that are told `stopped`, once each. */
  suspend(): readonly TrackerState[] {
    if (this.#suspended || this.#stopped) return [];
    this.#suspended = true;
    const leaving = this.#listing.filter((tracker) => !tracker.isTakingLeave);
    for (const tracker of leaving) {
      tracker.listsUs = false;
      tracker.owesCompleted = false;
      tracker.isTakingLeave = true;
    }
    return leaving;
  }

  /** Trackers that list us, or will when they have answered. */
  get #listing(): TrackerState[] {
    return this.#tiers.flat().filter((t) => t.listsUs || t === this.#inFlight);
  }

  /** We are there again: `started`. A disk that comes and goes is announced no oftener than a tracker may ask for. */
  resume(nowMs: number): void {
    this.#suspended = false;
    this.#dueMs = Math.max(nowMs, this.#lastMs + this.#limits.announceIntervalMinSeconds * 1000);
  }

  /**
   * At every tick: `alone` when we need peers and have none. Then we ask again as early as the tracker allows, and ever
   * more rarely while that brings nobody: a lonely client must not become a burden.
   */
  setAlone(alone: boolean, nowMs: number): void {
    this.#isAlone = alone;
    if (!alone) this.#lonelyAsks = 0;
    if (!alone || this.#isSpreading || this.#suspended || this.#inFlight !== undefined) return;
    const askMs = this.#lonelyAtMs;
    if (askMs >= this.#dueMs || nowMs < askMs) return;
    this.#lonelyAsks += 1;
    this.#dueMs = nowMs;
  }

  /** When we ask early for want of peers. */
  get #lonelyAtMs(): number {
    let waitMs = this.#minIntervalMs;
    for (let n = 0; n < this.#lonelyAsks && this.#lastMs + waitMs < this.#dueMs; n++) waitMs *= 2;
    return this.#lastMs + waitMs;
  }

  /** No more announces but the farewells this answers: to each tracker that lists us. */
  stop(): readonly TrackerState[] {
    this.#stopped = true;
    return this.#listing.filter((tracker) => !tracker.isTakingLeave);
  }

  /** A tracker is asked one thing after the other: what it answers first was asked before the farewell. */
  #settle(url: string): TrackerState | undefined {
    const tracker = this.#inFlight?.url === url ? this.#inFlight : undefined;
    if (tracker !== undefined) {
      this.#inFlight = undefined;
      return tracker;
    }
    const leaving = this.#tiers.flat().find((left) => left.isTakingLeave && left.url === url);
    if (leaving !== undefined) leaving.isTakingLeave = false;
    return undefined;
  }

  #promote(tracker: TrackerState): void {
    const tier = this.#tiers.find((t) => t.includes(tracker))!;
    tier.splice(tier.indexOf(tracker), 1);
    tier.unshift(tracker);
  }
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
