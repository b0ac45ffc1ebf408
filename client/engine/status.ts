/** The state of a torrent for people and programs: a snapshot of plain values. */
import { clientNameOf } from './connection/client-name.ts';
import type { PeerSession } from './connection/peer-session.ts';
import type { DiskTrouble, PeerAddress, PeerOrigin } from './contract.ts';
import type { AnnounceSchedule } from './peers/announce-schedule.ts';
import { secondsUntilRetry } from './peers/tracker-state.ts';

export interface PeerStatus {
  readonly address: PeerAddress;
  readonly incoming: boolean;
  /** The source from which its address first became known. */
  readonly origin: PeerOrigin;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** The program that the peer names in its extension handshake, else from its peer id. */
  readonly client: string | undefined;
  /** Number of pieces that the peer has. */
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
  /** Snubbed: the peer holds our requests and sends nothing. */
  readonly stalled: boolean;
  /** The peer has no verified piece yet and was given its one trial piece. */
  readonly onTrial: boolean;
}

export interface TrackerStatus {
  readonly url: string;
  readonly working: boolean;
  readonly lastFailure: string | undefined;
  readonly lastWarning: string | undefined;
  /** Peers in the last answer, without ourselves. */
  readonly peers: number | undefined;
  /** Set for the tracker that is asked next: in how many seconds. */
  readonly askedInSeconds: number | undefined;
  /** Seconds until a failed tracker is asked again. Undefined: it has not failed, or is never asked again. */
  readonly retryInSeconds: number | undefined;
}

export interface TorrentStatus {
  /** Every wanted piece is stored. */
  readonly complete: boolean;
  readonly haveCount: number;
  readonly pieceCount: number;
  readonly haveBytes: number;
  readonly totalBytes: number;
  /** Bytes of wanted pieces. A piece is wanted as a whole, even if it extends into an unwanted file. */
  readonly wantedBytes: number;
  readonly haveWantedBytes: number;
  /** Payload bytes. */
  readonly downloaded: number;
  readonly uploaded: number;
  /** Payload bytes received and never stored. */
  readonly wasted: number;
  readonly downBps: number;
  readonly upBps: number;
  readonly peers: readonly PeerStatus[];
  /** Number of known addresses, connected or not. */
  readonly peersKnown: number;
  readonly trackers: readonly TrackerStatus[];
  /** The torrent's files are missing: nothing is served until they are back. */
  readonly offline: boolean;
  /** The disk refuses pieces or has lost some; retried automatically. */
  readonly trouble: DiskTrouble | undefined;
}

/** Only for an open session. */
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
