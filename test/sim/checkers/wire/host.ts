/**
 * The honest side of a connection, as far as what it says depends on it.
 */
import type { Geometry } from '../../../../torrents/geometry.ts';
import type { TalkLimits } from './words-left.ts';

/** A torrent of the host, as it was added, and what went over its lines. */
export interface Torrent {
  /** Undefined: it looks for the metadata. */
  readonly geometry: Geometry | undefined;
  /** Hex. */
  readonly infoHash: string;
  /** What it gives out; undefined: it has none. */
  readonly infoBytes: Uint8Array | undefined;
  /** Payload of whole blocks. */
  uploaded: number;
  downloaded: number;
  /** Of these it is not known whether they came before the host ended their connection. */
  unsure: number;
}

/** The program on one side. */
export interface Host {
  /** Hex. */
  readonly peerId: string;
  readonly port: number;
  readonly queueMax: number;
  /** After so long a silence it says that it is alive; and so long it does not ask again for metadata that was refused. */
  readonly keepAliveMs: number;
  readonly metadataTimeoutMs: number;
  readonly metadataBytesMax: number;
  readonly talk: TalkLimits;
  torrentOf(infoHash: string): Torrent | undefined;
  has(torrent: Torrent, pieceIndex: number): boolean;
  /** Whether it fetches nothing more of it at the moment. */
  isSated(torrent: Torrent): boolean;
}
