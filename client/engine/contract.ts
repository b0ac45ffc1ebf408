/**
 * The whole interface between the engine and the world: facts go in, actions come out.
 *
 * Facts are past tense, actions imperative. One fact in, every action carried out in order, then the next fact. The
 * engine reads no clock and no file: time is an argument, everything else is in the fact.
 */
import type { Block, Geometry, PieceIndex } from '../../torrents/geometry.ts';

/** Chosen by whoever adds the torrent; never used twice in one run. */
export type TorrentId = number;

/** Even when the engine dialed, odd when the network accepted: the two never meet. */
export type ConnectionId = number;

/** Names one block read, so that its answer finds its way back. */
export type ReadId = number;

export interface PeerAddress {
  /** An IP address in its usual text form, IPv4 never in its IPv6-mapped form. */
  readonly host: string;
  readonly port: number;
}

/** Who named an address. `incoming`: the peer itself, which came to us. Those of lan, pex and dht are for what is to come. */
export type PeerOrigin = 'tracker' | 'user' | 'incoming' | 'lan' | 'pex' | 'dht';

/** Bytes of one piece on their way to the disk. Opaque: what it is belongs to the PieceMemory that made it. */
export interface PieceBuffer {
  readonly bytes: number;
}

/** Where pieces are put together. Real memory on a real machine, a token per block in the simulator. */
export interface PieceMemory {
  allocate(bytes: number): PieceBuffer;
  /** Copies source[from, to) to `offset`: the one copy a received block makes. */
  write(target: PieceBuffer, offset: number, source: Uint8Array, from: number, to: number): void;
  /** Moves all of `source` to `offset` of `target`. */
  copy(target: PieceBuffer, offset: number, source: PieceBuffer): void;
  release(buffer: PieceBuffer): void;
}

/** All the engine has to know of a torrent. */
export interface TorrentSpec {
  readonly torrent: TorrentId;
  /** 20 bytes: what the handshake and the tracker are told. */
  readonly infoHash: Uint8Array;
  readonly geometry: Geometry;
  /** Pieces that end in a pad: their bytes before it. Pads are zeros, never asked for and never written.  BEP 47 */
  readonly dataBytes?: ReadonlyMap<PieceIndex, number>;
  /** Pieces that are already stored, MSB first; missing means none. */
  readonly have?: Uint8Array;
  /** What is wanted: one priority a piece, from 0 (not wanted) to 7; missing means everything alike. */
  readonly priorities?: Uint8Array;
  /** Announce tiers.  BEP 12 */
  readonly trackers: readonly (readonly string[])[];
  /** The raw info dictionary, for peers that know only its hash.  BEP 9 */
  readonly infoBytes?: Uint8Array;
  /** Its peers come from its trackers and from the user only.  BEP 27 */
  readonly private: boolean;
}

/** A torrent of which only the hash is known: its info dictionary is fetched from peers first.  BEP 9 */
export interface MagnetSpec {
  readonly torrent: TorrentId;
  /** 20 bytes. */
  readonly infoHash: Uint8Array;
  readonly trackers: readonly (readonly string[])[];
}

/** `paused`: it lacks something and fetches nothing more.  BEP 21 */
export type AnnounceEvent = 'started' | 'completed' | 'stopped' | 'paused' | undefined;

/** Why a piece could not be written, read or kept: the host's words, and its code (ENOSPC …). */
export interface DiskTrouble {
  readonly code: string;
  readonly message: string;
}

export type Fact =
  | { readonly type: 'added'; readonly spec: TorrentSpec }
  | { readonly type: 'magnet-added'; readonly spec: MagnetSpec }
  /** The user stops one torrent: peers are let go, the tracker is told. */
  | { readonly type: 'stopped'; readonly torrent: TorrentId }
  /** The user has chosen what is wanted: one priority a piece, from 0 (not wanted) to 7. The bytes are given away. */
  | { readonly type: 'pieces-selected'; readonly torrent: TorrentId; readonly priorities: Uint8Array }
  /** The first pieces first, for somebody who plays what is here; or the rarest first again. */
  | { readonly type: 'order-chosen'; readonly torrent: TorrentId; readonly sequential: boolean }
  /** This piece is needed by then, before all others; undefined: not any more. Of no effect unless it is wanted. */
  | {
      readonly type: 'deadline-set';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly atMs: number | undefined;
    }
  /** Addresses of peers, and who named them. */
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
  /** So many bytes of what was sent have left for the kernel. */
  | { readonly type: 'flushed'; readonly connection: ConnectionId; readonly bytes: number }
  /** Also the answer to a dial that failed. Never follows a `close` of ours: that is the end of the connection. */
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
  /** Verified and readable. `digests`: see `piece-corrupt`; only when `store-piece` asked for them. */
  | {
      readonly type: 'piece-stored';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly digests?: readonly string[];
    }
  /** The hash is wrong. A digest per block tells, against the next good copy, which blocks were. */
  | {
      readonly type: 'piece-corrupt';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly digests: readonly string[];
    }
  /** The disk would not take it. */
  | {
      readonly type: 'piece-unstorable';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly trouble: DiskTrouble;
    }
  /**
   * These pieces were stored, and are not on the disk any more (a file was deleted, moved or changed). Pieces in the list
   * that are not `have` (missing, being fetched, being stored) stay as they are: the disk may have written them since.
   */
  | {
      readonly type: 'pieces-lost';
      readonly torrent: TorrentId;
      readonly pieces: readonly PieceIndex[];
      readonly trouble: DiskTrouble;
    }
  /** Every wanted piece was stored, and the files are not where they were. Nothing is served until `content-online`. */
  | { readonly type: 'content-offline'; readonly torrent: TorrentId; readonly trouble: DiskTrouble }
  /** The files are back, unchanged. */
  | { readonly type: 'content-online'; readonly torrent: TorrentId }
  /** Whether what one peer sent as the info dictionary has the torrent's hash. */
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
      /** BEP 31: 'never', or the earliest next try in seconds; undefined: our own backoff decides. */
      readonly retryInSeconds?: number | 'never';
    }
  /**
   * A tracker that tells when it is there (its alive stream) is there again, with this memory of peers; also when the stream
   * stands for the first time.
   */
  | {
      readonly type: 'tracker-returned';
      readonly torrent: TorrentId;
      readonly tracker: string;
      readonly memoryId: string;
    }
  /** The user wants peers now: trackers are asked as soon as they allow. */
  | { readonly type: 'announce-wished'; readonly torrent: TorrentId }
  /** The user has other limits: payload bytes per second over all torrents, 0 for none. They hold from now on. */
  | { readonly type: 'limits-set'; readonly uploadBpsMax: number; readonly downloadBpsMax: number }
  | { readonly type: 'woke' };

export type ConnectedFact = Extract<Fact, { readonly type: 'connected' }>;

/** What an announce has come to, or what makes a torrent announce earlier than it would. */
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
  /** Which memory of peers has answered: a tracker that starts again without one has another. */
  readonly memoryId?: string;
  /** The address from which the tracker saw us.  BEP 24 */
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
  /** The bytes are given away. */
  | { readonly type: 'send'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  /** A `piece` message: header and payload go out one after the other without being joined. */
  | {
      readonly type: 'send-block';
      readonly connection: ConnectionId;
      readonly header: Uint8Array;
      readonly payload: Uint8Array;
    }
  | { readonly type: 'close'; readonly connection: ConnectionId; readonly reason: string }
  | { readonly type: 'read-block'; readonly torrent: TorrentId; readonly read: ReadId; readonly block: Block }
  /** Hash, then write, then answer once. The buffer is given away. */
  | {
      readonly type: 'store-piece';
      readonly torrent: TorrentId;
      readonly pieceIndex: PieceIndex;
      readonly buffer: PieceBuffer;
      /** An earlier copy of this piece was corrupt: the answer carries digests even when this one is good. */
      readonly wantDigests: boolean;
    }
  /** Hash it and compare: answered once by `metadata-checked`. The bytes are not changed any more. */
  | {
      readonly type: 'check-metadata';
      readonly torrent: TorrentId;
      readonly connection: ConnectionId;
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'announce'; readonly request: AnnounceRequest }
  | { readonly type: 'report'; readonly report: Report };

/** What user interfaces and programs are told, an event of one torrent each. No decision of the engine depends on a listener. */
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
  /** Every wanted piece is stored. Reported again when more was selected, or when lost pieces were fetched again. */
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
