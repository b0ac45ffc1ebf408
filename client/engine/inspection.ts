/**
 * What the simulator's checkers read after every event: the live parts of one torrent, as read-only views.
 * Nothing is copied, so that a check costs nothing. A checker changes nothing and keeps nothing past the next
 * fact. For people and programs there is status.ts.
 */
import type { PeerSession } from './connection/peer-session.ts';
import type { ConnectionId } from './contract.ts';
import type { Limits } from './limits.ts';
import type { SharedBudget } from './peers/shared-budget.ts';
import type { PieceLedger } from './pieces/piece-ledger.ts';
import type { PiecePicker } from './pieces/piece-picker.ts';
import type { PieceSelection } from './pieces/piece-selection.ts';
import type { RequestScheduler } from './requests/request-scheduler.ts';
import type { BlockServer } from './serving/block-server.ts';
import type { Choker } from './serving/choker.ts';
import type { SwarmPeers } from './swarm/swarm-peers.ts';

/** One torrent whose pieces are known. */
export interface Inspection {
  readonly sessions: ReadonlyMap<ConnectionId, PeerSession>;
  readonly ledger: Pick<
    PieceLedger<PeerSession>,
    | 'geometry'
    | 'dataBytes'
    | 'has'
    | 'haveBytes'
    | 'haveCount'
    | 'isMissing'
    | 'fetching'
    | 'fetchingCount'
    | 'fetchingPieces'
    | 'storing'
    | 'storingPieces'
  >;
  readonly selection: Pick<
    PieceSelection,
    'wants' | 'lacks' | 'missingCount' | 'wantedBytes' | 'haveWantedBytes'
  >;
  readonly picker: Pick<PiecePicker, 'isCandidate' | 'candidateCount' | 'availability'>;
  readonly peers: Pick<SwarmPeers, 'knownCount' | 'stopping' | 'isOffline'>;
  readonly choker: Pick<Choker, 'servedCount'>;
  readonly server: Pick<BlockServer, 'readCount'>;
  readonly scheduler: Pick<
    RequestScheduler,
    'blockKey' | 'open' | 'orphans' | 'paused' | 'deadlines' | 'trials'
  >;
  /** Payload bytes, as in announces. */
  readonly transferred: { readonly uploaded: number; readonly downloaded: number };
}

/**
 * The number of entries of a table, and what one entry stands for. No table holds an entry for something that
 * has ended.
 */
export interface TableSize {
  readonly name: string;
  readonly size: number;
  /** `block`: a block that is requested and not received. */
  readonly per: 'connection' | 'block';
}

/** All torrents together. */
export interface EngineUsage {
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  readonly limits: Limits;
  readonly budget: Pick<SharedBudget, 'connections' | 'dials' | 'halfOpen' | 'unanswered' | 'pieceBytes'>;
  /** Every connection, half-open ones included. Ended ones leave at the next tick. */
  readonly sessions: ReadonlyMap<ConnectionId, PeerSession>;
  /** Dials without an accepted handshake. */
  readonly dials: ReadonlyMap<ConnectionId, unknown>;
  /** The tables that grow and shrink with the engine's work. */
  tables(): readonly TableSize[];
}
