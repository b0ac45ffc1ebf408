/**
 * Each piece is in exactly one state, and `have` means that the disk holds exactly the author's bytes, also
 * after a crash.
 */
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { lookEveryMs } from '../world/content-watch.ts';
import type { SimPeer } from '../world/peer.ts';
import { type Checker, type Disbelief, inspectionOf, isOfSide, misremembers } from './checker.ts';

export function oneStateAPiece(): Checker {
  return {
    name: 'one-state-a-piece',
    hears: ['piece-stored', 'piece-corrupt', 'piece-unstorable', 'deadline-set'],
    onTurn({ peer, fact }) {
      return 'pieceIndex' in fact && !isOfSide(fact) ? stateOf(peer, fact.pieceIndex) : undefined;
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

/**
 * Changes by other programs are noticed by a check every few seconds, at once at the next start, and before a
 * download counts as complete. Left out: hosts whose disk loses acknowledged writes or that began with wrong
 * content; and changes that leave no trace in size, mtime or inode, until the piece is written again.
 */
export function haveIsOnDisk(): Checker {
  const excused = new WeakSet<SimPeer>();
  return {
    name: 'have-is-on-disk',
    hears: ['added', 'piece-stored', 'piece-corrupt', 'piece-unstorable', 'pieces-lost', 'report completed'],
    onTurn({ world, peer, fact, actions }) {
      if (misremembers(peer)) excused.add(peer);
      const ledger = inspectionOf(peer)?.ledger;
      if (excused.has(peer) || ledger === undefined) return undefined;
      // What the disk has just reported is true now, with no grace period.
      const isOfDisk = 'pieceIndex' in fact && !isOfSide(fact) && fact.type !== 'deadline-set';
      const named =
        fact.type === 'pieces-lost' && !isOfSide(fact) ? fact.pieces : isOfDisk ? [fact.pieceIndex] : [];
      // Only with all pieces: a download that completes because the user wants no more is checked as usual.
      const isComplete =
        ledger.haveCount === ledger.geometry.pieceCount &&
        actions.some((a) => a.type === 'report' && a.report.type === 'completed' && !isOfSide(a.report));
      for (const pieceIndex of isComplete ? ledger.geometry.pieces() : named) {
        const disbelief = ledger.has(pieceIndex) ? judgeHave(peer, pieceIndex, world.nowMs, 0) : undefined;
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
    inspect(peer) {
      const inspection = inspectionOf(peer);
      if (inspection === undefined || excused.has(peer)) return undefined;
      const { ledger, peers } = inspection;
      // Offline nothing is served, and the files are checked when they are back.
      if (peers.isOffline) return undefined;
      for (const pieceIndex of ledger.geometry.pieces()) {
        if (!ledger.has(pieceIndex)) continue;
        const disbelief = judgeHave(peer, pieceIndex, peer.nowMs, lookEveryMs);
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
  };
}

/** `graceMs`: how long a change by another program may go unnoticed. */
function judgeHave(peer: SimPeer, pieceIndex: PieceIndex, nowMs: number, graceMs: number): Disbelief {
  const { platter, lookedMs, beganMs } = peer;
  if (platter.holds(pieceIndex)) return undefined;
  const harm = platter.harms.get(pieceIndex);
  if (harm?.isVisible === false) return undefined;
  const sinceMs = Math.max(harm?.atMs ?? -1, platter.awayMs ?? -1);
  // A start checks everything. The first periodic check follows later.
  const isUnknown = sinceMs > lookedMs && nowMs - Math.max(sinceMs, beganMs) <= graceMs;
  if (isUnknown && graceMs > 0) return undefined;
  const what = platter.isAway ? 'the files are somewhere else' : 'the disk holds something else';
  return `has piece ${pieceIndex}, and ${what}`;
}

/** Pieces that the next start would trust without hashing them. */
export function recordedIsDurable(): Checker {
  const excused = new WeakSet<SimPeer>();
  return {
    name: 'recorded-is-durable',
    hears: ['added', 'piece-stored'],
    onTurn({ peer }) {
      if (misremembers(peer)) excused.add(peer);
      return undefined;
    },
    onCrash(peer) {
      if (excused.has(peer)) return undefined;
      for (const pieceIndex of peer.platter.content.geometry.pieces()) {
        const { platter } = peer;
        if (!platter.isTrusted(pieceIndex) || platter.isRight(pieceIndex)) continue;
        if (platter.harms.get(pieceIndex)?.isVisible === false) continue;
        return `piece ${pieceIndex} is recorded, and the crash has taken it`;
      }
      return undefined;
    },
  };
}
