/** What the half of a swarm that keeps connections (swarm-peers.ts) has to know of the half that exchanges something. */
import type { Handshake } from '../../wire/handshake.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { Report, TorrentId } from '../contract.ts';
import type { PeerRecord } from '../peers/peer-record.ts';

export interface SwarmIdentity {
  readonly torrent: TorrentId;
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  /** Announce tiers.  BEP 12 */
  readonly trackers: readonly (readonly string[])[];
  /** Missing: not known yet.  BEP 27 */
  readonly private?: boolean;
}

/** The half that knows what is exchanged. */
export interface SwarmContent {
  /** The handshake is accepted: open the session and say the first words. */
  onJoined(session: PeerSession, record: PeerRecord, handshake: Handshake): void;
  onLeft(session: PeerSession, nowMs: number): void;
  /** False once there is nothing left to fetch: seeds are of no use then. */
  readonly wantsSeeds: boolean;
  /** What trackers are told. */
  readonly transferred: { readonly uploaded: number; readonly downloaded: number; readonly left: number };
}

/** What is told of one torrent. */
export type SwarmReport = WithoutTorrent<Report>;

type WithoutTorrent<T> = T extends unknown ? Omit<T, 'torrent'> : never;
