/**
 * A model of each torrent's announces: totals match what went over the wire, `completed` is sent when it is
 * owed, `stopped` is sent to every tracker that lists the client, and no tracker gets an announce before the
 * interval it allows nor later than the engine promises.                                       BEP 3 12 21 31
 */
import type { AnnounceRequest, Fact, TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { type Checker, type Disbelief, firstOf, type Turn } from './checker.ts';
import { noteMemory, type Remembered } from './forgotten.ts';
import { overhear } from './wire/overheard.ts';

interface TrackerTalk extends Remembered {
  listsUs: boolean;
  owesCompleted: boolean;
  heardCompleted: boolean;
  isLeaving: boolean;
  failures: number;
  failedMs: number;
  /** How long the tracker has asked to be left alone. `Number.MAX_SAFE_INTEGER` for "never". */
  retryInMs: number;
  /** Set when the tracker has returned since it failed: the latest time of the next announce to it. */
  backMs: number | undefined;
}

/** All announces of one torrent in one run of the engine. */
interface Talk {
  readonly trackers: ReadonlyMap<string, TrackerTalk>;
  readonly beganWhole: boolean;
  inFlight: AnnounceRequest | undefined;
  sentMs: number;
  /** Least time since the last announce, unless there is news. */
  shortestMs: number;
  /** Latest time of the next announce, backoffs after failures left aside. */
  dueMs: number;
  /**
   * Since the last announce: the download completed, pieces were lost, the files came back, or a tracker
   * failed.
   */
  hasNews: boolean;
  /** The tracker that answered last. */
  working: string | undefined;
  hadAll: boolean;
  isOffline: boolean;
}

export function announcesAreTimely(): Checker {
  const talks = new WeakMap<Engine, Map<TorrentId, Talk>>();
  const lastWoke = new WeakMap<Engine, number>();
  return {
    name: 'announces-are-timely',
    hears: [
      'added',
      'magnet-added',
      'stopped',
      'announced',
      'announce-failed',
      'tracker-returned',
      'announce-wished',
      'piece-stored',
      'pieces-lost',
      'pieces-selected',
      'content-offline',
      'content-online',
      'woke',
      'announce',
    ],
    onTurn(turn) {
      const { peer, fact, nowMs } = turn;
      const { engine } = peer;
      let ofEngine = talks.get(engine);
      if (ofEngine === undefined) talks.set(engine, (ofEngine = new Map()));
      if (fact.type === 'added' || fact.type === 'magnet-added')
        ofEngine.set(fact.spec.torrent, begin(turn, nowMs));
      let disbelief: Disbelief;
      for (const [torrent, talk] of ofEngine) {
        const wokeMs = lastWoke.get(engine) ?? nowMs;
        disbelief ??= hear(turn, torrent, talk) ?? speak(turn, torrent, talk) ?? late(turn, talk, wokeMs);
      }
      if (fact.type === 'stopped') {
        const talk = ofEngine.get(fact.torrent);
        disbelief ??= talk && judgeStop(turn, talk);
        ofEngine.delete(fact.torrent);
      }
      if (fact.type === 'woke') lastWoke.set(engine, nowMs);
      return disbelief;
    },
    inspect(peer) {
      for (const torrent of talks.get(peer.engine)?.keys() ?? []) {
        const counted = peer.engine.inspect(torrent)?.transferred;
        const went = overhearTotals(peer.engine, torrent);
        if (counted !== undefined && went !== undefined && counted.uploaded !== went.uploaded)
          return `counts ${counted.uploaded} bytes as uploaded, and ${went.uploaded} went over the line`;
      }
      return undefined;
    },
  };

  function overhearTotals(engine: Engine, torrent: TorrentId) {
    return totals.get(engine)?.get(torrent);
  }
}

/** Totals after the last turn of each run. */
const totals = new WeakMap<
  Engine,
  ReadonlyMap<TorrentId, { readonly uploaded: number; readonly downloaded: number; readonly unsure: number }>
>();

function begin({ fact, peer }: Turn, nowMs: number): Talk {
  if (fact.type !== 'added' && fact.type !== 'magnet-added') throw new Error('begins with `added`');
  const { trackers, torrent } = fact.spec;
  const ledger = peer.engine.inspect(torrent)?.ledger;
  const hadAll = ledger !== undefined && ledger.haveCount === ledger.geometry.pieceCount;
  return {
    trackers: new Map(trackers.flat().map((url) => [url, newTracker()])),
    beganWhole: hadAll,
    inFlight: undefined,
    sentMs: nowMs,
    shortestMs: 0,
    dueMs: nowMs,
    hasNews: true,
    working: undefined,
    hadAll,
    isOffline: false,
  };
}

function newTracker(): TrackerTalk {
  return {
    listsUs: false,
    owesCompleted: false,
    heardCompleted: false,
    isLeaving: false,
    failures: 0,
    failedMs: 0,
    retryInMs: 0,
    backMs: undefined,
    ...{ memoryId: undefined, returned: undefined },
  };
}

// Facts -----------------------------------------------------------------------------------------------------

function hear({ fact, peer, nowMs }: Turn, torrent: TorrentId, talk: Talk): undefined {
  const { limits } = peer.engine.usage;
  const asked = talk.inFlight?.tracker;
  if ((fact.type === 'announced' || fact.type === 'announce-failed') && fact.torrent === torrent) {
    const tracker = talk.trackers.get(fact.tracker)!;
    const { inFlight } = talk;
    if (inFlight?.tracker !== fact.tracker) tracker.isLeaving = false;
    else if (fact.type === 'announced') {
      talk.inFlight = undefined;
      const { answer } = fact;
      const { announceIntervalMinSeconds: least, announceIntervalMaxSeconds: most } = limits;
      const seconds = Math.min(most, Math.max(least, answer.intervalSeconds));
      const shortest = Math.min(seconds, Math.max(least, answer.minIntervalSeconds ?? seconds));
      talk.shortestMs = shortest * 1_000;
      if (inFlight.event === 'completed') {
        tracker.owesCompleted = false;
        tracker.heardCompleted = true;
      }
      tracker.listsUs = !tracker.isLeaving;
      tracker.failures = 0;
      tracker.backMs = undefined;
      talk.working = fact.tracker;
      talk.dueMs = nowMs + (tracker.owesCompleted ? 0 : seconds * 1_000);
      talk.hasNews ||= tracker.owesCompleted;
    } else {
      talk.inFlight = undefined;
      tracker.failures += 1;
      tracker.failedMs = nowMs;
      tracker.backMs = undefined;
      const { retryInSeconds = 0 } = fact;
      tracker.retryInMs = retryInSeconds === 'never' ? Number.MAX_SAFE_INTEGER : retryInSeconds * 1_000;
      talk.dueMs = nowMs;
      talk.hasNews = true;
    }
  }
  if (fact.type === 'announce-wished' && fact.torrent === torrent) wish(talk, nowMs, limits);
  if ('tracker' in fact && fact.torrent === torrent) comeBack(talk, fact, asked, nowMs, limits);
  const inspection = peer.engine.inspect(torrent);
  if (inspection === undefined) return undefined;
  const { ledger, peers } = inspection;
  const hasAll = ledger.haveCount === ledger.geometry.pieceCount;
  if (hasAll !== talk.hadAll) becameWhole(talk, hasAll, nowMs, limits);
  talk.hadAll = hasAll;
  if (peers.isOffline !== talk.isOffline) {
    talk.isOffline = peers.isOffline;
    talk.hasNews = true;
    talk.dueMs = Math.max(nowMs, talk.sentMs + limits.announceIntervalMinSeconds * 1_000);
    // When the torrent is back online, the trackers no longer list it and it announces `started`.
    if (peers.isOffline) for (const tracker of talk.trackers.values()) tracker.owesCompleted = false;
  }
  return undefined;
}

/**
 * The user wants peers: failed trackers may be tried again after the least interval, unless they named a time
 * themselves.
 */
function wish(talk: Talk, nowMs: number, limits: Limits): void {
  const soonMs = Math.max(nowMs, talk.sentMs + limits.announceIntervalMinSeconds * 1_000);
  for (const tracker of talk.trackers.values())
    if (tracker.failures > 0) tracker.backMs = Math.min(tracker.backMs ?? Number.MAX_SAFE_INTEGER, soonMs);
  talk.dueMs = Math.min(talk.dueMs, Math.max(nowMs, talk.sentMs + talk.shortestMs));
}

/**
 * A tracker has returned: the engine announces to it within `announceSpreadMs` if it had failed or has
 * forgotten the client.
 */
function comeBack(
  talk: Talk,
  fact: Extract<Fact, { readonly tracker: string }>,
  asked: string | undefined,
  nowMs: number,
  limits: Limits,
): void {
  const tracker = talk.trackers.get(fact.tracker)!;
  if (tracker.isLeaving) return;
  const news = noteMemory(fact, tracker, asked === fact.tracker);
  if (news === undefined) return;
  const soonMs = nowMs + limits.announceSpreadMs;
  if (tracker.failures > 0) tracker.backMs = soonMs;
  if (news !== 'forgotten') return;
  tracker.listsUs = false;
  tracker.owesCompleted = false;
  if (talk.working === fact.tracker)
    talk.dueMs = Math.min(talk.dueMs, Math.max(soonMs, talk.sentMs + talk.shortestMs));
}

function becameWhole(talk: Talk, hasAll: boolean, nowMs: number, limits: Limits): void {
  talk.hasNews = true;
  let isOwed = false;
  for (const [url, tracker] of talk.trackers) {
    const isListed = tracker.listsUs || talk.inFlight?.tracker === url;
    tracker.owesCompleted = hasAll && !talk.beganWhole && isListed && !tracker.heardCompleted;
    isOwed ||= tracker.listsUs && tracker.owesCompleted;
  }
  const hastened = isOwed ? nowMs : Math.max(nowMs, talk.sentMs + limits.lossRoundMs);
  talk.dueMs = isOwed ? nowMs : Math.min(talk.dueMs, hastened);
}

// Announces -------------------------------------------------------------------------------------------------

function speak(turn: Turn, torrent: TorrentId, talk: Talk): Disbelief {
  const went = overhear(turn).torrents;
  totals.set(turn.peer.engine, went);
  for (const action of turn.actions) {
    if (action.type !== 'announce' || action.request.torrent !== torrent) continue;
    const { request } = action;
    const tracker = talk.trackers.get(request.tracker);
    const counted = went.get(torrent);
    if (tracker === undefined || counted === undefined)
      return `asks ${request.tracker}, which is none of its trackers`;
    const disbelief = firstOf(
      judgeCounts(request, counted),
      request.event === 'stopped' ? undefined : judgeSaid(turn, talk, tracker, request),
    );
    if (disbelief !== undefined) return `tells ${request.tracker} ${disbelief}`;
    if (request.event === 'stopped') {
      tracker.listsUs = false;
      tracker.isLeaving = true;
    } else {
      talk.inFlight = request;
      talk.sentMs = turn.nowMs;
      talk.hasNews = false;
    }
  }
  return undefined;
}

function judgeCounts(
  { uploaded, downloaded }: AnnounceRequest,
  went: { readonly uploaded: number; readonly downloaded: number; readonly unsure: number },
): Disbelief {
  if (uploaded !== went.uploaded) return `of ${uploaded} bytes uploaded, and it was ${went.uploaded}`;
  return downloaded <= went.downloaded && downloaded >= went.downloaded - went.unsure
    ? undefined
    : `of ${downloaded} bytes downloaded, and it was ${went.downloaded}`;
}

function judgeSaid(
  { peer, nowMs }: Turn,
  talk: Talk,
  tracker: TrackerTalk,
  { event, left, torrent }: AnnounceRequest,
): Disbelief {
  const { limits } = peer.engine.usage;
  if (tracker.listsUs && tracker.owesCompleted && event !== 'completed')
    return `${event ?? 'nothing'}, and owes it \`completed\``;
  const selection = peer.engine.inspect(torrent)?.selection;
  const isPartialSeed = selection?.missingCount === 0 && left > 0;
  if (event === 'paused' && !isPartialSeed) return 'that it fetches nothing more, and it does';
  if (event === undefined && isPartialSeed) return 'nothing, and fetches nothing more of what it lacks';
  const sinceFailureMs = nowMs - tracker.failedMs;
  const ownMs = tracker.backMs === undefined ? backoff(tracker.failures, limits) : 0;
  const backoffMs = Math.max(ownMs, tracker.failures > 0 ? tracker.retryInMs : 0);
  if (sinceFailureMs < backoffMs)
    return `something ${sinceFailureMs} ms after it failed for the ${tracker.failures}. time; ${backoffMs} it should wait`;
  const gapMs = nowMs - talk.sentMs;
  const leastMs = talk.hasNews ? 0 : talk.shortestMs;
  return gapMs < leastMs ? `something again after ${gapMs} ms; ${leastMs} it should wait` : undefined;
}

/** Least wait after this many failures in a row. The engine adds up to half of it at random. */
function backoff(failures: number, { announceRetryFirstMs, announceRetryMaxMs }: Limits): number {
  return failures === 0 ? 0 : Math.min(announceRetryMaxMs, announceRetryFirstMs * 2 ** (failures - 1));
}

/** An announce that was due at the last tick but one must have been sent by the last tick. */
function late({ peer, fact }: Turn, talk: Talk, wokeMs: number): Disbelief {
  if (fact.type !== 'woke' || talk.inFlight !== undefined || talk.isOffline || talk.trackers.size === 0)
    return undefined;
  const { limits } = peer.engine.usage;
  let readyMs = Number.MAX_SAFE_INTEGER;
  for (const {
    failures,
    failedMs,
    retryInMs,
    isLeaving,
    backMs = Number.MAX_SAFE_INTEGER,
  } of talk.trackers.values()) {
    // A tracker gets no announce until it has answered `stopped`, and the other trackers wait for it.
    if (isLeaving) return undefined;
    const waitMs = failures === 0 ? 0 : Math.max(backoff(failures, limits) * 1.5, retryInMs);
    readyMs = Math.min(readyMs, failedMs + waitMs, Math.max(backMs, failedMs + retryInMs));
  }
  const dueMs = Math.max(talk.dueMs, readyMs);
  return wokeMs < dueMs + limits.tickMs
    ? undefined
    : `has told no tracker anything, and should have ${wokeMs - dueMs} ms ago`;
}

/** Every tracker that lists the client, or will after its pending reply, is sent `stopped`. */
function judgeStop({ actions }: Turn, talk: Talk): Disbelief {
  const told = new Set(actions.map((action) => (action.type === 'announce' ? action.request.tracker : '')));
  for (const [url, tracker] of talk.trackers) {
    const isListed = tracker.listsUs || (talk.inFlight?.tracker === url && !tracker.isLeaving);
    if (isListed && !told.has(url)) return `stops, and ${url} is not told`;
  }
  return undefined;
}
