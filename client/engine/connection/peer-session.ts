/**
 * One connection, the receiving side. Every number that the peer sends becomes a PieceIndex or a Block here,
 * or the connection closes with a violation. The swarm decides what a message means for the torrent.
 *
 * Invariant: after `gone` is set, nothing more is sent and every message is ignored. BEP 3 6
 */
import { blockBytesMax, type Geometry, type PieceIndex, pieceCountMax } from '../../../torrents/geometry.ts';
import { hasPiece } from '../../../torrents/piece-set.ts';
import { WireDecoder, type WireHandler } from '../../wire/decoder.ts';
import type { Handshake } from '../../wire/handshake.ts';
import type { Message } from '../../wire/message.ts';
import type { Context } from '../context.ts';
import type { ConnectedFact, PeerAddress } from '../contract.ts';
import { newRecord, type PeerRecord } from '../peers/peer-record.ts';
import { type BlockSource, KeptPieces } from '../requests/block-source.ts';
import { RequestPipeline } from '../requests/request-pipeline.ts';
import { type ExtensionHandshake, ourExtensionId, parseExtensionHandshake } from './extension-handshake.ts';
import { IncomingBlock } from './incoming-block.ts';
import { parseMetadataMessage } from './metadata-exchange.ts';
import { PeerOutbox } from './peer-outbox.ts';
import { hasSpareBits, PeerPieces } from './peer-pieces.ts';
import type { Doorkeeper, SessionEvents, Violation } from './session-events.ts';
import { TransferMeter } from './transfer-meter.ts';

/** Used while only the info-hash is known: a bitfield of the largest torrent that we accept. */
const bitfieldBytesMax = pieceCountMax / 8;

const unknownPeerId = new Uint8Array(0);

export class PeerSession extends PeerOutbox implements BlockSource, WireHandler<Violation | 'ended'> {
  readonly address: PeerAddress;
  readonly incoming: boolean;
  readonly openedMs: number;
  /** An empty record until the handshake is accepted; then the swarm's record of this peer. */
  record: PeerRecord;
  peerId: Uint8Array = unknownPeerId;
  /** The peer's extension handshake. BEP 10 */
  extensions: ExtensionHandshake | undefined;
  extensionHandshakes = 0;
  peerChoking = true;
  peerInterested = false;
  /** The pieces that the peer has. */
  readonly pieces = new PeerPieces();
  /** Number of pieces that the peer has and that we want and have not stored: interest.ts. */
  usefulCount = 0;
  /** The peer's seat in piece-holders.ts, or -1. */
  seat = -1;
  readonly kept = new KeptPieces();
  /** The peer counts as one seed in the availability of pieces, not piece by piece: interest.ts. */
  countedAsSeed = false;
  /** The peer has the optimistic unchoke: choker.ts. */
  optimistic = false;
  /**
   * How many pieces that we gave to this peer first have lately reached others, in 64ths, fading:
   * initial-seeding.ts.
   */
  reuploads = 0;
  heardMs: number;
  readonly pipeline: RequestPipeline;
  readonly down = new TransferMeter();

  readonly #doorkeeper: Doorkeeper<PeerSession>;
  /** Set once the session is open. */
  #swarm: SessionEvents<PeerSession> | undefined;
  readonly #decoder = new WireDecoder();
  #geometry: Geometry | undefined;
  #heardPieces = false;
  readonly #incoming = new IncomingBlock();
  #nowMs = 0;

  constructor(fact: ConnectedFact, doorkeeper: Doorkeeper<PeerSession>, context: Context) {
    const { connection, address, incoming } = fact;
    const { nowMs } = context;
    super(connection, context, nowMs);
    this.address = address;
    this.incoming = incoming;
    this.record = newRecord('', address, 'incoming', false, nowMs);
    this.#doorkeeper = doorkeeper;
    this.openedMs = nowMs;
    this.heardMs = nowMs;
    this.pipeline = new RequestPipeline(context.limits);
  }

  get isOpen(): boolean {
    return this.#swarm !== undefined && !this.gone;
  }

  /** We may send requests to the peer, and it has pieces for us. */
  get mayBeAsked(): boolean {
    return this.isOpen && !this.peerChoking && this.amInterested;
  }

  /**
   * The swarm accepts the connection: from now on numbers are checked against its geometry. Without a
   * geometry (the metadata is still being fetched) only extended messages have an effect.
   */
  open(
    swarm: SessionEvents<PeerSession>,
    geometry: Geometry | undefined,
    record: PeerRecord,
    handshake: Handshake,
  ): void {
    this.#swarm = swarm;
    this.#geometry = geometry;
    this.setGeometry(geometry);
    if (geometry === undefined) this.#decoder.expectBitfieldBytes(0, bitfieldBytesMax);
    else {
      this.pieces.expect(geometry.pieceCount);
      this.pipeline.blockBytes = geometry.wholeBlockBytes;
      this.#decoder.expectBitfieldBytes(Math.ceil(geometry.pieceCount / 8));
    }
    this.extended = handshake.extended;
    this.record = record;
    this.peerId = handshake.peerId;
    this.fast = handshake.fast;
  }

  /** Bytes from the socket. Returns why the connection must close. */
  receive(bytes: Uint8Array, count: number, nowMs: number): Violation | 'ended' | undefined {
    this.#nowMs = nowMs;
    this.heardMs = nowMs;
    return this.#decoder.feed(bytes, count, this);
  }

  /** Sends what the limits now allow: requests and blocks. */
  advance(nowMs: number): void {
    this.#swarm?.advance(this, nowMs);
  }

  /** The connection has ended. A block that was arriving is given up. */
  end(): void {
    this.gone = true;
    this.amChoking = true;
    this.#incoming.abort();
  }

  // From the decoder
  // ------------------------------------------------------------------------------------------------

  onHandshake(handshake: Handshake): Violation | undefined {
    return this.#doorkeeper(this, handshake, this.#nowMs);
  }

  /** The swarm may end the session while it handles a message. The messages after it are then ignored. */
  onMessage(message: Message): Violation | 'ended' | undefined {
    if (message.type === 'have') return this.onHave(message.index);
    return this.#spend() ?? this.#onTalk(message) ?? this.ended;
  }

  /** A `have` with a new piece is free. */
  onHave(index: number): Violation | 'ended' | undefined {
    if (this.#geometry === undefined)
      return this.allowance.spendBlindHave(this.#nowMs) ? this.ended : 'too-many-messages';
    const pieceIndex = this.#geometry.pieceIndex(index);
    if (pieceIndex === undefined) return 'piece-out-of-range';
    return this.#onHave(pieceIndex) ? this.ended : (this.#spend() ?? this.ended);
  }

  /** A message of unknown type is ignored, but it counts against the allowance. */
  onUnknown(bytes: number): Violation | undefined {
    return this.#spend(1 + (bytes >> 10));
  }

  #spend(words = 1): Violation | undefined {
    return this.allowance.spend(words, this.#nowMs) ? undefined : 'too-many-messages';
  }

  #onTalk(message: Exclude<Message, { type: 'have' }>): Violation | undefined {
    if (message.type === 'extended') return this.#onExtended(message.id, message.payload);
    const swarm = this.#swarm;
    const geometry = this.#geometry;
    if (swarm === undefined || geometry === undefined) return undefined;
    switch (message.type) {
      case 'choke':
      case 'unchoke': {
        const choking = message.type === 'choke';
        if (this.peerChoking === choking) return undefined;
        this.peerChoking = choking;
        swarm.onPeerChoking(this, this.#nowMs);
        return undefined;
      }
      case 'interested':
      case 'not-interested': {
        const interested = message.type === 'interested';
        if (this.peerInterested === interested) return undefined;
        this.peerInterested = interested;
        swarm.onPeerInterested(this, this.#nowMs);
        return undefined;
      }
      case 'bitfield':
        return this.#onPieces(message.bits, geometry);
      case 'have-all':
      case 'have-none':
        if (!this.fast) return 'fast-without-handshake';
        return this.#onPieces(message.type === 'have-all' ? 'all' : 'none', geometry);
      case 'request':
      case 'cancel':
      case 'reject': {
        if (message.type === 'reject' && !this.fast) return 'fast-without-handshake';
        const block = geometry.block(message.index, message.begin, message.length);
        if (block === undefined) return 'request-out-of-range';
        if (message.type === 'request') return swarm.onRequest(this, block);
        if (message.type === 'reject') return swarm.onReject(this, block, this.#nowMs);
        swarm.onCancel(this, block);
        return undefined;
      }
      case 'suggest': {
        if (!this.fast) return 'fast-without-handshake';
        const pieceIndex = geometry.pieceIndex(message.index);
        if (pieceIndex === undefined) return 'piece-out-of-range';
        this.pieces.suggest(pieceIndex);
        return undefined;
      }
      // Extensions that we do not use; their values are ignored.
      case 'allowed-fast':
      case 'port':
      case 'keep-alive':
        return undefined;
    }
  }

  onBlockStart(index: number, begin: number, bytes: number): Violation | undefined {
    if (this.#swarm === undefined || this.#geometry === undefined) return 'block-unasked';
    const block = this.#geometry.block(index, begin, bytes);
    if (block === undefined) return 'block-out-of-range';
    const sink = this.#swarm.onBlockStart(this, block);
    if (typeof sink === 'string') return sink;
    this.#incoming.begin(block, sink);
    return undefined;
  }

  onBlockBytes(bytes: Uint8Array, from: number, to: number): undefined {
    this.down.add(to - from);
    this.pipeline.onProgress(to - from, this.#nowMs);
    this.#incoming.write(bytes, from, to);
  }

  onBlockEnd(): undefined {
    this.allowance.earn();
    // A whole block counts as progress, however small it is.
    this.pipeline.onProgress(blockBytesMax, this.#nowMs);
    const incoming = this.#incoming.finish();
    if (incoming !== undefined) this.#swarm?.onBlock(this, incoming.block, incoming.sink, this.#nowMs);
  }

  #onExtended(id: number, payload: Uint8Array): Violation | undefined {
    if (!this.extended) return 'extension-without-handshake';
    if (id === ourExtensionId.handshake) {
      const extensions = parseExtensionHandshake(payload);
      if (extensions === undefined) return 'extension-malformed';
      this.extensions = extensions;
      this.extensionHandshakes += 1;
      if (extensions.reqq !== undefined) this.pipeline.setReqq(extensions.reqq);
      this.#swarm?.onExtensions(this, extensions, this.#nowMs);
      return undefined;
    }
    // BEP 10: an extended message with an id that we did not give out is ignored.
    if (id !== ourExtensionId.utMetadata) return this.onUnknown(payload.length);
    const message = parseMetadataMessage(payload);
    if (message === undefined) return 'extension-malformed';
    return message === 'unknown-type' ? undefined : this.#swarm?.onMetadata(this, message, this.#nowMs);
  }

  /** True when the piece is new for this peer. */
  #onHave(pieceIndex: PieceIndex): boolean {
    this.#heardPieces = true;
    if (!this.pieces.add(pieceIndex)) return false;
    this.#swarm?.onHave(this, pieceIndex, this.#nowMs);
    if (!this.countedAsSeed) this.pieces.forgetBits();
    return true;
  }

  /**
   * A bitfield, have-all or have-none. By BEP 3 it comes first and once. aria2 sends another bitfield instead
   * of many `have` messages, so each later one is treated as several `have`. BEP 3 6
   */
  #onPieces(pieces: Uint8Array | 'all' | 'none', geometry: Geometry): Violation | undefined {
    // BEP 3: "Spare bits at the end are set to zero". A peer that sets one has another torrent.
    if (pieces instanceof Uint8Array && hasSpareBits(pieces, geometry.pieceCount))
      return 'bitfield-spare-bits';
    if (this.#heardPieces) {
      this.#onMorePieces(pieces, geometry);
      return undefined;
    }
    this.#heardPieces = true;
    if (pieces === 'none') return undefined;
    this.pieces.setAll(pieces);
    this.#swarm?.onPieces(this, this.#nowMs);
    return undefined;
  }

  #onMorePieces(pieces: Uint8Array | 'all' | 'none', geometry: Geometry): void {
    if (pieces === 'none' || this.pieces.isAll) return;
    for (const pieceIndex of geometry.pieces()) {
      if (pieces === 'all' || hasPiece(pieces, pieceIndex)) this.#onHave(pieceIndex);
      if (this.gone) return;
    }
  }
}
