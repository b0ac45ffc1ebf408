/**
 * The whole interface between the engine and its host: facts go in, actions come out.
 *
 * Facts are past tense, actions imperative. The host hands over one fact, carries out every action in order,
 * then hands over the next fact. The engine reads no clock and no file: the time is an argument, everything
 * else is in the fact.
 */
import type { Block, Geometry, PieceIndex } from '../../torrents/geometry.ts';

/** Chosen by the caller that adds the torrent; never used twice in one run. */
export type TorrentId = number;

/** Even for a dial of the engine, odd for a connection that the network accepted: they never collide. */
export type ConnectionId = number;

/** Identifies one block read and its answer. */
export type ReadId = number;

export interface PeerAddress {
  /** An IP address in its usual text form, IPv4 never in its IPv6-mapped form. */
  readonly host: string;
  readonly port: number;
}

/**
 * The source of an address. `incoming`: the peer connected to us. `lan`, `pex` and `dht` are not used yet.
 */
export type PeerOrigin = 'tracker' | 'user' | 'incoming' | 'lan' | 'pex' | 'dht';

/** The bytes of one piece that is being downloaded. Opaque: only its PieceMemory knows the content. */
export interface PieceBuffer {
  readonly bytes: number;
}

/** Allocates and fills piece buffers: real memory in the program, a token per block in the simulator. */
export interface PieceMemory {
  allocate(bytes: number): PieceBuffer;
  /** Copies source[from, to) to `offset`: the only copy of a received block. */
  write(target: PieceBuffer, offset: number, source: Uint8Array, from: number, to: number): void;
  /** Moves all of `source` to `offset` of `target`. */
  copy(target: PieceBuffer, offset: number, source: PieceBuffer): void;
  release(buffer: PieceBuffer): void;
}

/** What the engine needs to know of a torrent. */
export interface TorrentSpec {
  readonly torrent: TorrentId;
  /** 20 bytes, for handshakes and announces. */
  readonly infoHash: Uint8Array;
  readonly geometry: Geometry;
  /** Pieces that end in a pad: their bytes before it. Pads are never requested and never written. BEP 47 */
  readonly dataBytes?: ReadonlyMap<PieceIndex, number>;
  /** Pieces that are already stored, MSB first. Missing: none. */
  readonly have?: Uint8Array;
  /** One priority per piece, from 0 (unwanted) to 7. Missing: all pieces have the default priority. */
  readonly priorities?: Uint8Array;
  /** Announce tiers.  BEP 12 */
  readonly trackers: readonly (readonly string[])[];
  /** The raw info dictionary, for peers that know only its hash.  BEP 9 */
  readonly infoBytes?: Uint8Array;
  /** Peers come only from trackers and from the user. BEP 27 */
  readonly private: boolean;
}

/** A torrent of which only the hash is known: its info dictionary is fetched from peers first. BEP 9 */
export interface MagnetSpec {
  readonly torrent: TorrentId;
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  readonly trackers: readonly (readonly string[])[];
}

/** `paused`: pieces are missing and nothing more is downloaded (a partial seed). BEP 21 */
export type AnnounceEvent = 'started' | 'completed' | 'stopped' | 'paused' | undefined;

/** Why a piece could not be written, read or kept: the host's message, and its error code (ENOSPC …). */
export interface DiskTrouble {
  readonly code: string;
  readonly message: string;
}

export type Fact =
  | { readonly type: 'added'; readonly spec: TorrentSpec }
  | { readonly type: 'magnet-added'; readonly spec: MagnetSpec }
  /** The user stops one torrent: peers are disconnected, trackers get `stopped`. */
  | { readonly type: 'stopped'; readonly torrent: TorrentId }
  /**
   * The user has changed the selection: one priority per piece, 0 (unwanted) to 7. The engine owns the bytes.
   */
  | { readonly type: 'pieces-selected'; readonly torrent: TorrentId; readonly priorities: Uint8Array }
  /** The lowest index first, for playing while downloading; or the rarest first again. */
  | { readonly type: 'order-chosen'; readonly torrent: TorrentId; readonly sequential: boolean }
  /** The piece is needed by `atMs`, before all others. Undefined: no longer. Unwanted pieces: no effect. */
  | {
      readonly type: 'deadline-set';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly atMs: number | undefined;
    }
  /** Addresses of peers, and their source. */
  | {
      readonly type: 'peers-found';
      readonly torrent: TorrentId;
      readonly peers: readonly PeerAddress[];
      readonly origin: PeerOrigin;
    }
  | {
      readonly type: 'connected';
      readonly connection: ConnectionId;
      readonly address: PeerAddress;
      readonly incoming: boolean;
    }
  /** bytes[0, count) are borrowed until handle returns. */
  | {
      readonly type: 'received';
      readonly connection: ConnectionId;
      readonly bytes: Uint8Array;
      readonly count: number;
    }
  /** The kernel has taken this many of the sent bytes. */
  | { readonly type: 'flushed'; readonly connection: ConnectionId; readonly bytes: number }
  /** Also the answer to a failed dial. Never follows a `close` action, which already ends the connection. */
  | { readonly type: 'closed'; readonly connection: ConnectionId; readonly reason: string }
  | {
      readonly type: 'block-read';
      readonly torrent: TorrentId;
      readonly read: ReadId;
      readonly bytes: Uint8Array;
    }
  | {
      readonly type: 'block-unreadable';
      readonly torrent: TorrentId;
      readonly read: ReadId;
      readonly trouble: DiskTrouble;
    }
  /** Verified and readable. `digests`: see `piece-corrupt`; only when `store-piece` requested them. */
  | {
      readonly type: 'piece-stored';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly digests?: readonly string[];
    }
  /**
   * The hash is wrong. One digest per block: compared with those of the next good copy, they show which
   * blocks were wrong.
   */
  | {
      readonly type: 'piece-corrupt';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly digests: readonly string[];
    }
  /** The write failed. */
  | {
      readonly type: 'piece-unstorable';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly trouble: DiskTrouble;
    }
  /**
   * These pieces were stored, and the disk no longer holds them (a file was deleted, moved or changed).
   * Listed pieces that are not `have` (missing, fetching, storing) stay as they are: the disk may have
   * written them since.
   */
  | {
      readonly type: 'pieces-lost';
      readonly torrent: TorrentId;
      readonly pieces: readonly PieceIndex[];
      readonly trouble: DiskTrouble;
    }
  /** Every wanted piece was stored, and the files are missing. Nothing is served until `content-online`. */
  | { readonly type: 'content-offline'; readonly torrent: TorrentId; readonly trouble: DiskTrouble }
  /** The files are back, unchanged. */
  | { readonly type: 'content-online'; readonly torrent: TorrentId }
  /** Whether the info dictionary from this peer has the torrent's hash. */
  | {
      readonly type: 'metadata-checked';
      readonly torrent: TorrentId;
      readonly connection: ConnectionId;
      readonly isRight: boolean;
    }
  | {
      readonly type: 'announced';
      readonly torrent: TorrentId;
      readonly tracker: string;
      readonly answer: TrackerAnswer;
    }
  | {
      readonly type: 'announce-failed';
      readonly torrent: TorrentId;
      readonly tracker: string;
      readonly reason: string;
      /** BEP 31: 'never', or the earliest retry in seconds. Undefined: our own backoff decides. */
      readonly retryInSeconds?: number | 'never';
    }
  /**
   * A tracker with an alive stream is back; `memoryId` names its table of peers. Also sent when the stream
   * first connects.
   */
  | {
      readonly type: 'tracker-returned';
      readonly torrent: TorrentId;
      readonly tracker: string;
      readonly memoryId: string;
    }
  /** The user wants peers now: trackers are asked as soon as they allow it. */
  | { readonly type: 'announce-wished'; readonly torrent: TorrentId }
  /** New rate limits: payload bytes per second over all torrents, 0 for none. They apply from now on. */
  | { readonly type: 'limits-set'; readonly uploadBpsMax: number; readonly downloadBpsMax: number }
  | { readonly type: 'woke' };

export type ConnectedFact = Extract<Fact, { readonly type: 'connected' }>;

/** The result of an announce, or a reason to announce early. */
export type TrackerFact = Extract<
  Fact,
  { readonly type: 'announced' | 'announce-failed' | 'tracker-returned' | 'announce-wished' }
>;

export interface TrackerAnswer {
  readonly peers: readonly PeerAddress[];
  readonly intervalSeconds: number;
  readonly minIntervalSeconds?: number;
  readonly seeds?: number;
  readonly leechers?: number;
  readonly warning?: string;
  /** Names the tracker's table of peers. A tracker that restarts without its table sends another id. */
  readonly memoryId?: string;
  /** The address from which the tracker saw us. BEP 24 */
  readonly ownHost?: string;
}

export interface AnnounceRequest {
  readonly torrent: TorrentId;
  readonly tracker: string;
  readonly infoHash: Uint8Array;
  readonly peerId: Uint8Array;
  readonly port: number;
  readonly uploaded: number;
  readonly downloaded: number;
  readonly left: number;
  readonly event: AnnounceEvent;
  readonly peersWanted: number;
}

export type Action =
  | { readonly type: 'dial'; readonly connection: ConnectionId; readonly address: PeerAddress }
  /** The host owns the bytes. */
  | { readonly type: 'send'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** A `piece` message: header and payload are sent one after the other, without being copied together. */
  | {
      readonly type: 'send-block';
      readonly connection: ConnectionId;
      readonly header: Uint8Array;
      readonly payload: Uint8Array;
    }
  | { readonly type: 'close'; readonly connection: ConnectionId; readonly reason: string }
  | { readonly type: 'read-block'; readonly torrent: TorrentId; readonly read: ReadId; readonly block: Block }
  /** Hash, then write, then answer once. The host owns the buffer. */
  | {
      readonly type: 'store-piece';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly buffer: PieceBuffer;
      /** An earlier copy of this piece was corrupt: the answer must have digests even for a good copy. */
      readonly wantDigests: boolean;
    }
  /** Hash and compare: answered once by `metadata-checked`. The bytes no longer change. */
  | {
      readonly type: 'check-metadata';
      readonly torrent: TorrentId;
      readonly connection: ConnectionId;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'announce'; readonly request: AnnounceRequest }
  | { readonly type: 'report'; readonly report: Report };

/** Events for user interfaces and programs. No decision of the engine depends on a listener. */
export type Report =
  | { readonly type: 'piece-stored'; readonly torrent: TorrentId; readonly pieceIndex: PieceIndex }
  | { readonly type: 'piece-failed'; readonly torrent: TorrentId; readonly pieceIndex: PieceIndex }
  | { readonly type: 'peer-connected'; readonly torrent: TorrentId; readonly address: PeerAddress }
  /** The dial failed, or the connection closed before the handshake. */
  | {
      readonly type: 'dial-failed';
      readonly torrent: TorrentId;
      readonly address: PeerAddress;
      readonly reason: string;
    }
  | {
      readonly type: 'peer-dropped';
      readonly torrent: TorrentId;
      readonly address: PeerAddress;
      readonly reason: string;
      /** Payload bytes this peer sent that were verified or may yet be. */
      readonly downloaded: number;
    }
  /**
   * Every wanted piece is stored. Reported again after a larger selection, or after lost pieces are restored.
   */
  | { readonly type: 'completed'; readonly torrent: TorrentId }
  /** The info dictionary has arrived and has the right hash. `peers`: peers that the download starts with. */
  | {
      readonly type: 'metadata-received';
      readonly torrent: TorrentId;
      readonly infoBytes: Uint8Array;
      readonly peers: readonly PeerAddress[];
    }
  | { readonly type: 'stopped'; readonly torrent: TorrentId }
  | { readonly type: 'disk-trouble'; readonly torrent: TorrentId; readonly trouble: DiskTrouble }
  /** Stored pieces are missing on the disk. Wanted pieces are fetched again. `bytes`: without pad files. */
  | {
      readonly type: 'pieces-lost';
      readonly torrent: TorrentId;
      readonly pieceCount: number;
      readonly bytes: number;
      readonly trouble: DiskTrouble;
    }
  | { readonly type: 'content-offline'; readonly torrent: TorrentId; readonly trouble: DiskTrouble }
  | { readonly type: 'content-online'; readonly torrent: TorrentId }
  | {
      readonly type: 'tracker-answered';
      readonly torrent: TorrentId;
      readonly tracker: string;
      /** Peers in the reply, without our own address. */
      readonly peers: number;
    }
  | {
      readonly type: 'tracker-failed';
      readonly torrent: TorrentId;
      readonly tracker: string;
      readonly reason: string;
      /** The earliest next announce to this tracker; undefined: never. */
      readonly retryInSeconds: number | undefined;
    };
