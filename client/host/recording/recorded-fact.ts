/**
 * A fact in a recording: JSON with everything that the engine's decisions may depend on. Bytes are base64.
 * The payload of blocks is only counted, since no decision depends on it.
 *
 * Left to others: which bytes of a stream are payload (payload-elision.ts), and the reading of recordings
 * (test/sim/replay).
 */
import type { Geometry } from '../../../torrents/geometry.ts';
import type {
  ConnectionId,
  Fact,
  MagnetSpec,
  ReadId,
  TorrentId,
  TorrentSpec,
} from '../../engine/contract.ts';

/** In the first line of a recording; a reader refuses any other version. */
export const recordingFormat = 'cicada-flight-recording';
export const recordingVersion = 1;

/** Runs of a stream in order: bytes in base64, or the number of payload bytes. */
export type RecordedBytes = readonly (string | number)[];

export interface RecordedGeometry {
  readonly totalBytes: number;
  readonly pieceLength: number;
  /** Index and size of pieces that are shorter than their position implies.  BEP 52 */
  readonly shortPieces?: readonly (readonly [number, number])[];
}

export interface RecordedSpec {
  readonly torrent: TorrentId;
  readonly infoHash: string;
  readonly geometry: RecordedGeometry;
  readonly dataBytes?: readonly (readonly [number, number])[];
  readonly have?: string;
  readonly priorities?: string;
  readonly trackers: readonly (readonly string[])[];
  readonly infoBytes?: string;
  /** Omitted for public torrents. */
  readonly private?: true;
}

export interface RecordedMagnet {
  readonly torrent: TorrentId;
  readonly infoHash: string;
  readonly trackers: readonly (readonly string[])[];
}

/** Facts whose bytes are written as text; and `peers-found`, which has no origin in the first recordings. */
type Rewritten = 'added' | 'magnet-added' | 'pieces-selected' | 'peers-found' | 'received' | 'block-read';

type PeersFound = Extract<Fact, { readonly type: 'peers-found' }>;

export type RecordedFact =
  | Exclude<Fact, { readonly type: Rewritten }>
  | { readonly type: 'added'; readonly spec: RecordedSpec }
  | { readonly type: 'magnet-added'; readonly spec: RecordedMagnet }
  | { readonly type: 'pieces-selected'; readonly torrent: TorrentId; readonly priorities: string }
  | (Omit<PeersFound, 'origin'> & Partial<Pick<PeersFound, 'origin'>>)
  | { readonly type: 'received'; readonly connection: ConnectionId; readonly bytes: RecordedBytes }
  | {
      readonly type: 'block-read';
      readonly torrent: TorrentId;
      readonly read: ReadId;
      readonly bytes: number;
    };

/** `elide`: removes the payload of blocks from the bytes of a stream. */
export function recordedFact(
  fact: Fact,
  elide: (connection: ConnectionId, bytes: Uint8Array, count: number) => RecordedBytes,
): RecordedFact {
  switch (fact.type) {
    case 'added':
      return { type: 'added', spec: recordedSpec(fact.spec) };
    case 'magnet-added':
      return { type: 'magnet-added', spec: recordedMagnet(fact.spec) };
    case 'pieces-selected':
      return { ...fact, priorities: base64(fact.priorities) };
    case 'received': {
      const { type, connection, bytes, count } = fact;
      return { type, connection, bytes: elide(connection, bytes, count) };
    }
    case 'block-read':
      return { ...fact, bytes: fact.bytes.length };
    default:
      return fact;
  }
}

export function base64(bytes: Uint8Array, from = 0, to = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('base64');
}

function recordedSpec(spec: TorrentSpec): RecordedSpec {
  const { torrent, infoHash, geometry, dataBytes, have, priorities, trackers, infoBytes } = spec;
  return {
    ...{ torrent, infoHash: base64(infoHash), geometry: recordedGeometry(geometry), trackers },
    ...(dataBytes && { dataBytes: [...dataBytes] }),
    ...(have && { have: base64(have) }),
    ...(priorities && { priorities: base64(priorities) }),
    ...(infoBytes && { infoBytes: base64(infoBytes) }),
    ...(spec.private && { private: true }),
  };
}

function recordedMagnet({ torrent, infoHash, trackers }: MagnetSpec): RecordedMagnet {
  return { torrent, infoHash: base64(infoHash), trackers };
}

function recordedGeometry(geometry: Geometry): RecordedGeometry {
  const { totalBytes, pieceLength } = geometry;
  const shortPieces: [number, number][] = [];
  for (const pieceIndex of geometry.pieces()) {
    const bytes = geometry.pieceBytes(pieceIndex);
    const nominal = Math.min(pieceLength, totalBytes - geometry.pieceOffset(pieceIndex));
    if (bytes !== nominal) shortPieces.push([pieceIndex, bytes]);
  }
  return shortPieces.length === 0 ? { totalBytes, pieceLength } : { totalBytes, pieceLength, shortPieces };
}
