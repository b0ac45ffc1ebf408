/**
 * What every part of the engine is handed: who we are, how much is allowed, chance, memory, and the way out.
 */
import type { Action, ConnectionId, PieceMemory, ReadId, TorrentId } from './contract.ts';
import type { Limits } from './limits.ts';
import type { OwnAddresses } from './peers/own-addresses.ts';
import type { SharedBudget } from './peers/shared-budget.ts';
import type { Prng } from './prng.ts';
import type { TokenBucket } from './serving/token-bucket.ts';

/** A session, as far as the end of a turn is concerned. */
export interface Speaker {
  readonly connection: ConnectionId;
  /** What we sent piles up unread. */
  readonly isNotReading: boolean;
  /** What was written in this turn leaves in one piece. */
  flush(): void;
}

export interface Context {
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** The port we listen on: what trackers are told. */
  readonly port: number;
  /** Where we reached ourselves. */
  readonly ownAddresses: OwnAddresses;
  readonly limits: Limits;
  readonly random: Prng;
  readonly memory: PieceMemory;
  /** The time of the fact at hand. */
  readonly nowMs: number;
  /** Rate limits shared by all torrents, in payload bytes. */
  readonly uploadRate: TokenBucket;
  readonly downloadRate: TokenBucket;
  /** Peers that a rate limit holds up; looked at again every few moments. */
  readonly throttled: Set<ConnectionId>;
  emit(action: Action): void;
  newConnection(torrent: TorrentId): ConnectionId;

  newRead(): ReadId;
  /** Sessions that have written something in this turn. */
  readonly dirty: Speaker[];
  /** Budgets shared by all torrents. */
  readonly budget: SharedBudget;
}
