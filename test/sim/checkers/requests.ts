/**
 * Every requested block belongs to a piece that is being downloaded and still lacks it. Every request is
 * known on both sides, the peer's and the piece's. No free block is on a list where no peer would ever be
 * asked for it.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { FetchingPiece } from '../../../client/engine/pieces/fetching-piece.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type Checker, type Disbelief, firstOf, inspectionOf, inspectionsOf, sessionOf } from './checker.ts';

export function askedIsFetched(): Checker {
  return {
    name: 'asked-is-fetched',
    hears: ['connected', 'received', 'flushed', 'closed', 'metadata-checked'],
    onTurn(turn) {
      const inspection = inspectionOf(turn.peer);
      const session = sessionOf(turn);
      return inspection === undefined || session === undefined ? undefined : judgeAsked(inspection, session);
    },
    inspect(peer) {
      for (const inspection of inspectionsOf(peer)) {
        const disbelief = judgeAll(inspection);
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
  };
}

function judgeAll(inspection: Inspection): Disbelief {
  const asked = new Map<number, number>();
  for (const session of inspection.sessions.values()) {
    const disbelief = judgeAsked(inspection, session);
    if (disbelief !== undefined) return disbelief;
    for (const key of session.pipeline.asked) asked.set(key, (asked.get(key) ?? 0) + 1);
  }
  for (const piece of inspection.ledger.fetchingPieces) {
    const disbelief = firstOf(judgePiece(inspection, piece, asked), judgeOwner(inspection, piece));
    if (disbelief !== undefined) return disbelief;
  }
  return undefined;
}

function judgeAsked(inspection: Inspection, session: PeerSession): Disbelief {
  const { asked } = session.pipeline;
  if (asked.length === 0) return undefined;
  const { blocksPerPiece } = inspection.ledger.geometry;
  const whose = `connection ${session.connection}`;
  if (!session.isOpen) return `${whose} has ended, and ${asked.length} blocks are asked of it`;
  if (session.peerChoking) return `${whose} chokes us, and ${asked.length} blocks are asked of it`;
  for (const key of asked) {
    const blockIndex = key % blocksPerPiece;
    const pieceIndex = (key - blockIndex) / blocksPerPiece;
    const block = `block ${blockIndex} of piece ${pieceIndex}`;
    const piece = inspection.ledger.fetching(pieceIndex as PieceIndex);
    if (piece === undefined) return `${whose} is asked for ${block}, which nobody fetches`;
    if (piece.isReceived(blockIndex)) return `${whose} is still asked for ${block}, which is here`;
    if (!session.pieces.has(piece.pieceIndex))
      return `${whose} is asked for ${block} and has not said it has it`;
  }
  return new Set(asked).size === asked.length ? undefined : `${whose} is asked for one block twice`;
}

/** `asked`: the number of peers asked for each block, by its key. */
function judgePiece(
  { scheduler }: Inspection,
  piece: FetchingPiece<PeerSession>,
  asked: ReadonlyMap<number, number>,
): Disbelief {
  let free = 0;
  let received = 0;
  for (let blockIndex = 0; blockIndex < piece.blockCount; blockIndex++) {
    const copies = asked.get(scheduler.blockKey(piece.pieceIndex, blockIndex)) ?? 0;
    if (piece.isReceived(blockIndex)) received += 1;
    else if (copies === 0) free += 1;
    if (piece.copies(blockIndex) !== copies && !piece.isReceived(blockIndex)) {
      return `block ${blockIndex} of piece ${piece.pieceIndex} counts ${piece.copies(blockIndex)} copies on their way, and ${copies} peers are asked for it`;
    }
  }
  if (free === piece.freeCount && received === piece.receivedCount) return undefined;
  return `piece ${piece.pieceIndex} counts ${piece.freeCount} blocks free and ${piece.receivedCount} here, there are ${free} and ${received}`;
}

/**
 * A piece with free blocks has an owner or is an orphan. One without may stay on the lists until the next
 * search removes it.
 */
function judgeOwner({ sessions, scheduler }: Inspection, piece: FetchingPiece<PeerSession>): Disbelief {
  const which = `piece ${piece.pieceIndex}`;
  const { open, orphans } = scheduler;
  const { owner } = piece;
  if (piece.freeCount > 0 && !open.has(piece))
    return `${which} has ${piece.freeCount} free blocks and is not open`;
  if (owner !== undefined && sessions.get(owner.connection) !== owner)
    return `${which} is owned by one who has gone`;
  if (owner !== undefined && !owner.kept.pieces.has(piece))
    return `the owner of ${which} does not know of it`;
  if (owner !== undefined) return orphans.has(piece) ? `${which} is owned and an orphan` : undefined;
  return piece.freeCount > 0 && !orphans.has(piece) ? `${which} has nobody and is no orphan` : undefined;
}
