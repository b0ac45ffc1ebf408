/**
 * What a hostile actor gets from the world, and the interface it has to implement. An actor contains no
 * engine: it speaks the wire protocol through the ports that an honest peer's driver has, so that it can send
 * what no engine would.
 */
import type { Fact, PeerAddress, TorrentId } from '../../../client/engine/contract.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import type { Announcer, Network } from '../../../client/host/ports.ts';
import type { Block, Geometry } from '../../../torrents/geometry.ts';

export interface Stage {
  readonly address: PeerAddress;
  /** The actor's peer id, 20 bytes. */
  readonly peerId: Uint8Array;
  /** Connections are numbered as an engine's: even for outgoing, odd for incoming. */
  readonly network: Network;
  readonly announcer: Announcer;
  /** The actor's own stream, so that its draws do not change those of others. */
  readonly random: Pick<Prng, 'below'>;
  readonly torrent: StagedTorrent;
  /** Calls `run` after `delayMs`. Returns a function that cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

/** What the actor knows about the torrent: everything. */
export interface StagedTorrent {
  readonly id: TorrentId;
  readonly infoHash: Uint8Array;
  readonly geometry: Geometry;
  /** The right info dictionary. */
  readonly infoBytes: Uint8Array;
  /** Trackers that it announces to. */
  readonly trackers: readonly string[];
  /** The bytes of a block as this world sends them, right or wrong. Borrowed until the next call. */
  payload(block: Block, isRight: boolean): Uint8Array;
}

/** A running actor. */
export interface Actor {
  /** Facts of its network and announcer. Others are ignored. */
  hear(fact: Fact): void;
  /** Leaves the world: no connection and no timer remains. */
  leave(): void;
}
