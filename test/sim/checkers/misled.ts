/**
 * BitTorrent cannot take a `have` back: a peer that was told of a piece that is lost since, and lacks it, is
 * disconnected. That happens in rounds (client/engine/swarm/lost-pieces.ts), so it may take the time of one
 * round.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type Checker, type Disbelief, inspectionOf, isOfSide, type Turn } from './checker.ts';

/** Pieces that were lost while a peer was connected, and when. */
type Losses = Map<PieceIndex, number>;

interface Memory {
  /** Pieces that the engine had before this fact. The disk may name pieces as lost that it never had. */
  readonly had: Set<PieceIndex>;
  readonly misled: Map<PeerSession, Losses>;
}

export function nobodyIsMisled(): Checker {
  const memories = new WeakMap<Engine, Memory>();
  return {
    name: 'nobody-is-misled',
    hears: ['added', 'piece-stored', 'pieces-lost', 'woke'],
    onTurn(turn) {
      const { peer, fact, nowMs } = turn;
      const inspection = inspectionOf(peer);
      if (inspection === undefined || isOfSide(fact)) return undefined;
      const { ledger } = inspection;
      let memory = memories.get(peer.engine);
      if (memory === undefined || fact.type === 'added') {
        const had = [...ledger.geometry.pieces()].filter((pieceIndex) => ledger.has(pieceIndex));
        memory = { had: new Set(had), misled: new Map() };
        memories.set(peer.engine, memory);
      }
      const { had, misled } = memory;
      if (fact.type === 'piece-stored') had.add(fact.pieceIndex);
      if (fact.type === 'pieces-lost') {
        const lost = fact.pieces.filter((pieceIndex) => had.delete(pieceIndex));
        for (const session of inspection.sessions.values()) {
          const losses: Losses = misled.get(session) ?? new Map();
          misled.set(session, losses);
          for (const pieceIndex of lost) if (!losses.has(pieceIndex)) losses.set(pieceIndex, nowMs);
        }
      }
      return fact.type === 'woke' && misled.size > 0 ? judge(turn, misled) : undefined;
    },
  };
}

function judge({ peer, nowMs }: Turn, misled: Map<PeerSession, Losses>): Disbelief {
  const { ledger } = inspectionOf(peer)!;
  const { lossRoundMs, tickMs } = peer.engine.usage.limits;
  for (const [session, losses] of misled) {
    if (session.gone) misled.delete(session);
    for (const [pieceIndex, sinceMs] of losses) {
      if (ledger.has(pieceIndex) || session.pieces.has(pieceIndex)) losses.delete(pieceIndex);
      else if (!session.gone && nowMs - sinceMs > lossRoundMs + tickMs)
        return `connection ${session.connection} was told of piece ${pieceIndex}, which is lost since, ${nowMs - sinceMs} ms ago`;
    }
  }
  return undefined;
}
