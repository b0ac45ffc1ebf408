/**
 * Every connected peer that lacks a stored piece is soon told of it, and so are seeds, which want to know
 * which pieces are rare. speech.ts checks that no piece is announced before it is stored, or twice.     BEP 3
 */
import type { TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { SimPeer } from '../world/peer.ts';
import type { Checker, Disbelief } from './checker.ts';
import { overhear } from './wire/overheard.ts';

interface News {
  /** When each piece was stored, for pieces not yet judged and not lost since. */
  readonly storedMs: Map<number, number>;
  nowMs: number;
}

export function newsAreTold(): Checker {
  const news = new WeakMap<Engine, Map<TorrentId, News>>();
  return {
    name: 'news-are-told',
    hears: ['added', 'woke', 'piece-stored', 'pieces-lost', 'stopped'],
    onTurn(turn) {
      const { peer, fact, nowMs } = turn;
      const ofEngine = news.get(peer.engine) ?? new Map<TorrentId, News>();
      news.set(peer.engine, ofEngine);
      if (fact.type === 'added') ofEngine.set(fact.spec.torrent, { storedMs: new Map(), nowMs });
      if (!('torrent' in fact))
        return fact.type === 'woke' ? judge(peer, overhear(turn), ofEngine, nowMs) : undefined;
      const own = ofEngine.get(fact.torrent);
      if (fact.type === 'piece-stored') own?.storedMs.set(fact.pieceIndex, nowMs);
      if (fact.type === 'pieces-lost') {
        const geometry = peer.engine.inspect(fact.torrent)?.ledger.geometry;
        // The loss concerns only peers of this torrent.
        const about = [...overhear(turn).conversations.values()].filter(
          ({ torrent }) => torrent?.geometry === geometry,
        );
        for (const pieceIndex of fact.pieces) {
          own?.storedMs.delete(pieceIndex);
          for (const { told } of about) told.delete(pieceIndex);
        }
      }
      if (fact.type === 'stopped') ofEngine.delete(fact.torrent);
      return undefined;
    },
  };
}

/** At every tick: a piece stored a tick before the last one must have been announced. */
function judge(
  { engine }: SimPeer,
  { conversations }: ReturnType<typeof overhear>,
  ofEngine: ReadonlyMap<TorrentId, News>,
  nowMs: number,
): Disbelief {
  const { sessions, limits } = engine.usage;
  for (const [torrent, own] of ofEngine) {
    const lookedMs = own.nowMs;
    own.nowMs = nowMs;
    const ledger = engine.inspect(torrent)?.ledger;
    if (ledger === undefined) continue;
    for (const [pieceIndex, storedMs] of own.storedMs) {
      if (storedMs + limits.tickMs > lookedMs) continue;
      own.storedMs.delete(pieceIndex);
      if (!ledger.has(ledger.geometry.pieceIndex(pieceIndex)!)) continue;
      for (const [connection, said] of conversations) {
        const session = sessions.get(connection);
        const isIts = said.torrent?.geometry === ledger.geometry && session?.isOpen;
        if (!isIts || said.told.has(pieceIndex)) continue;
        const isSeed = said.peerHas.size === ledger.geometry.pieceCount;
        if (isSeed ? session.countedAsSeed : !said.peerHas.has(pieceIndex))
          return `connection ${connection} has not been told of piece ${pieceIndex}, stored ${nowMs - storedMs} ms ago`;
      }
    }
  }
  return undefined;
}
