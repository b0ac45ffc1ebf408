/**
 * What every part of the engine gets: our identity, limits, randomness, memory, and the output of actions.
 */
import type { Action, ConnectionId, PieceMemory, ReadId, TorrentId } from './contract.ts';
import type { Limits } from './limits.ts';
import type { OwnAddresses } from './peers/own-addresses.ts';
import type { SharedBudget } from './peers/shared-budget.ts';
import type { Prng } from './prng.ts';
import type { TokenBucket } from './serving/token-bucket.ts';

/** A session, as the end of a turn needs it. */
export interface Flushable {
  readonly connection: ConnectionId;
  /** The peer leaves too many sent bytes unread. */
  readonly isNotReading: boolean;
  /** Sends what was written in this turn, in one piece. */
  flush(): void;
}

export interface Context {
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** The port we listen on and announce. */
  readonly port: number;
  /** Addresses at which we reached ourselves. */
  readonly ownAddresses: OwnAddresses;
  readonly limits: Limits;
  readonly random: Prng;
  readonly memory: PieceMemory;
  /** The time of the current fact. */
  readonly nowMs: number;
  /** Rate limits shared by all torrents, in payload bytes. */
  readonly uploadRate: TokenBucket;
  readonly downloadRate: TokenBucket;
  /** Peers that a rate limit delays; retried every `throttleMs`. */
  readonly throttled: Set<ConnectionId>;
  emit(action: Action): void;
  newConnection(torrent: TorrentId): ConnectionId;

  newRead(): ReadId;
  /** Sessions with unsent messages of this turn. */
  readonly toFlush: Flushable[];
  /** Budgets shared by all torrents. */
  readonly budget: SharedBudget;
}
