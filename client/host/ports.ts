/**
 * The world as the driver sees it: small interfaces, one implementation on real sockets and files (this folder), one
 * in virtual time (test/sim). Both pass the same contract tests (test/contract).
 *
 * A port never calls the engine: it enqueues facts. Nothing here is answered by a promise.
 */
import type { Block, PieceIndex } from '../../torrents/geometry.ts';
import type {
  AnnounceRequest,
  ConnectionId,
  Fact,
  PeerAddress,
  PieceBuffer,
  ReadId,
  TorrentId,
} from '../engine/contract.ts';

/** Where ports put what has happened. */
export type FactSink = (fact: Fact) => void;

/**
 * Byte streams between peers. Facts: `connected`, `received`, `flushed`, `closed`. Per connection they come in that
 * order, bytes arrive as they were sent, `flushed` adds up to what was sent, and after `close` there is none.
 */
export interface Network {
  dial(connection: ConnectionId, address: PeerAddress): void;
  /** The bytes are given away. Unknown connections are ignored: they closed in the meantime. */
  send(connection: ConnectionId, bytes: Uint8Array): void;
  sendBlock(connection: ConnectionId, header: Uint8Array, payload: Uint8Array): void;
  close(connection: ConnectionId): void;
}

/**
 * The stored pieces of every torrent. Each call is answered by exactly one fact: `block-read` or `block-unreadable`;
 * `piece-stored`, `piece-corrupt` or `piece-unstorable`. The buffer of a piece is the disk's from then on.
 */
export interface Disk {
  readBlock(torrent: TorrentId, read: ReadId, block: Block): void;
  /** Whether the bytes are the info dictionary the torrent's hash is of: answered by `metadata-checked`. */
  checkMetadata(torrent: TorrentId, connection: ConnectionId, bytes: Uint8Array): void;
  storePiece(torrent: TorrentId, pieceIndex: PieceIndex, buffer: PieceBuffer, wantDigests: boolean): void;
}

/** Talks to trackers. Each call is answered by exactly one fact: `announced` or `announce-failed`. */
export interface Announcer {
  announce(request: AnnounceRequest): void;
}

/** `nowMs` is an integer and never goes back. */
export interface Clock {
  nowMs(): number;
  /** One alarm: the latest call counts. It enqueues `woke`. */
  wakeAt(atMs: number): void;
}

export interface Ports {
  readonly network: Network;
  readonly disk: Disk;
  readonly announcer: Announcer;
  readonly clock: Clock;
}
