/**
 * Nobody stands idle whom we may ask for something: a peer that takes more requests is asked for free blocks of its own
 * pieces, of those whose peer has gone, of pieces nobody has begun, and then of what others keep to. What is left to ask for
 * is looked up here piece by piece, whatever the engine remembers of what a peer had at an earlier time.           BEP 3
 */
import type { EngineUsage, Inspection } from '../../../client/engine/inspection.ts';
import type { PeerSession } from '../../../client/engine/peer-session.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type Checker, type Disbelief, inspectionsOf, type Turn } from './checker.ts';

/** What a peer could have been asked for at every look since then. */
interface Idle {
  readonly left: PieceIndex;
  readonly sinceMs: number;
}

export function nobodyIsIdle(): Checker {
  const idle = new WeakMap<PeerSession, Idle>();
  return {
    name: 'nobody-is-idle',
    hears: ['woke', 'received'],
    onTurn(turn) {
      // A rate limit holds back who comes too soon.
      if (turn.peer.downloadBpsMax > 0) return undefined;
      return turn.fact.type === 'received' ? judgeHeard(turn) : judgeLook(turn, idle);
    },
  };
}

/** What a peer says is answered at once. Where somebody left meanwhile, the others were asked before it was all over. */
function judgeHeard({ peer, fact, actions, nowMs }: Turn): Disbelief {
  if (fact.type !== 'received' || actions.some(({ type }) => type === 'close')) return undefined;
  const { usage } = peer.engine;
  const session = usage.sessions.get(fact.connection);
  if (session === undefined || !session.mayBeAsked) return undefined;
  const torrent = peer.engine.torrentOf(fact.connection);
  const inspection = torrent === undefined ? undefined : peer.engine.inspect(torrent);
  const left = inspection && leftFor(session, inspection, usage, nowMs);
  return left === undefined
    ? undefined
    : `does not ask connection ${fact.connection}, which has just spoken, for piece ${left}`;
}

/** Twice a second all are asked, one after the other: what one gives back to another waits for the next look. */
function judgeLook({ peer, nowMs }: Turn, idle: WeakMap<PeerSession, Idle>): Disbelief {
  const { usage } = peer.engine;
  for (const inspection of inspectionsOf(peer)) {
    if (inspection.selection.missingCount === 0) continue;
    for (const session of inspection.sessions.values()) {
      const left = leftFor(session, inspection, usage, nowMs);
      const before = idle.get(session);
      if (left === undefined) idle.delete(session);
      else if (before?.left !== left) idle.set(session, { left, sinceMs: nowMs });
      else if (nowMs - before.sinceMs >= usage.limits.tickMs)
        return `does not ask connection ${session.connection} for piece ${left}, for ${nowMs - before.sinceMs} ms`;
    }
  }
  return undefined;
}

/** A piece that the peer could be asked for and is not. */
function leftFor(
  session: PeerSession,
  inspection: Inspection,
  { limits, budget }: EngineUsage,
  nowMs: number,
): PieceIndex | undefined {
  const { scheduler, ledger, picker } = inspection;
  if (!session.mayBeAsked || session.pipeline.room <= 0 || scheduler.paused !== false) return undefined;
  if (inspection.selection.missingCount === 0 || !scheduler.trials.mayAsk(session, nowMs)) return undefined;
  const { pieces, trialPiece } = session;
  const isProven = session.record!.goodPieces > 0;
  const isFree =
    isProven || trialPiece === undefined || ledger.isMissing(trialPiece) || ledger.has(trialPiece);
  const allBegun = picker.candidateCount === 0;
  for (let at = 0, piece = scheduler.open.at(0); piece !== undefined; piece = scheduler.open.at(++at)) {
    const { pieceIndex, owner, exclusiveTo } = piece;
    if (piece.freeCount === 0 || !pieces.offers(pieceIndex)) continue;
    const mayAdopt = owner === undefined && (isFree || pieceIndex === trialPiece);
    const mayHelp = (allBegun || isProven) && (exclusiveTo === undefined || exclusiveTo === session);
    if (owner === session || mayAdopt || mayHelp) return pieceIndex;
  }
  const { pieceLength } = ledger.geometry;
  const hasMemory = budget.pieceBytes === 0 || budget.pieceBytes + pieceLength <= limits.pieceMemoryBytesMax;
  if (allBegun || !isFree || !hasMemory) return undefined;
  for (const pieceIndex of ledger.geometry.pieces())
    if (picker.isCandidate(pieceIndex) && pieces.offers(pieceIndex)) return pieceIndex;
  return undefined;
}
