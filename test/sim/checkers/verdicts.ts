/**
 * Proven guilt leads to a ban: a corrupt piece from one source proves its guilt at once. One from several
 * sources is kept until the next good copy shows which blocks were wrong.
 */
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Fact } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { PeerRecord } from '../../../client/engine/peers/peer-record.ts';
import type { FetchingPiece } from '../../../client/engine/pieces/fetching-piece.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { torrent } from '../world/peer.ts';
import { type Checker, inspectionOf, isOfSide } from './checker.ts';

/** As in client/engine/pieces/piece-provenance.ts: more corrupt copies of one piece prove nothing new. */
const copiesMax = 8;

interface CorruptCopy {
  readonly sources: FetchingPiece<PeerSession>['sources'];
  readonly digests: readonly string[];
}

/** What one run of a host can know. */
interface Court {
  /** Pieces that are being hashed. */
  readonly pending: Map<PieceIndex, FetchingPiece<PeerSession>>;
  readonly corrupt: Map<PieceIndex, CorruptCopy[]>;
}

export function theProvenAreBanned(): Checker {
  const courts = new WeakMap<Engine, Court>();
  return {
    name: 'the-proven-are-banned',
    hears: ['piece-corrupt', 'piece-stored', 'store-piece'],
    onTurn({ peer, fact, actions, nowMs }) {
      const court: Court = courts.get(peer.engine) ?? { pending: new Map(), corrupt: new Map() };
      courts.set(peer.engine, court);
      const ledger = inspectionOf(peer)?.ledger;
      // A stopped torrent is not judged.
      if (ledger === undefined) return undefined;
      const guilty = isOfSide(fact) ? new Set<PeerRecord>() : proven(court, fact);
      for (const action of actions) {
        const piece =
          action.type === 'store-piece' && action.torrent === torrent
            ? ledger.storing(action.pieceIndex)
            : undefined;
        if (piece !== undefined) court.pending.set(piece.pieceIndex, piece);
      }
      for (const record of guilty) {
        if (record.bannedUntilMs <= nowMs)
          return `has proof that ${record.key} sent wrong blocks, and has not banned it`;
      }
      return undefined;
    },
  };
}

function proven(court: Court, fact: Fact): ReadonlySet<PeerRecord> {
  const guilty = new Set<PeerRecord>();
  if (fact.type !== 'piece-corrupt' && fact.type !== 'piece-stored') return guilty;
  const { pieceIndex, digests } = fact;
  const piece = court.pending.get(pieceIndex);
  const copies = court.corrupt.get(pieceIndex) ?? [];
  court.pending.delete(pieceIndex);
  if (piece === undefined) return guilty;
  if (fact.type === 'piece-corrupt') {
    if (copies.length < copiesMax) copies.push({ sources: piece.sources, digests: fact.digests });
    court.corrupt.set(pieceIndex, copies);
    for (const source of piece.sources) if (source !== undefined) guilty.add(source);
    return guilty.size === 1 ? guilty : new Set();
  }
  court.corrupt.delete(pieceIndex);
  for (const copy of digests === undefined ? [] : copies) {
    for (const [blockIndex, digest] of copy.digests.entries()) {
      const source = copy.sources[blockIndex];
      if (source !== undefined && digest !== digests![blockIndex]) guilty.add(source);
    }
  }
  return guilty;
}
