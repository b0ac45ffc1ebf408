/**
 * A block is requested from a second peer only when that helps: in the endgame by a peer that has nothing
 * else to do, or for a deadline; from the queue of a clearly slower peer; and never more copies than allowed.
 * A peer that could help so must be asked. Judged by the current rates
 * (client/engine/requests/duplicate-requests.ts).                                                       BEP 3
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import type { FetchingPiece } from '../../../client/engine/pieces/fetching-piece.ts';
import { blockBytesMax, type PieceIndex } from '../../../torrents/geometry.ts';
import type { Checker, Disbelief, Turn } from './checker.ts';

/** How many slow peers a helping peer considers. */
const slowestMax = 8;

export function copiesHelp(): Checker {
  /** Requests to each peer after the turn before. */
  const before = new WeakMap<PeerSession, readonly number[]>();
  /** When each engine last looked at all of its peers. */
  const looks = new WeakMap<Engine, number>();
  return {
    name: 'copies-help',
    onTurn(turn) {
      const { peer, actions } = turn;
      const { engine } = peer;
      const { limits } = engine.usage;
      // When a connection closes, the other peers are asked before the turn is over.
      const isPlain = !actions.some(({ type }) => type === 'close');
      const lookedMs = looks.get(engine);
      const isLook = lookedMs === undefined || turn.nowMs - lookedMs >= limits.tickMs;
      if (isLook) looks.set(engine, turn.nowMs);
      const isSpoken = turn.fact.type === 'received' && !isLook;
      let disbelief: Disbelief;
      let sayers = 0;
      for (const action of actions) {
        if (action.type !== 'send') continue;
        const found = find(turn, action.connection);
        if (found === undefined) continue;
        const { session } = found;
        const { asked } = session.pipeline;
        const known = before.get(session) ?? [];
        const isNew = asked.length > 0 && asked.at(-1) !== known.at(-1);
        before.set(session, asked.slice());
        if (!isNew) continue;
        sayers += 1;
        if (isPlain) disbelief ??= judgeCopies({ ...found, limits, nowMs: turn.nowMs }, known, isSpoken);
        if (disbelief !== undefined) return `connection ${session.connection}: ${disbelief}`;
      }
      if (turn.fact.type !== 'received' || !isPlain || peer.downloadBpsMax > 0) return undefined;
      const found = find(turn, turn.fact.connection);
      if (found === undefined || sayers > 0 || found.session.pipeline.asked.length > 0) return undefined;
      const left = judgeIdle({ ...found, limits, nowMs: turn.nowMs });
      return left === undefined ? undefined : `connection ${turn.fact.connection}: ${left}`;
    },
  };
}

interface Helper {
  readonly session: PeerSession;
  readonly inspection: Inspection;
}

interface Case extends Helper {
  readonly limits: Limits;
  readonly nowMs: number;
}

function find({ peer }: Turn, connection: number): Helper | undefined {
  const { engine } = peer;
  const session = engine.usage.sessions.get(connection);
  if (session === undefined || !session.mayBeAsked) return undefined;
  const torrent = engine.torrentOf(connection);
  const inspection = torrent === undefined ? undefined : engine.inspect(torrent);
  return inspection === undefined ? undefined : { session, inspection };
}

function judgeCopies(about: Case, known: readonly number[], isSpoken: boolean): Disbelief {
  const { session, inspection, limits, nowMs } = about;
  const { asked, knownRate } = session.pipeline;
  let copies = 0;
  for (const [at, key] of asked.entries()) {
    const { piece, blockIndex } = locate(inspection, key);
    if (piece === undefined || piece.copies(blockIndex) < 2) continue;
    if (known.includes(key) || piece.askers[blockIndex] !== session) continue;
    const which = `a copy of block ${blockIndex} of piece ${piece.pieceIndex}`;
    copies += 1;
    const { endgameCopiesMax } = limits;
    if (piece.copies(blockIndex) > endgameCopiesMax)
      return `is asked for ${which}: ${piece.copies(blockIndex)} of ${endgameCopiesMax}`;
    if (piece.exclusiveTo !== undefined) return `is asked for ${which}, which one alone is to send`;
    const owing = [...inspection.sessions.values()].filter(
      (other) => other !== session && other.pipeline.asked.includes(key),
    );
    // At a tick, others are asked after this peer, and stalled peers give requests back before it.
    if (isSpoken && !owing.some((slow) => isSooner(about, at, drainMs(about, slow))))
      return `is asked for ${which}, and would be no sooner`;
    const dueMs = inspection.scheduler.deadlines.atMs(piece.pieceIndex);
    const isDue = dueMs !== undefined && dueMs - nowMs <= limits.deadlineLookMs;
    if (isDue) continue;
    if (inspection.picker.candidateCount > 0) return `is asked for ${which}, and pieces are left to begin`;
    if (knownRate === undefined && copies > 1)
      return `is asked for ${copies} copies, and its rate is not known`;
    if (copies > limits.endgameRequestsMax) return `is asked for ${copies} copies`;
  }
  return undefined;
}

/** A peer with nothing else to do must be asked for a copy of a block if it could deliver one sooner. */
function judgeIdle(about: Case): Disbelief {
  const { session, inspection, limits, nowMs } = about;
  const { pipeline, pieces } = session;
  const { scheduler, picker, sessions, selection } = inspection;
  if (pipeline.room <= 0 || scheduler.paused !== false || picker.candidateCount > 0) return undefined;
  if (selection.missingCount === 0 || !scheduler.trials.mayAsk(session, nowMs)) return undefined;
  if (limits.endgameRequestsMax === 0) return undefined;
  const owing = [...sessions.values()].filter(({ pipeline: { asked } }) => asked.length > 0);
  if (owing.length > slowestMax) return undefined;
  for (const slow of owing) {
    const theirMs = drainMs(about, slow);
    if (!isSooner(about, 0, theirMs)) continue;
    for (const key of slow.pipeline.asked) {
      const { piece, blockIndex } = locate(inspection, key);
      if (piece === undefined || piece.exclusiveTo !== undefined || !pieces.offers(piece.pieceIndex))
        continue;
      if (piece.copies(blockIndex) < limits.endgameCopiesMax)
        return `has nothing to do, and connection ${slow.connection} needs ${theirMs} ms for piece ${piece.pieceIndex}`;
    }
  }
  return undefined;
}

/**
 * Whether the copy would take at most half the time, with `before` blocks ahead of it. A peer with an unknown
 * rate is asked for one block.
 */
function isSooner({ session, inspection }: Helper, before: number, theirMs: number): boolean {
  const { knownRate } = session.pipeline;
  if (theirMs >= Number.MAX_SAFE_INTEGER) return true;
  const blockMs =
    knownRate === undefined
      ? Math.min(theirMs, 1_000)
      : Math.floor((blockBytesOf(inspection) * 1_000) / Math.max(1, knownRate));
  return (before + 1) * blockMs * 2 <= theirMs;
}

/** Time until its outstanding blocks are received, at its rate. Silence counts twice. */
function drainMs({ inspection, nowMs }: Case, { pipeline, down }: PeerSession): number {
  const silentMs = nowMs - pipeline.progressMs;
  if (down.rate === 0) return silentMs < 1_000 ? 1_000 : Number.MAX_SAFE_INTEGER;
  const sendMs = Math.floor((pipeline.asked.length * blockBytesOf(inspection) * 1_000) / down.rate);
  return sendMs + (silentMs > 1_000 ? 2 * silentMs : 0);
}

/** Less than 16 KiB where pieces are shorter. */
function blockBytesOf({ ledger }: Inspection): number {
  return Math.min(blockBytesMax, ledger.geometry.pieceLength);
}

function locate(
  { ledger }: Inspection,
  key: number,
): { readonly piece: FetchingPiece | undefined; readonly blockIndex: number } {
  const { blocksPerPiece } = ledger.geometry;
  const blockIndex = key % blocksPerPiece;
  return { piece: ledger.fetching(((key - blockIndex) / blocksPerPiece) as PieceIndex), blockIndex };
}
