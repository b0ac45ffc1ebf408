/**
 * A model of what trackers must be told, and when. It examines all trackers at every step.        BEP 3 12 31
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import type { Limits } from '../../../client/engine/limits.ts';

export const never = Number.MAX_SAFE_INTEGER;
export const port = 6_881;
/** Our address as trackers see it. */
export const self: PeerAddress = { host: '10.0.0.1', port };

export interface Tracker {
  readonly url: string;
  readonly tier: number;
  listsUs: boolean;
  owes: boolean;
  hasHeard: boolean;
  isLeaving: boolean;
  failures: number;
  /** Our own backoff, and the time that the tracker named. */
  ownMs: number;
  toldMs: number;
  memoryId: string | undefined;
  returned: string | undefined;
  peers: number | undefined;
  namesUs: boolean;
  lastFailure: string | undefined;
}

export class AnnounceModel {
  /** In the order in which they are asked. */
  trackers: Tracker[];
  asked: Tracker | undefined;
  event: string | undefined;
  dueMs: number;
  lastMs = 0;
  leastMs: number;
  working: Tracker | undefined;
  lonely = 0;
  isAlone = false;
  isSpreading = false;
  isStopped = false;
  isAway = false;
  /** Trackers that have failed since the last answer, the latest last. */
  #failedSince: Tracker[] = [];
  readonly #limits: Limits;

  constructor(urls: readonly (readonly string[])[], nowMs: number, limits: Limits) {
    this.#limits = limits;
    this.dueMs = nowMs;
    this.leastMs = 1_000 * limits.announceIntervalMinSeconds;
    this.trackers = urls.flatMap((tier, number) =>
      tier.map(
        (url): Tracker => ({
          ...{
            url,
            tier: number,
            listsUs: false,
            owes: false,
            hasHeard: false,
            isLeaving: false,
            failures: 0,
          },
          ...{ ownMs: nowMs, toldMs: nowMs, memoryId: undefined, returned: undefined, peers: undefined },
          ...{ namesUs: false, lastFailure: undefined },
        }),
      ),
    );
  }

  of(url: string): Tracker {
    return this.trackers.find((tracker) => tracker.url === url)!;
  }

  readonly readyMs = ({ ownMs, toldMs }: Tracker) => Math.max(ownMs, toldMs);

  next(nowMs: number): string | undefined {
    if (this.isStopped || this.isAway || this.asked !== undefined || nowMs < this.dueMs) return undefined;
    const tracker = this.order.find((one) => this.readyMs(one) <= nowMs);
    // Until it answers a `stopped` or `paused`, a tracker is sent nothing else, and no other is asked
    // instead.
    if (tracker === undefined || tracker.isLeaving) return undefined;
    this.asked = tracker;
    this.lastMs = nowMs;
    this.isSpreading = false;
    this.event = !tracker.listsUs ? 'started' : tracker.owes ? 'completed' : undefined;
    return `${this.event} ${tracker.url}`;
  }

  /** A failed tracker is asked again only after all others, until one answers. */
  get order(): Tracker[] {
    const fresh = this.trackers.filter((tracker) => !this.#failedSince.includes(tracker));
    return [...fresh, ...this.#failedSince];
  }

  /**
   * An early announce for lack of peers: after the minimum interval, which doubles each time, and never later
   * than usual.
   */
  get lonelyMs(): number {
    let waitMs = this.leastMs;
    for (let n = 0; n < this.lonely && this.lastMs + waitMs < this.dueMs; n++) waitMs *= 2;
    return this.lastMs + waitMs;
  }

  get nextAsk(): string | undefined {
    if (this.isStopped || this.isAway || this.asked !== undefined) return undefined;
    const dueMs = this.isAlone && !this.isSpreading ? Math.min(this.dueMs, this.lonelyMs) : this.dueMs;
    const times = this.order.map((tracker) => Math.max(this.readyMs(tracker), dueMs));
    const earliest = Math.min(...times);
    return earliest === never ? undefined : `${this.order[times.indexOf(earliest)]!.url} at ${earliest}`;
  }

  answered(tracker: Tracker, answer: Answer, nowMs: number): boolean {
    if (this.asked !== tracker) {
      tracker.isLeaving = false;
      return false;
    }
    this.asked = undefined;
    const { announceIntervalMinSeconds: least, announceIntervalMaxSeconds: most } = this.#limits;
    const seconds = Math.max(least, Math.min(most, answer.intervalSeconds));
    const leastSeconds = Math.min(seconds, Math.max(least, answer.minIntervalSeconds ?? seconds));
    this.leastMs = 1_000 * leastSeconds;
    if (this.event === 'completed') Object.assign(tracker, { owes: false, hasHeard: true });
    const { memoryId, peers } = answer;
    Object.assign(tracker, {
      listsUs: !tracker.isLeaving,
      failures: 0,
      ownMs: nowMs,
      toldMs: nowMs,
      memoryId,
    });
    tracker.lastFailure = undefined;
    tracker.peers = peers.length;
    tracker.namesUs = peers.includes(self);
    this.dueMs = tracker.owes ? nowMs : nowMs + 1_000 * seconds;
    this.working = tracker;
    this.#failedSince = [];
    const isBehind = (other: Tracker) => other.tier < tracker.tier;
    const rest = this.trackers.filter((other) => other !== tracker);
    const before = rest.filter(isBehind).length;
    this.trackers = [...rest.slice(0, before), tracker, ...rest.slice(before)];
    return true;
  }

  failed(
    tracker: Tracker,
    retry: number | 'never' | undefined,
    jitterMs: () => number,
    nowMs: number,
  ): boolean {
    if (this.asked !== tracker) {
      tracker.isLeaving = false;
      return false;
    }
    this.asked = undefined;
    tracker.failures += 1;
    this.#failedSince = [...this.#failedSince.filter((other) => other !== tracker), tracker];
    tracker.lastFailure = 'down';
    const { announceRetryFirstMs, announceRetryMaxMs } = this.#limits;
    const waitMs = Math.min(announceRetryMaxMs, announceRetryFirstMs * 2 ** (tracker.failures - 1));
    tracker.ownMs = nowMs + waitMs + jitterMs();
    tracker.toldMs = retry === 'never' ? never : nowMs + 1_000 * (retry ?? 0);
    this.dueMs = nowMs;
    return true;
  }

  returned(tracker: Tracker, memoryId: string, jitterMs: () => number, nowMs: number): void {
    if (this.isStopped || tracker.isLeaving) return;
    if (tracker === this.asked) {
      tracker.returned = memoryId;
      return;
    }
    const soonMs = nowMs + jitterMs();
    if (tracker.failures > 0) tracker.ownMs = Math.min(this.readyMs(tracker), soonMs);
    if (tracker.memoryId === undefined || tracker.memoryId === memoryId) return;
    Object.assign(tracker, { memoryId: undefined, listsUs: false, owes: false });
    if (tracker !== this.working) return;
    this.lonely = 0;
    this.isSpreading = true;
    this.dueMs = Math.min(this.dueMs, Math.max(soonMs, this.lastMs + this.leastMs));
  }

  wished(nowMs: number): void {
    const soonMs = Math.max(nowMs, this.lastMs + 1_000 * this.#limits.announceIntervalMinSeconds);
    for (const tracker of this.trackers) tracker.ownMs = Math.min(this.readyMs(tracker), soonMs);
    this.dueMs = Math.min(this.dueMs, Math.max(nowMs, this.lastMs + this.leastMs));
  }

  completed(isDownload: boolean, nowMs: number): void {
    for (const tracker of this.trackers) {
      const isListed = tracker.listsUs || tracker === this.asked;
      tracker.owes = isDownload && isListed && !tracker.hasHeard;
    }
    if (this.trackers.some(({ owes, listsUs }) => owes && listsUs)) this.dueMs = nowMs;
    else this.hasten(nowMs);
  }

  incomplete(nowMs: number): void {
    for (const tracker of this.trackers) tracker.owes = false;
    this.hasten(nowMs);
  }

  hasten(nowMs: number): void {
    this.dueMs = Math.min(this.dueMs, Math.max(nowMs, this.lastMs + this.#limits.lossRoundMs));
  }

  get leaving(): Tracker[] {
    return this.trackers.filter(
      (tracker) => (tracker.listsUs || tracker === this.asked) && !tracker.isLeaving,
    );
  }

  suspend(): string {
    if (this.isAway || this.isStopped) return '';
    this.isAway = true;
    const { leaving } = this;
    for (const tracker of leaving) Object.assign(tracker, { listsUs: false, owes: false, isLeaving: true });
    return textOf(leaving);
  }

  resume(nowMs: number): void {
    this.isAway = false;
    this.dueMs = Math.max(nowMs, this.lastMs + 1_000 * this.#limits.announceIntervalMinSeconds);
  }

  setAlone(isAlone: boolean, nowMs: number): void {
    this.isAlone = isAlone;
    if (!isAlone) this.lonely = 0;
    if (!isAlone || this.isSpreading || this.isAway || this.asked !== undefined) return;
    const { lonelyMs } = this;
    if (nowMs < lonelyMs || lonelyMs >= this.dueMs) return;
    this.lonely += 1;
    this.dueMs = nowMs;
  }
}

export interface Answer {
  readonly peers: readonly PeerAddress[];
  readonly intervalSeconds: number;
  readonly minIntervalSeconds?: number;
  readonly memoryId?: string;
}

export const textOf = (trackers: readonly { readonly url: string }[]) =>
  trackers.map(({ url }) => url).join();
