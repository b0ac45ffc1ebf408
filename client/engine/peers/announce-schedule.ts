/**
 * Decides which tracker gets which announce, and when. BEP 12: the trackers of a tier are tried in random
 * order, the one that answers moves to the front of its tier, and the next tier is tried only when a whole
 * tier has failed. Until one answers, failed trackers come after untried ones: a failure may take longer than
 * the retry interval.
 *
 * Invariant: at most one announce is in flight, apart from `stopped`, and at most one to each tracker. A
 * tracker that never got `started` never gets `completed` or `stopped`, and it gets `completed` at most once.
 * BEP 3 12 31
 */
import type { AnnounceEvent, PeerAddress, TrackerAnswer } from '../contract.ts';
import type { Limits } from '../limits.ts';
import { type Prng, shuffle } from '../prng.ts';
import { backoffMs } from './backoff.ts';
import {
  intervalsOf,
  newTracker,
  noteAnswer,
  secondsUntilRetry,
  type TrackerState,
} from './tracker-state.ts';

export class AnnounceSchedule {
  readonly #tiers: TrackerState[][];
  readonly #limits: Limits;
  readonly #random: Prng;
  #inFlight: TrackerState | undefined;
  #inFlightEvent: AnnounceEvent;
  /** When the next regular announce is due; it goes to the working tracker. */
  #dueMs = 0;
  #minIntervalMs: number;
  #lastMs = 0;
  /** Announces made early for lack of peers, in a row. */
  #lonelyAsks = 0;
  #isAlone = false;
  /** The next announce is spread over `announceSpreadMs`, and a download without peers waits for it, too. */
  #isSpreading = false;
  /** Number of answers and failures so far, and that number at the last answer. */
  #outcomes = 0;
  #answeredAt = 0;
  /** The tracker that answered last: regular announces go to it. */
  #working: TrackerState | undefined;
  #stopped = false;
  /** The torrent is offline: trackers got `stopped`, and get `started` on resume. */
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

  /**
   * The next tracker to announce to and when, if nothing changes. Undefined while an announce is in flight,
   * or when no tracker can be asked.
   */
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

  /** The announce that is due, if any. It counts as in flight until answered or failed. */
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

  /** Tier by tier; trackers that failed since the last answer come last, the earliest failure first. */
  get #inOrder(): readonly TrackerState[] {
    const trackers = this.#tiers.flat();
    const failed = trackers.filter(({ failedAt }) => failedAt > this.#answeredAt);
    if (failed.length === 0) return trackers;
    failed.sort((a, b) => a.failedAt - b.failedAt);
    return [...trackers.filter(({ failedAt }) => failedAt <= this.#answeredAt), ...failed];
  }

  /** `ownPort`: the port under which trackers list us. */
  onAnswer(url: string, answer: TrackerAnswer, nowMs: number, ownPort?: number): void {
    const tracker = this.#settle(url);
    if (tracker === undefined) return;
    const { intervalMs, minIntervalMs } = intervalsOf(answer, this.#limits);
    this.#minIntervalMs = minIntervalMs;
    // The last piece may have arrived while another announce was in flight: then `completed` is still owed.
    const heardCompleted = this.#inFlightEvent === 'completed';
    this.#outcomes += 1;
    this.#answeredAt = this.#outcomes;
    noteAnswer(tracker, answer, { heardCompleted, ownPort }, nowMs);
    this.#dueMs = tracker.owesCompleted ? nowMs : nowMs + intervalMs;
    this.#promote(tracker);
    this.#working = tracker;
    const returned = tracker.returnedMemoryId;
    tracker.returnedMemoryId = undefined;
    if (returned !== undefined) this.onReturned(url, returned, nowMs);
  }

  /** This address is our own: the peer counts of trackers that listed it go down by one. */
  notCounted(own: PeerAddress): void {
    for (const tracker of this.trackers) {
      const others = tracker.maybeSelf.filter(({ host, port }) => host !== own.host || port !== own.port);
      if (others.length === tracker.maybeSelf.length || tracker.peers === undefined) continue;
      tracker.maybeSelf = others;
      tracker.peers -= 1;
    }
  }

  /** Returns in how many seconds the tracker may be asked again. Undefined: never. */
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
    // The next tracker in the tier, or in the next tier, is asked at once.
    this.#dueMs = nowMs;
    const returned = tracker.returnedMemoryId;
    tracker.returnedMemoryId = undefined;
    if (returned !== undefined) this.onReturned(url, returned, nowMs);
    return secondsUntilRetry(tracker, nowMs);
  }

  /**
   * A tracker that was unreachable is back. `memoryId` names its table of peers. If it differs from the one
   * that listed us, the tracker has forgotten us and gets `started` again. All its clients learn this at the
   * same moment, so announces are spread over `announceSpreadMs` (a minute).
   */
  onReturned(url: string, memoryId: string, nowMs: number): void {
    const tracker = this.#tiers.flat().find((one) => one.url === url);
    if (tracker === undefined || this.#stopped || tracker.isTakingLeave) return;
    if (tracker === this.#inFlight) {
      // The answer will show which of both tables got the announce in flight.
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

  /**
   * The user wants peers now: announce as soon as the tracker allows. A failed tracker is retried after the
   * minimum interval.
   */
  onWished(nowMs: number): void {
    const retryMs = Math.max(nowMs, this.#lastMs + this.#limits.announceIntervalMinSeconds * 1000);
    for (const tracker of this.#tiers.flat()) {
      tracker.notBeforeMs = Math.min(tracker.notBeforeMs, Math.max(retryMs, tracker.toldNotBeforeMs));
    }
    this.#dueMs = Math.min(this.#dueMs, Math.max(nowMs, this.#lastMs + this.#minIntervalMs));
  }

  /**
   * The last piece is stored: trackers that list us are told soon. `completed` is only for a finished
   * download, once per tracker: not for a torrent that was complete at the start, and not again when lost
   * pieces are restored.
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

  /** We are no longer a seed. Trackers count us as one until the next announce. */
  onIncomplete(nowMs: number): void {
    for (const tracker of this.#tiers.flat()) tracker.owesCompleted = false;
    this.#hasten(nowMs);
  }

  /**
   * Announces soon, because trackers count seeds and leechers, but at most once in `lossRoundMs`: a failing
   * disk must not load the tracker.
   */
  #hasten(nowMs: number): void {
    this.#dueMs = Math.min(this.#dueMs, Math.max(nowMs, this.#lastMs + this.#limits.lossRoundMs));
  }

  /** The torrent goes offline. Returns the trackers that get `stopped`, once each. */
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

  /** Trackers that list us, or will once they have answered. */
  get #listing(): TrackerState[] {
    return this.#tiers.flat().filter((t) => t.listsUs || t === this.#inFlight);
  }

  /**
   * The torrent is online again: `started` is due. A disk that comes and goes causes no more announces than
   * the minimum interval allows.
   */
  resume(nowMs: number): void {
    this.#suspended = false;
    this.#dueMs = Math.max(nowMs, this.#lastMs + this.#limits.announceIntervalMinSeconds * 1000);
  }

  /**
   * At every tick. `alone`: we need peers and have none. Then we announce as early as the tracker allows, and
   * double the wait each time, so that a client without peers does not load the tracker.
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

  /** When the next early announce for lack of peers is due. */
  get #lonelyAtMs(): number {
    let waitMs = this.#minIntervalMs;
    for (let n = 0; n < this.#lonelyAsks && this.#lastMs + waitMs < this.#dueMs; n++) waitMs *= 2;
    return this.#lastMs + waitMs;
  }

  /** Ends all announces. Returns the trackers that list us; each of them gets `stopped`. */
  stop(): readonly TrackerState[] {
    this.#stopped = true;
    return this.#listing.filter((tracker) => !tracker.isTakingLeave);
  }

  /** Requests to one tracker are sequential, so its first answer belongs to the announce before `stopped`. */
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
