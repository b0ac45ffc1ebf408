/**
 * Torrents of one client do not mix: an action for a torrent concerns its own pieces, and a stopped torrent
 * sends nothing, reads nothing and has no connection. The torrents after the first have on disk the pieces
 * that their ledgers claim.
 */
import type { Action, TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { SimPeer } from '../world/peer.ts';
import type { World } from '../world/world.ts';
import { type Checker, type Disbelief, misremembers } from './checker.ts';

export function torrentsAreApart(): Checker {
  const stopped = new WeakMap<Engine, Set<TorrentId>>();
  const excused = new WeakSet<SimPeer>();
  return {
    name: 'torrents-are-apart',
    hears: [
      'added',
      'magnet-added',
      'piece-stored',
      'stopped',
      'dial',
      'send',
      'send-block',
      'read-block',
      'store-piece',
      'check-metadata',
      'announce',
      'report',
    ],
    onTurn({ world, peer, fact, actions }) {
      if (world.sides.length === 0) return undefined;
      if (misremembers(peer)) excused.add(peer);
      const gone = stopped.get(peer.engine) ?? new Set<TorrentId>();
      stopped.set(peer.engine, gone);
      for (const action of actions) {
        const torrent = torrentIn(action, peer.engine);
        if (torrent === undefined) continue;
        if (gone.has(torrent)) return `${action.type} for torrent ${torrent}, which was stopped`;
        const disbelief = judgePlace(world, torrent, action);
        if (disbelief !== undefined) return disbelief;
      }
      if (fact.type === 'stopped') gone.add(fact.torrent);
      return undefined;
    },
    inspect(peer) {
      const gone = stopped.get(peer.engine);
      if (gone === undefined) return undefined;
      for (const [connection, session] of peer.engine.usage.sessions) {
        const torrent = session.gone ? undefined : peer.engine.torrentOf(connection);
        if (torrent !== undefined && gone.has(torrent))
          return `connection ${connection} is open for torrent ${torrent}, which was stopped`;
      }
      return excused.has(peer) ? undefined : judgeSides(peer);
    },
  };
}

function torrentIn(action: Action, engine: Engine): TorrentId | undefined {
  if (action.type === 'close') return undefined;
  if ('torrent' in action) return action.torrent;
  if (action.type === 'announce') return action.request.torrent;
  if (action.type === 'report') return action.report.torrent;
  return engine.torrentOf(action.connection);
}

/** The piece or block exists in this torrent. */
function judgePlace(world: World, torrent: TorrentId, action: Action): Disbelief {
  const { geometry } = world.torrentOf(torrent);
  if (action.type === 'store-piece') {
    const isIts =
      action.pieceIndex < geometry.pieceCount &&
      action.buffer.bytes === geometry.pieceBytes(action.pieceIndex);
    return isIts
      ? undefined
      : `stores ${action.buffer.bytes} bytes as piece ${action.pieceIndex} of torrent ${torrent}`;
  }
  if (action.type === 'read-block') {
    const { pieceIndex, begin, bytes } = action.block;
    const isIts = geometry.block(pieceIndex, begin, bytes) !== undefined;
    return isIts ? undefined : `reads what is no block of torrent ${torrent}`;
  }
  return undefined;
}

function judgeSides({ engine, sides }: SimPeer): Disbelief {
  for (const { id, platter } of sides) {
    const ledger = id === undefined ? undefined : engine.inspect(id)?.ledger;
    for (const pieceIndex of ledger?.geometry.pieces() ?? [])
      if (ledger!.has(pieceIndex) && !platter.isRight(pieceIndex))
        return `has piece ${pieceIndex} of torrent ${id}, and the disk holds something else`;
  }
  return undefined;
}
