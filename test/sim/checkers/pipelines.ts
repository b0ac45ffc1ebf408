/**
 * The request queue of each peer and its stall timeout, recomputed from the wire: in slow start the queue
 * grows by one for every block until the rate stops rising, then it holds enough for `requestQueueSeconds`. A
 * peer with requests that makes no progress for `stallTimeoutMs` gives them back at the next tick, no sooner
 * and no later.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Fact } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { blockBytesMax } from '../../../torrents/geometry.ts';
import type { Checker, Disbelief, Turn } from './checker.ts';
import type { Conversation } from './wire/conversation.ts';
import { overhear } from './wire/overheard.ts';

interface Pipe {
  readonly blockBytes: number;
  depth: number;
  isSlowStart: boolean;
  lastRate: number;
  /** Two states are possible: it is no longer judged. */
  isUnsure: boolean;
  askedMax: number;
  // After the turn before.
  asked: number;
  left: number;
  waiting: number;
  settled: number;
  cancels: number;
  chokes: number;
  hasLeft: boolean;
  /** A reject may count that came before the last block. */
  mayHaveRefused: boolean;
  stalled: boolean;
  progressMs: number;
  progressBytes: number;
}

interface Line {
  tickedMs: number | undefined;
  readonly pipes: Map<PeerSession, Pipe>;
}

/**
 * Facts after which the engine asks only the peer that they concern. Other peers are unchanged at the tick.
 */
const ofOne: ReadonlySet<Fact['type']> = new Set(['received', 'flushed', 'connected', 'block-read']);

export function pipelinesAreMeasured(): Checker {
  const lines = new WeakMap<Engine, Line>();
  return {
    name: 'pipelines-are-measured',
    onTurn(turn) {
      const { peer, fact, actions, nowMs } = turn;
      const { sessions, limits } = peer.engine.usage;
      let line = lines.get(peer.engine);
      if (line === undefined) lines.set(peer.engine, (line = { tickedMs: undefined, pipes: new Map() }));
      const isTick = line.tickedMs === undefined || nowMs - line.tickedMs >= limits.tickMs;
      // The first tick measures nothing.
      const measures = isTick && line.tickedMs !== undefined;
      if (isTick) line.tickedMs = nowMs;
      // When blocks of other peers become free, or new pieces are wanted, all peers are asked.
      const hasClosed = actions.some(({ type }) => type === 'close');
      const isBroad = isTick || hasClosed || !ofOne.has(fact.type);
      const isOfOne = fact.type === 'received' || fact.type === 'flushed';
      const about = isOfOne ? sessions.get(fact.connection) : undefined;
      const { conversations } = overhear(turn);
      for (const session of isBroad ? sessions.values() : spokenTo(turn)) {
        const conversation = conversations.get(session.connection);
        if (conversation === undefined || !session.isOpen || !session.knowsPieces) {
          line.pipes.delete(session);
          continue;
        }
        const pipe = line.pipes.get(session) ?? beginning(limits, blockBytesOf(turn, session));
        line.pipes.set(session, pipe);
        const moment: Moment = {
          ...{ conversation, limits, nowMs, isTick, measures },
          isAbout: session === about,
          // A block received from another peer is cancelled here, and this peer may be asked for something
          // else at the tick.
          isQuiet:
            session !== about &&
            !hasClosed &&
            conversation.cancels === pipe.cancels &&
            (fact.type === 'woke' || ofOne.has(fact.type)),
          isUnclear:
            conversation.blocksSettled > pipe.settled &&
            (conversation.chokes !== pipe.chokes || conversation.cancels !== pipe.cancels),
        };
        const disbelief = judgeDepth(session, pipe, moment) ?? judgeSilence(session, pipe, moment);
        if (disbelief !== undefined) return `connection ${session.connection}: ${disbelief}`;
        remember(session, pipe, moment);
      }
      if (isTick) for (const session of line.pipes.keys()) if (session.gone) line.pipes.delete(session);
      return undefined;
    },
  };
}

/** The peer that the turn concerns, and those that a rate limit delayed until now. */
function spokenTo({ peer, fact, actions }: Turn): Set<PeerSession> {
  const { sessions } = peer.engine.usage;
  const spoken = new Set<PeerSession>();
  const add = (session: PeerSession | undefined) => session !== undefined && spoken.add(session);
  // A peer may be asked without a message: for a block whose request was left with it.
  if (fact.type === 'received' || fact.type === 'flushed') add(sessions.get(fact.connection));
  for (const action of actions) if (action.type === 'send') add(sessions.get(action.connection));
  return spoken;
}

/** Block length of its torrent: less than 16 KiB where pieces are shorter. */
function blockBytesOf({ peer }: Turn, { connection }: PeerSession): number {
  const torrent = peer.engine.torrentOf(connection);
  const geometry = torrent === undefined ? undefined : peer.engine.inspect(torrent)?.ledger?.geometry;
  return Math.min(blockBytesMax, geometry?.pieceLength ?? blockBytesMax);
}

/** One turn, as one connection sees it. */
interface Moment {
  readonly conversation: Conversation;
  readonly limits: Limits;
  readonly nowMs: number;
  readonly isTick: boolean;
  readonly measures: boolean;
  /** The turn concerns this connection: bytes were received or flushed. */
  readonly isAbout: boolean;
  /** No request to this peer was added or given back before the tick. */
  readonly isQuiet: boolean;
  /**
   * A block came whose request may have been dropped just before it, by a choke or a reject in the same
   * bytes. The cancels of the host are sent only after the turn.
   */
  readonly isUnclear: boolean;
}

function beginning(limits: Limits, blockBytes: number): Pipe {
  return {
    blockBytes,
    ...{ depth: limits.requestsOutstandingFirst, askedMax: limits.requestsOutstandingMax },
    ...{
      isSlowStart: true,
      isUnsure: false,
      lastRate: 0,
      asked: 0,
      left: 0,
      waiting: 0,
      settled: 0,
      cancels: 0,
      chokes: 0,
    },
    ...{ hasLeft: false, mayHaveRefused: false, stalled: false, progressMs: 0, progressBytes: 0 },
  };
}

function judgeDepth(
  { pipeline, down, extensionHandshakes }: PeerSession,
  pipe: Pipe,
  moment: Moment,
): Disbelief {
  const { conversation, limits, measures, isQuiet } = moment;
  const { depth, isUnsure } = pipe;
  const { reqq } = conversation.extension;
  // A later extension handshake may or may not name a new `reqq`.
  if (extensionHandshakes > 1) pipe.isUnsure = true;
  if (reqq !== undefined)
    pipe.askedMax = Math.max(1, Math.min(limits.requestsReqqMax, reqq - Math.floor(reqq / 8)));
  const blocks = conversation.blocksSettled - pipe.settled;
  const grown = pipe.isSlowStart ? depth + blocks : depth;
  pipe.depth = Math.min(pipe.askedMax, grown);
  if (measures && (pipe.asked > 0 || !isQuiet)) {
    const measured = { ...pipe };
    measure(measured, down.rate, limits);
    // Whether requests were outstanding at the tick is certain only where nothing else happened.
    if (isQuiet) Object.assign(pipe, measured);
    else if (measured.depth !== pipe.depth && measured.depth === pipeline.depth)
      Object.assign(pipe, measured);
    else if (measured.isSlowStart !== pipe.isSlowStart || measured.lastRate !== pipe.lastRate)
      pipe.isUnsure = true;
  }
  const isOff = pipeline.depth !== pipe.depth;
  // Blocks that were left with a stalled peer, and second copies of an outstanding block, do not count.
  const isAnother = isOfAnotherCopy(pipeline, pipe, conversation);
  const isExcused =
    isUnsure || pipe.isUnsure || isAnother || moment.isUnclear || (blocks > 0 && pipe.left > 0);
  const expected = pipe.depth;
  pipe.depth = pipeline.depth;
  return isOff && !isExcused
    ? `up to ${pipeline.depth} blocks are asked of it, and should be ${expected} at ${down.rate} bytes a second`
    : undefined;
}

/**
 * A block was requested again and an older copy of it arrived: the engine still waits for the new one, as it
 * does when a reject crosses with such a request. On the wire the request looks answered.
 */
function isOfAnotherCopy(pipeline: PeerSession['pipeline'], pipe: Pipe, { asked }: Conversation): boolean {
  return pipeline.asked.length > asked.size || pipe.asked > pipe.waiting;
}

function measure(pipe: Pipe, rate: number, limits: Limits): void {
  if (pipe.isSlowStart) {
    if (rate > 0 && rate < pipe.lastRate + Math.floor(pipe.lastRate / 8)) pipe.isSlowStart = false;
    pipe.lastRate = rate;
    if (pipe.isSlowStart) return;
  }
  const wanted = Math.ceil((rate * limits.requestQueueSeconds) / pipe.blockBytes);
  pipe.depth = Math.min(pipe.askedMax, Math.max(limits.requestsOutstandingMin, wanted));
}

function judgeSilence({ pipeline, extensionHandshakes }: PeerSession, pipe: Pipe, moment: Moment): Disbelief {
  const { conversation, limits, nowMs, isTick, isAbout, isQuiet } = moment;
  const before = pipe.progressMs;
  let hasMoved = false;
  for (const run of isAbout ? conversation.runs : []) {
    pipe.progressBytes += run === 0 ? blockBytesMax : run;
    if (pipe.progressBytes < limits.progressBytesMin) continue;
    pipe.progressBytes = 0;
    hasMoved = true;
  }
  const { progressMs, stalled, asked } = pipeline;
  if (hasMoved && progressMs !== nowMs)
    return 'has sent something, and that does not count as a sign of life';
  if (hasMoved && stalled) return 'has sent something, and still counts as stalled';
  const isAskedAnew = pipe.asked === 0 && asked.length > 0;
  if (isAskedAnew && progressMs !== nowMs) return `was asked anew, and is waited for since ${progressMs} ms`;
  if (isQuiet && !isAskedAnew && progressMs !== before)
    return `counts as heard of at ${progressMs} ms, and sent its last sign of life at ${before} ms`;
  if (!hasMoved && !isAskedAnew && progressMs !== before && progressMs !== nowMs)
    return `counts as heard of at ${progressMs} ms, at ${nowMs} ms`;
  if (isTick && !stalled && pipeline.isSilent(nowMs, limits.stallTimeoutMs))
    return `has sent nothing for ${nowMs - progressMs} ms, and keeps what was asked of it`;
  if (stalled && !pipe.stalled && (!isTick || nowMs - before < limits.stallTimeoutMs))
    return `counts as stalled ${nowMs - before} ms after its last sign of life`;
  if (stalled && asked.length > 0) return `counts as stalled, and is asked for ${asked.length} blocks`;
  // A block that was left with the peer when it stalled does not count when it arrives.
  if (pipe.left > 0 || extensionHandshakes > 1) pipe.hasLeft = true;
  if (moment.isUnclear || isOfAnotherCopy(pipeline, pipe, conversation)) pipe.mayHaveRefused = true;
  else if (pipeline.rejects === 0) pipe.mayHaveRefused = false;
  if (!pipe.hasLeft && !pipe.mayHaveRefused && pipeline.rejects > conversation.refusals)
    return `has refused ${conversation.refusals} requests since it sent a block, counted ${pipeline.rejects}`;
  if (stalled && conversation.peerChoking) return 'chokes us, and counts as stalled';
  if (pipe.stalled && !stalled && isQuiet) return 'counts as stalled no more, and has sent nothing';
  return undefined;
}

function remember({ pipeline }: PeerSession, pipe: Pipe, { conversation }: Moment): void {
  pipe.asked = pipeline.asked.length;
  pipe.left = pipe.askedMax - pipe.asked - pipeline.queueRoom;
  pipe.waiting = conversation.asked.size;
  pipe.settled = conversation.blocksSettled;
  pipe.cancels = conversation.cancels;
  pipe.chokes = conversation.chokes;
  pipe.stalled = pipeline.stalled;
  pipe.progressMs = pipeline.progressMs;
}
