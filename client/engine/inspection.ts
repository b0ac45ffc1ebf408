/**
 * What the simulator's checkers look at after every event: the parts of one torrent themselves, through their questions
 * alone. Nothing is copied, so that looking costs nothing; whoever looks changes nothing, and is done before the next
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

/** Of one torrent whose pieces are known. */
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
  /** Payload bytes, as trackers are told. */
  readonly transferred: { readonly uploaded: number; readonly downloaded: number };
}

/** How many entries a table has, and what each of them stands for: what has ended is in none. */
export interface TableSize {
  readonly name: string;
  readonly size: number;
  /** `block`: of a piece on its way, and not here. */
  readonly per: 'connection' | 'block';
}

/** Of all torrents together. */
export interface EngineUsage {
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  readonly limits: Limits;
  readonly budget: Pick<SharedBudget, 'connections' | 'dials' | 'halfOpen' | 'unanswered' | 'pieceBytes'>;
  /** Every connection, before its handshake too; those that have ended leave at the next tick. */
  readonly sessions: ReadonlyMap<ConnectionId, PeerSession>;
  /** Dials that have not come to a handshake. */
  readonly dials: ReadonlyMap<ConnectionId, unknown>;
  /** Those that grow and shrink with what the engine has to do. */
  tables(): readonly TableSize[];
}
