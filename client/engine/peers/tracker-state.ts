/** What is known of one tracker of a torrent. When it is asked, and what it hears: announce-schedule.ts.        BEP 3 31 */
import type { PeerAddress, TrackerAnswer } from '../contract.ts';

export interface TrackerState {
  readonly url: string;
  /** It has answered an announce of ours, so it lists us. */
  listsUs: boolean;
  /** `completed` is owed to it. */
  owesCompleted: boolean;
  hasHeardCompleted: boolean;
  /** `stopped` is on its way to it, and we may come back: it is told nothing else before its answer. */
  isTakingLeave: boolean;
  failures: number;
  /** When it failed last, counted in answers and failures of all of them. */
  failedAt: number;
  /** Not to be asked before. */
  notBeforeMs: number;
  /** It has said so itself: also a user's wish waits for that.  BEP 31 */
  toldNotBeforeMs: number;
  /** Which memory of peers has listed us, as its last answer said; undefined: it does not say. */
  memoryId: string | undefined;
  /** It has come back with this memory while an announce to it was under way. */
  returnedMemoryId: string | undefined;
  /** Its last words, for people. */
  lastFailure: string | undefined;
  lastWarning: string | undefined;
  peers: number | undefined;
  /** Those of them that may be ourselves: they are at our port. */
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

/** Peers of other users may have our port, too. A reply that names us does so once for each of our addresses. */
const maybeSelfMax = 16;

/** `heardCompleted`: the announce that is answered said `completed`. `ownPort`: the port under which trackers list us. */
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

/** Until a tracker that has failed may be asked again; undefined: it has not failed, or never. */
export function secondsUntilRetry(
  { failures, notBeforeMs }: TrackerState,
  nowMs: number,
): number | undefined {
  if (failures === 0 || notBeforeMs === Number.MAX_SAFE_INTEGER) return undefined;
  return Math.max(0, Math.ceil((notBeforeMs - nowMs) / 1000));
}
