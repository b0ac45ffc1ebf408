/**
 * What a hostile actor is given of the world, and what it has to be. An actor is no engine: it speaks the wire itself
 * over the same ports that the driver of an honest peer is given, so that it can say what no engine would.
 */
import type { Fact, PeerAddress, TorrentId } from '../../../client/engine/contract.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { Announcer, Network } from '../../../client/host/ports.ts';
import type { Block, Geometry } from '../../../torrents/geometry.ts';

export interface Stage {
  readonly address: PeerAddress;
  /** 20 bytes: what the actor calls itself. */
  readonly peerId: Uint8Array;
  /** Its connections are numbered as an engine's: even when it dials, odd when it is dialed. */
  readonly network: Network;
  readonly announcer: Announcer;
  /** Its own: what one actor draws changes nobody else's luck. */
  readonly random: Pick<Prng, 'below'>;
  readonly torrent: StagedTorrent;
  /** Runs `run` at nowMs + delayMs; answers how to take it back. */
  after(delayMs: number, run: () => void): () => void;
}

/** What the actor knows of the torrent: everything. */
export interface StagedTorrent {
  readonly id: TorrentId;
  readonly infoHash: Uint8Array;
  readonly geometry: Geometry;
  /** The right info dictionary. */
  readonly infoBytes: Uint8Array;
  /** Trackers it lets itself be listed by. */
  readonly trackers: readonly string[];
  /** The bytes of a block as this world sends them: the right ones, or others in their place. Lent until the next call. */
  payload(block: Block, isRight: boolean): Uint8Array;
}

/** An actor at work. */
export interface Actor {
  /** Facts of its network and announcer; others mean nothing to it. */
  hear(fact: Fact): void;
  /** It leaves the stage: nothing of it is left, no connection and no alarm. */
  leave(): void;
}
