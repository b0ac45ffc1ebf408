/** The honest side of a connection, as far as its messages depend on it. */
import type { Geometry } from '../../../../torrents/geometry.ts';
import type { TalkLimits } from './words-left.ts';

/** A torrent of the host, and its transfer totals. */
export interface Torrent {
  /** Undefined while its metadata is unknown. */
  readonly geometry: Geometry | undefined;
  /** In hex. */
  readonly infoHash: string;
  /** The info dictionary that it serves, if it has one. */
  readonly infoBytes: Uint8Array | undefined;
  /** Payload of whole blocks. */
  uploaded: number;
  downloaded: number;
  /** Downloaded bytes that may have come after the host closed the connection. */
  unsure: number;
}

/** The program on one side. */
export interface Host {
  /** In hex. */
  readonly peerId: string;
  readonly port: number;
  readonly queueMax: number;
  /** Silence before it sends a keep-alive, and its wait after a metadata reject. */
  readonly keepAliveMs: number;
  readonly metadataTimeoutMs: number;
  readonly metadataBytesMax: number;
  readonly talk: TalkLimits;
  torrentOf(infoHash: string): Torrent | undefined;
  has(torrent: Torrent, pieceIndex: number): boolean;
  /** Whether it wants no more pieces of the torrent at the moment. */
  isSated(torrent: Torrent): boolean;
}
