/**
 * Trust in peers: a peer proves itself by the stored pieces to which it contributed, each counted once. After
 * a corrupt copy, a piece comes from one peer alone and its digests are requested, which will show who sent
 * wrong blocks. Computed from the disk's answers (client/engine/requests/piece-ownership.ts,
 * piece-provenance.ts).
 */
import type { TorrentId } from '../../../client/engine/contract.ts';
import type { Engine } from '../../../client/engine/engine.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { PeerRecord } from '../../../client/engine/peers/peer-record.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type Checker, type Disbelief, firstOf, type Turn } from './checker.ts';

/** State of one torrent. */
interface Register {
  /** Peers that sent blocks of the pieces being hashed. */
  readonly senders: Map<PieceIndex, ReadonlySet<PeerRecord>>;
  /** Number of stored pieces to which each peer contributed. */
  readonly good: Map<PeerRecord, number>;
  /** Pieces with a corrupt copy and no good one since. */
  readonly suspect: Set<PieceIndex>;
}

export function trustIsEarned(): Checker {
  const all = new WeakMap<Engine, Map<TorrentId, Register>>();
  return {
    name: 'trust-is-earned',
    hears: ['added', 'stopped', 'piece-stored', 'piece-corrupt', 'piece-unstorable', 'store-piece'],
    onTurn(turn) {
      const { peer, fact } = turn;
      const ofEngine = all.get(peer.engine) ?? new Map<TorrentId, Register>();
      all.set(peer.engine, ofEngine);
      if (fact.type === 'added')
        ofEngine.set(fact.spec.torrent, { senders: new Map(), good: new Map(), suspect: new Set() });
      if (fact.type === 'stopped') ofEngine.delete(fact.torrent);
      const own = 'torrent' in fact ? ofEngine.get(fact.torrent) : undefined;
      return firstOf(own && judgeVerdict(turn, own), judgeStores(turn, ofEngine));
    },
    inspect({ engine }) {
      for (const [torrent, own] of all.get(engine) ?? []) {
        const inspection = engine.inspect(torrent);
        const disbelief = inspection && judgeSuspects(own, inspection);
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
  };
}

function judgeVerdict({ fact }: Turn, { senders, good, suspect }: Register): Disbelief {
  if (fact.type !== 'piece-stored' && fact.type !== 'piece-corrupt' && fact.type !== 'piece-unstorable')
    return undefined;
  const { pieceIndex } = fact;
  const from = senders.get(pieceIndex);
  senders.delete(pieceIndex);
  if (fact.type === 'piece-corrupt' && from !== undefined) suspect.add(pieceIndex);
  if (fact.type !== 'piece-stored') return undefined;
  suspect.delete(pieceIndex);
  for (const record of from ?? []) {
    const count = 1 + (good.get(record) ?? 0);
    good.set(record, count);
    if (record.goodPieces !== count)
      return `${record.key} had part in ${count} stored pieces, and ${record.goodPieces} are counted`;
  }
  return undefined;
}

function judgeStores({ peer, actions }: Turn, ofEngine: ReadonlyMap<TorrentId, Register>): Disbelief {
  for (const action of actions) {
    if (action.type !== 'store-piece') continue;
    const { pieceIndex, wantDigests, torrent } = action;
    const own = ofEngine.get(torrent);
    const piece = peer.engine.inspect(torrent)?.ledger.storing(pieceIndex);
    if (own === undefined || piece === undefined) continue;
    own.senders.set(pieceIndex, new Set(piece.sources.filter((source) => source !== undefined)));
    if (wantDigests !== own.suspect.has(pieceIndex))
      return `wants ${wantDigests ? '' : 'no '}digests of piece ${pieceIndex}, of which ${own.suspect.has(pieceIndex) ? 'a' : 'no'} copy was corrupt`;
  }
  return undefined;
}

function judgeSuspects({ suspect }: Register, { ledger }: Inspection): Disbelief {
  for (const piece of ledger.fetchingPieces) {
    const { pieceIndex, owner, exclusiveTo } = piece;
    const isSuspect = suspect.has(pieceIndex);
    if (exclusiveTo !== (isSuspect ? owner : undefined))
      return `piece ${pieceIndex}, of which ${isSuspect ? 'a' : 'no'} copy was corrupt, is ${exclusiveTo === undefined ? 'for anybody' : 'for one alone'}`;
  }
  return undefined;
}
