/**
 * What comes late is welcome: a block that was asked for and given back since is taken as long as it is of use, and not thrown
 * away and asked for once more.                                                                                  BEP 3 6
 */
import type { ConnectionId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { FetchingPiece } from '../../../client/engine/fetching-piece.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { blockBytesMax, type PieceIndex } from '../../../torrents/geometry.ts';
import type { SimPeer } from '../world/peer.ts';
import type { Checker, Disbelief } from './checker.ts';
import type { Conversation } from './wire/conversation.ts';
import { overhear } from './wire/overheard.ts';

/** The piece of a block that is coming, as it was after the turn in which it began. */
interface Coming {
  readonly place: string;
  readonly piece: FetchingPiece | undefined;
}

export function lateBlocksAreWelcome(): Checker {
  const all = new WeakMap<Engine, Map<ConnectionId, Coming>>();
  return {
    name: 'late-blocks-are-welcome',
    hears: ['received'],
    onTurn(turn) {
      const { peer, fact } = turn;
      if (fact.type !== 'received') return undefined;
      const { connection } = fact;
      let begun = all.get(peer.engine);
      if (begun === undefined) all.set(peer.engine, (begun = new Map()));
      const conversation = overhear(turn).conversations.get(connection);
      const session = peer.engine.usage.sessions.get(connection);
      const torrent = peer.engine.torrentOf(connection);
      const inspection = torrent === undefined ? undefined : peer.engine.inspect(torrent);
      if (conversation === undefined || inspection === undefined || session?.isOpen !== true)
        return void begun.delete(connection);
      if (mayBeShort(peer)) return void begun.delete(connection);
      const disbelief = judge(conversation, inspection, begun.get(connection));
      if (disbelief !== undefined) return `connection ${connection}: ${disbelief}`;
      const { coming } = conversation;
      if (coming === undefined) begun.delete(connection);
      else if (begun.get(connection)?.place !== coming)
        begun.set(connection, { place: coming, piece: pieceOf(inspection, coming) });
      return undefined;
    },
  };
}

/** Where memory is scarce or the disk refuses pieces, some are given up and begun anew while their blocks are on the way. */
function mayBeShort({ engine, temper }: SimPeer): boolean {
  const isTight = engine.usage.limits.pieceMemoryBytesMax < defaultLimits.pieceMemoryBytesMax;
  return isTight || temper.failing !== undefined || temper.writeErrorPpm > 0;
}

function judge(
  { welcome, owed }: Conversation,
  inspection: Inspection,
  begun: Coming | undefined,
): Disbelief {
  for (const [at, place] of welcome.entries()) {
    // What began in an earlier turn may have been for a piece that was given up, and begun anew.
    const piece = pieceOf(inspection, place);
    if (at === 0 && begun !== undefined && begun.piece !== piece) continue;
    const blockIndex = Number(place.split('/')[1]) / blockBytesMax;
    // So many are remembered for sure.
    if (piece === undefined || owed.size > 2 || piece.isReceived(blockIndex)) continue;
    return `block ${blockIndex} of piece ${piece.pieceIndex} has come, was asked for before, and is thrown away`;
  }
  return undefined;
}

function pieceOf({ ledger }: Inspection, place: string): FetchingPiece | undefined {
  return ledger.fetching(Number(place.split('/')[0]) as PieceIndex);
}
