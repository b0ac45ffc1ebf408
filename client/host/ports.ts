/**
 * The ports of the driver: small interfaces with one implementation on real sockets and files (this folder),
 * and one in virtual time (test/sim). Both pass the same contract tests (test/contract).
 *
 * A port never calls the engine: it enqueues facts. No port answers with a promise.
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

/** Takes the facts from the ports. */
export type FactSink = (fact: Fact) => void;

/**
 * Byte streams between peers. Facts: `connected`, `received`, `flushed`, `closed`. Per connection they come
 * in this order, bytes arrive in the order of sending, the `flushed` counts add up to what was sent, and none
 * comes after `close`.
 */
export interface Network {
  dial(connection: ConnectionId, address: PeerAddress): void;
  /** The port owns the bytes from then on. Unknown connections are ignored: they closed in the meantime. */
  send(connection: ConnectionId, bytes: Uint8Array): void;
  sendBlock(connection: ConnectionId, header: Uint8Array, payload: Uint8Array): void;
  close(connection: ConnectionId): void;
}

/**
 * The stored pieces of every torrent. Each call is answered by exactly one fact: `block-read` or
 * `block-unreadable`; `piece-stored`, `piece-corrupt` or `piece-unstorable`. The disk owns the buffer of a
 * piece from then on.
 */
export interface Disk {
  readBlock(torrent: TorrentId, read: ReadId, block: Block): void;
  /** Checks the bytes against the torrent's info-hash; answered by `metadata-checked`. */
  checkMetadata(torrent: TorrentId, connection: ConnectionId, bytes: Uint8Array): void;
  storePiece(torrent: TorrentId, pieceIndex: PieceIndex, buffer: PieceBuffer, wantDigests: boolean): void;
}

/** Announces to trackers. Each call is answered by exactly one fact: `announced` or `announce-failed`. */
export interface Announcer {
  announce(request: AnnounceRequest): void;
}

/** `nowMs` is an integer and monotonic. */
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
