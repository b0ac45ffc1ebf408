/**
 * Recounts everything that the engine counts incrementally: availability, useful pieces of each peer, upload
 * slots, connections. A count that stays off by one is a slot lost for the rest of the run.
 */
import type { EngineUsage, Inspection } from '../../../client/engine/inspection.ts';
import { type Checker, type Disbelief, firstOf, inspectionsOf } from './checker.ts';

export function countsAreRight(): Checker {
  return {
    name: 'counts-are-right',
    inspect(peer) {
      for (const inspection of inspectionsOf(peer)) {
        const disbelief = firstOf(
          judgePieces(inspection),
          judgeInterest(inspection),
          judgeSlots(inspection),
          judgeConnections(inspection, peer.engine.usage),
        );
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
  };
}

function judgePieces({ ledger, picker, selection, sessions }: Inspection): Disbelief {
  const tellers = [...sessions.values()].filter((session) => !session.countedAsSeed);
  let candidates = 0;
  for (const pieceIndex of ledger.geometry.pieces()) {
    let holders = 0;
    for (const session of tellers) if (session.pieces.has(pieceIndex)) holders += 1;
    if (picker.availability(pieceIndex) !== holders) {
      return `piece ${pieceIndex} is thought to be with ${picker.availability(pieceIndex)} peers, and is with ${holders}`;
    }
    const isCandidate = selection.wants(pieceIndex) && ledger.isMissing(pieceIndex);
    if (picker.isCandidate(pieceIndex) !== isCandidate) {
      return `piece ${pieceIndex} is ${isCandidate ? 'wanted and missing and no' : 'a'} candidate`;
    }
    if (isCandidate) candidates += 1;
  }
  if (candidates === picker.candidateCount) return undefined;
  return `counted ${picker.candidateCount} candidates, there are ${candidates}`;
}

function judgeInterest({ ledger, selection, sessions }: Inspection): Disbelief {
  for (const session of sessions.values()) {
    let count = 0;
    let useful = 0;
    for (const pieceIndex of ledger.geometry.pieces()) {
      if (!session.pieces.has(pieceIndex)) continue;
      count += 1;
      if (selection.lacks(pieceIndex)) useful += 1;
    }
    const whose = `connection ${session.connection}`;
    if (session.pieces.count !== count) return `${whose} counts ${session.pieces.count} pieces, has ${count}`;
    if (session.usefulCount !== useful)
      return `${whose} counts ${session.usefulCount} useful pieces, has ${useful}`;
    if (session.amInterested !== useful > 0) {
      return `${whose} has ${useful} pieces for us and was told the contrary`;
    }
  }
  return undefined;
}

function judgeSlots({ choker, sessions }: Inspection): Disbelief {
  let served = 0;
  let waiting = 0;
  for (const session of sessions.values()) {
    if (!session.amChoking) served += 1;
    else if (session.peerInterested) waiting += 1;
  }
  if (choker.servedCount !== served)
    return `counted ${choker.servedCount} who are served, there are ${served}`;
  // How many are served at a time is policy. That one is served while peers wait is a rule.
  return served === 0 && waiting > 0 ? `serves nobody while ${waiting} wait` : undefined;
}

function judgeConnections({ peers }: Inspection, { budget, sessions, dials }: EngineUsage): Disbelief {
  if (peers.stopping) return undefined;
  let open = 0;
  let halfOpen = 0;
  for (const { gone, isOpen, incoming } of sessions.values()) {
    if (!gone && isOpen) open += 1;
    else if (!gone && incoming) halfOpen += 1;
  }
  const differ = (what: string, counted: number, count: number) =>
    counted === count ? undefined : `counted ${counted} ${what}, there are ${count}`;
  return firstOf(
    differ('connections', budget.connections, open),
    differ('half-open connections', budget.halfOpen, halfOpen),
    differ('dials', budget.dials + budget.unanswered, dials.size),
  );
}
