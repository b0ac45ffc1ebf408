/**
 * What people and programs may ask about a torrent at any moment: plain values, a snapshot.
 */
import { clientNameOf } from './connection/client-name.ts';
import type { PeerSession } from './connection/peer-session.ts';
import type { DiskTrouble, PeerAddress, PeerOrigin } from './contract.ts';
import type { AnnounceSchedule } from './peers/announce-schedule.ts';
import { secondsUntilRetry } from './peers/tracker-state.ts';

export interface PeerStatus {
  readonly address: PeerAddress;
  readonly incoming: boolean;
  /** By whom its address was first known. */
  readonly origin: PeerOrigin;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** What program it says it is; from its peer id when it does not. */
  readonly client: string | undefined;
  /** Pieces it has. */
  readonly haveCount: number;
  /** Payload bytes and bytes per second, from our side. */
  readonly downloaded: number;
  readonly uploaded: number;
  readonly downBps: number;
  readonly upBps: number;
  readonly peerChoking: boolean;
  readonly amInterested: boolean;
  readonly amChoking: boolean;
  readonly peerInterested: boolean;
  /** It holds requests of ours and is silent. */
  readonly stalled: boolean;
  /** It has had no part in a verified piece yet: it is asked for one piece alone. */
  readonly onTrial: boolean;
}

export interface TrackerStatus {
  readonly url: string;
  readonly working: boolean;
  readonly lastFailure: string | undefined;
  readonly lastWarning: string | undefined;
  /** Peers in its last answer, without ourselves. */
  readonly peers: number | undefined;
  /** It is the next to be asked, in so many seconds. */
  readonly askedInSeconds: number | undefined;
  /** It has failed, and is not asked again before; undefined: it has not failed, or is never asked again. */
  readonly retryInSeconds: number | undefined;
}

export interface TorrentStatus {
  /** Every wanted piece is stored. */
  readonly complete: boolean;
  readonly haveCount: number;
  readonly pieceCount: number;
  readonly haveBytes: number;
  readonly totalBytes: number;
  /** Of the pieces that are wanted: a piece is wanted as a whole, also when it reaches into a file that is not. */
  readonly wantedBytes: number;
  readonly haveWantedBytes: number;
  /** Payload, bytes. */
  readonly downloaded: number;
  readonly uploaded: number;
  /** Payload received and never stored, bytes. */
  readonly wasted: number;
  readonly downBps: number;
  readonly upBps: number;
  readonly peers: readonly PeerStatus[];
  /** Addresses known, connected or not. */
  readonly peersKnown: number;
  readonly trackers: readonly TrackerStatus[];
  /** Its files are not where they were: nothing is served until they are back. */
  readonly offline: boolean;
  /** The disk refuses pieces or has lost some; tried again by itself. */
  readonly trouble: DiskTrouble | undefined;
}

/** Only of a session that is open. */
export function peerStatus(session: PeerSession): PeerStatus {
  return {
    address: session.address,
    incoming: session.incoming,
    origin: session.record.origin,
    peerId: session.peerId,
    client: session.extensions?.client ?? clientNameOf(session.peerId),
    haveCount: session.pieces.count,
    downloaded: session.down.total,
    uploaded: session.up.total,
    downBps: session.down.rate,
    upBps: session.up.rate,
    peerChoking: session.peerChoking,
    amInterested: session.amInterested,
    amChoking: session.amChoking,
    peerInterested: session.peerInterested,
    stalled: session.pipeline.stalled,
    onTrial: session.kept.trial !== undefined && session.record.goodPieces === 0,
  };
}

export function trackerStatuses(
  { trackers, nextAsk }: Pick<AnnounceSchedule, 'trackers' | 'nextAsk'>,
  nowMs: number,
): readonly TrackerStatus[] {
  const waitMs = Math.max(0, (nextAsk?.atMs ?? 0) - nowMs);
  return trackers.map((tracker) => ({
    url: tracker.url,
    working: tracker.listsUs && tracker.failures === 0,
    lastFailure: tracker.lastFailure,
    lastWarning: tracker.lastWarning,
    peers: tracker.peers,
    askedInSeconds: tracker === nextAsk?.tracker ? Math.ceil(waitMs / 1000) : undefined,
    retryInSeconds: secondsUntilRetry(tracker, nowMs),
  }));
}
