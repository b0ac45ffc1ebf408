/**
 * The interface from the half of a swarm that manages connections (swarm-peers.ts) to the half that exchanges
 * data.
 */
import type { Handshake } from '../../wire/handshake.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { Report, TorrentId } from '../contract.ts';
import type { PeerRecord } from '../peers/peer-record.ts';

export interface SwarmIdentity {
  readonly torrent: TorrentId;
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** Announce tiers. BEP 12 */
  readonly trackers: readonly (readonly string[])[];
  /** Missing: not known yet. BEP 27 */
  readonly private?: boolean;
}

/** The half that exchanges data: pieces (swarm.ts) or metadata (metadata-swarm.ts). */
export interface SwarmExchange {
  /** The handshake is accepted: open the session and send the first messages. */
  onJoined(session: PeerSession, record: PeerRecord, handshake: Handshake): void;
  onLeft(session: PeerSession, nowMs: number): void;
  /** False once nothing is left to download: we then need no seeds. */
  readonly wantsSeeds: boolean;
  /** The numbers for trackers. */
  readonly transferred: { readonly uploaded: number; readonly downloaded: number; readonly left: number };
}

/** A report of one torrent, without its id. */
export type SwarmReport = WithoutTorrent<Report>;

type WithoutTorrent<T> = T extends unknown ? Omit<T, 'torrent'> : never;
