/**
 * Bytes neither appear nor vanish: what one end of a connection sent is received, in flight or queued; what
 * the engine counts as unread is what it sent less what was flushed; what it downloaded is stored, in a piece
 * in memory, or wasted.
 */
import type { ConnectionId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import { type Checker, type Disbelief, inspectionOf, isOfSide, sessionOf } from './checker.ts';

/** A check of the simulated network itself: a simulator that loses bytes proves nothing. */
export function sentIsReceivedOrInFlight(): Checker {
  return {
    name: 'sent-is-received-or-in-flight',
    inspect(peer) {
      for (const end of peer.host.ends) {
        const { other } = end;
        if (other === undefined || !end.isTold || !other.isTold || !other.isOpen) continue;
        const accounted = end.queuedBytes + end.inFlightBytes + other.receivedBytes;
        if (end.sentBytes === accounted) continue;
        return `connection ${end.connection}: sent ${end.sentBytes} bytes, of which ${accounted} are anywhere`;
      }
      return undefined;
    },
  };
}

export function unreadIsCounted(): Checker {
  const unread = new WeakMap<Engine, Map<ConnectionId, number>>();
  return {
    name: 'unread-is-counted',
    hears: ['connected', 'received', 'flushed', 'closed', 'metadata-checked', 'send', 'send-block', 'close'],
    onTurn(turn) {
      const { peer, fact, actions } = turn;
      const ofConnection = unread.get(peer.engine) ?? new Map<ConnectionId, number>();
      unread.set(peer.engine, ofConnection);
      const add = (connection: ConnectionId, bytes: number) =>
        ofConnection.set(connection, (ofConnection.get(connection) ?? 0) + bytes);
      if (fact.type === 'flushed') add(fact.connection, -fact.bytes);
      for (const action of actions) {
        if (action.type === 'send') add(action.connection, action.bytes.length);
        else if (action.type === 'send-block') {
          add(action.connection, action.header.length + action.payload.length);
        } else if (action.type === 'close') ofConnection.delete(action.connection);
      }
      if (fact.type === 'closed') ofConnection.delete(fact.connection);
      const session = sessionOf(turn);
      if (session === undefined || session.gone) return undefined;
      const sent = ofConnection.get(session.connection) ?? 0;
      if (session.uploads.unflushedBytes === sent) return undefined;
      return `connection ${session.connection}: ${sent} bytes are unread, counted ${session.uploads.unflushedBytes}`;
    },
  };
}

export function downloadedIsSomewhere(): Checker {
  /** Bytes of the pieces stored in this run of the engine, without pads, which are never sent. */
  const stored = new WeakMap<Engine, number>();
  return {
    name: 'downloaded-is-somewhere',
    hears: ['added', 'piece-stored'],
    onTurn({ world, peer, fact }) {
      const { engine } = peer;
      if (isOfSide(fact)) return undefined;
      if (fact.type === 'added') stored.set(engine, 0);
      if (fact.type !== 'piece-stored' || inspectionOf(peer) === undefined) return undefined;
      stored.set(engine, (stored.get(engine) ?? 0) + world.torrent.askedBytes(fact.pieceIndex));
      return undefined;
    },
    inspect: (peer) => judgeDownloaded(peer, stored.get(peer.engine)),
  };
}

function judgeDownloaded(peer: SimPeer, stored: number | undefined): Disbelief {
  const inspection = inspectionOf(peer);
  if (inspection === undefined || stored === undefined) return undefined;
  const { ledger } = inspection;
  const status = peer.engine.status(torrent)!;
  const { uploaded } = inspection.transferred;
  if (status.uploaded !== uploaded) return `shows ${status.uploaded} bytes as uploaded, counts ${uploaded}`;
  let inHand = 0;
  for (const piece of [...ledger.fetchingPieces, ...ledger.storingPieces]) {
    for (const [blockIndex, source] of piece.sources.entries()) {
      if (source !== undefined) inHand += piece.blockBytes(blockIndex);
    }
  }
  const accounted = stored + inHand + status.wasted;
  if (status.downloaded === accounted) return undefined;
  return `downloaded ${status.downloaded} bytes; ${stored} are stored, ${inHand} in hand, ${status.wasted} wasted`;
}
