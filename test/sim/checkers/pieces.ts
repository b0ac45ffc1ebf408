/**
 * What is believed of pieces: one state each, and `have` means that the disk holds exactly what the author had, also
 * after a crash.
 */
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { SimPeer } from '../world/peer.ts';
import { type Checker, type Disbelief, inspectionOf, misremembers } from './checker.ts';

export function oneStateAPiece(): Checker {
  return {
    name: 'one-state-a-piece',
    onTurn({ peer, fact }) {
      return 'pieceIndex' in fact ? stateOf(peer, fact.pieceIndex) : undefined;
    },
    inspect(peer) {
      const inspection = inspectionOf(peer);
      if (inspection === undefined) return undefined;
      const { ledger } = inspection;
      let haveCount = 0;
      let haveBytes = 0;
      for (const pieceIndex of ledger.geometry.pieces()) {
        const disbelief = judgeState(ledger, pieceIndex);
        if (disbelief !== undefined) return disbelief;
        if (!ledger.has(pieceIndex)) continue;
        haveCount += 1;
        haveBytes += ledger.dataBytes(pieceIndex);
      }
      if (haveCount === ledger.haveCount && haveBytes === ledger.haveBytes) return undefined;
      return `counted ${ledger.haveCount} pieces of ${ledger.haveBytes} bytes, has ${haveCount} of ${haveBytes}`;
    },
  };
}

function stateOf(peer: SimPeer, pieceIndex: PieceIndex): Disbelief {
  const ledger = inspectionOf(peer)?.ledger;
  return ledger === undefined ? undefined : judgeState(ledger, pieceIndex);
}

function judgeState(ledger: Inspection['ledger'], pieceIndex: PieceIndex): Disbelief {
  const have = ledger.has(pieceIndex);
  const isStoring = ledger.storing(pieceIndex) !== undefined;
  const isFetching = ledger.fetching(pieceIndex) !== undefined;
  const isMissing = ledger.isMissing(pieceIndex);
  if (Number(have) + Number(isStoring) + Number(isFetching) + Number(isMissing) === 1) return undefined;
  const states = { have, storing: isStoring, fetching: isFetching, missing: isMissing };
  const names = Object.entries(states).flatMap(([name, holds]) => (holds ? [name] : []));
  return `piece ${pieceIndex} is ${names.join(' and ') || 'in no state'}`;
}

/** Left out: hosts whose disk loses what it has acknowledged, or began with something else than the author's. */
export function haveIsOnDisk(): Checker {
  const excused = new WeakSet<SimPeer>();
  const isHeld = (peer: SimPeer, pieceIndex: PieceIndex): Disbelief =>
    peer.platter.isRight(pieceIndex)
      ? undefined
      : `has piece ${pieceIndex}, and the disk holds something else`;
  return {
    name: 'have-is-on-disk',
    onTurn({ peer, fact }) {
      if (misremembers(peer)) excused.add(peer);
      if (excused.has(peer)) return undefined;
      const ledger = inspectionOf(peer)?.ledger;
      const pieceIndex = 'pieceIndex' in fact ? fact.pieceIndex : undefined;
      return pieceIndex !== undefined && ledger?.has(pieceIndex) ? isHeld(peer, pieceIndex) : undefined;
    },
    inspect(peer) {
      const ledger = inspectionOf(peer)?.ledger;
      if (ledger === undefined || excused.has(peer)) return undefined;
      for (const pieceIndex of ledger.geometry.pieces()) {
        const disbelief = ledger.has(pieceIndex) ? isHeld(peer, pieceIndex) : undefined;
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
  };
}

/** Recorded is what the next start believes in without hashing it. */
export function recordedIsDurable(): Checker {
  const excused = new WeakSet<SimPeer>();
  return {
    name: 'recorded-is-durable',
    onTurn({ peer }) {
      if (misremembers(peer)) excused.add(peer);
      return undefined;
    },
    onCrash(peer) {
      if (excused.has(peer)) return undefined;
      for (const pieceIndex of peer.platter.content.geometry.pieces()) {
        if (!peer.platter.isRecorded(pieceIndex) || peer.platter.isRight(pieceIndex)) continue;
        return `piece ${pieceIndex} is recorded, and the crash has taken it`;
      }
      return undefined;
    },
  };
}
