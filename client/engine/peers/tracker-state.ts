/** The state of one tracker of a torrent. When it gets which announce: announce-schedule.ts. BEP 3 31 */
import type { PeerAddress, TrackerAnswer } from '../contract.ts';
import type { Limits } from '../limits.ts';

export interface TrackerState {
  readonly url: string;
  /** The tracker has answered an announce, so it lists us. */
  listsUs: boolean;
  /** The tracker has yet to get `completed`. */
  owesCompleted: boolean;
  hasHeardCompleted: boolean;
  /**
   * `stopped` is in flight and the torrent may resume: the tracker gets no other announce before the answer.
   */
  isTakingLeave: boolean;
  failures: number;
  /** When the tracker last failed, counted in answers and failures of all trackers. */
  failedAt: number;
  /** Not asked before this time. */
  notBeforeMs: number;
  /** The same, as the tracker itself demanded: a user's wish for peers does not override it. BEP 31 */
  toldNotBeforeMs: number;
  /**
   * Names the tracker's table of peers that lists us, from its last answer. Undefined: the tracker sends
   * none.
   */
  memoryId: string | undefined;
  /** The tracker came back with this table while an announce was in flight. */
  returnedMemoryId: string | undefined;
  /** The last messages of the tracker, for display. */
  lastFailure: string | undefined;
  lastWarning: string | undefined;
  peers: number | undefined;
  /** Those peers that may be ourselves: they have our port. */
  maybeSelf: readonly PeerAddress[];
}

export function newTracker(url: string, nowMs: number): TrackerState {
  return {
    url,
    listsUs: false,
    owesCompleted: false,
    hasHeardCompleted: false,
    isTakingLeave: false,
    failures: 0,
    failedAt: 0,
    notBeforeMs: nowMs,
    toldNotBeforeMs: nowMs,
    memoryId: undefined,
    returnedMemoryId: undefined,
    lastFailure: undefined,
    lastWarning: undefined,
    peers: undefined,
    maybeSelf: [],
  };
}

/** Peers of other users may have our port, too. A reply names us at most once for each of our addresses. */
const maybeSelfMax = 16;

/**
 * `heardCompleted`: the answered announce was `completed`. `ownPort`: the port under which trackers list us.
 */
export function noteAnswer(
  tracker: TrackerState,
  answer: TrackerAnswer,
  { heardCompleted, ownPort }: { readonly heardCompleted: boolean; readonly ownPort: number | undefined },
  nowMs: number,
): void {
  if (heardCompleted) {
    tracker.owesCompleted = false;
    tracker.hasHeardCompleted = true;
  }
  tracker.listsUs = !tracker.isTakingLeave;
  tracker.failures = 0;
  tracker.notBeforeMs = nowMs;
  tracker.toldNotBeforeMs = nowMs;
  tracker.memoryId = answer.memoryId;
  tracker.lastFailure = undefined;
  tracker.lastWarning = answer.warning;
  tracker.peers = answer.peers.length;
  tracker.maybeSelf = answer.peers.filter(({ port }) => port === ownPort).slice(0, maybeSelfMax);
}

/**
 * Seconds until a failed tracker may be asked again. Undefined: it has not failed, or may never be asked
 * again.
 */
export function secondsUntilRetry(
  { failures, notBeforeMs }: TrackerState,
  nowMs: number,
): number | undefined {
  if (failures === 0 || notBeforeMs === Number.MAX_SAFE_INTEGER) return undefined;
  return Math.max(0, Math.ceil((notBeforeMs - nowMs) / 1000));
}

/** The intervals of a reply, within our limits. `min interval` defaults to the interval. BEP 3 */
export function intervalsOf(
  { intervalSeconds, minIntervalSeconds }: TrackerAnswer,
  { announceIntervalMinSeconds: least, announceIntervalMaxSeconds: most }: Limits,
): { readonly intervalMs: number; readonly minIntervalMs: number } {
  const interval = clamp(intervalSeconds, least, most);
  return {
    intervalMs: interval * 1000,
    minIntervalMs: clamp(minIntervalSeconds ?? interval, least, interval) * 1000,
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
