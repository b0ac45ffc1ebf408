/**
 * One connection, the receiving side: every number that the peer sends becomes a PieceIndex or a Block here, or the
 * connection closes with a violation. The swarm decides what a message means for the torrent.
 *
 * Invariant: after `gone` nothing more is sent, and no message is believed.                              BEP 3 6
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
import { hasSpareBits, PeerPieces } from './peer-pieces.ts';
import { PeerVoice } from './peer-voice.ts';
import type { Doorkeeper, SessionEvents, Violation } from './session-events.ts';
import { TransferMeter } from './transfer-meter.ts';

/** While only the info-hash is known: a bitfield of the largest torrent that we open. */
const bitfieldBytesMax = pieceCountMax / 8;

const unknownPeerId = new Uint8Array(0);

export class PeerSession extends PeerVoice implements BlockSource, WireHandler<Violation | 'ended'> {
  readonly address: PeerAddress;
  readonly incoming: boolean;
  readonly openedMs: number;
  /** That of a stranger until the handshake is accepted; then what the swarm knows of it. */
  record: PeerRecord;
  peerId: Uint8Array = unknownPeerId;
  /** What it says of itself.  BEP 10 */
  extensions: ExtensionHandshake | undefined;
  extensionHandshakes = 0;
  peerChoking = true;
  peerInterested = false;
  /** What it has. */
  readonly pieces = new PeerPieces();
  /** Pieces it has that we want and have not stored: interest.ts. */
  usefulCount = 0;
  /** Among those whose pieces are known one by one (piece-holders.ts). */
  seat = -1;
  readonly kept = new KeptPieces();
  /** Told to the picker as a seed rather than piece by piece: interest.ts. */
  countedAsSeed = false;
  /** It is served in turn rather than for its worth: choker.ts. */
  optimistic = false;
  /** How much of what we gave it first others have since, lately: first-copies.ts. */
  spread = 0;
  heardMs: number;
  readonly pipeline: RequestPipeline;
  readonly down = new TransferMeter();

  readonly #doorkeeper: Doorkeeper<PeerSession>;
  /** Once it is open. */
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

  /** We may send it requests, and it has something for us. */
  get mayBeAsked(): boolean {
    return this.isOpen && !this.peerChoking && this.amInterested;
  }

  /**
   * The swarm takes the connection in: from now on numbers are checked against its geometry. Without one (the metadata
   * is still being fetched) only extended messages mean anything.
   */
  open(
    swarm: SessionEvents<PeerSession>,
    geometry: Geometry | undefined,
    record: PeerRecord,
    handshake: Handshake,
  ): void {
    this.#swarm = swarm;
    this.#geometry = geometry;
    this.knows(geometry);
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

  /** Bytes from the socket. Answers why the connection must close. */
  receive(bytes: Uint8Array, count: number, nowMs: number): Violation | 'ended' | undefined {
    this.#nowMs = nowMs;
    this.heardMs = nowMs;
    return this.#decoder.feed(bytes, count, this);
  }

  /** Sends and asks for what the limits now allow. */
  advance(nowMs: number): void {
    this.#swarm?.advance(this, nowMs);
  }

  /** The connection is over: the block in the middle of which it stopped is let go. */
  end(): void {
    this.gone = true;
    this.amChoking = true;
    this.#incoming.abort();
  }

  // The door --------------------------------------------------------------------------------------------------------

  onHandshake(handshake: Handshake): Violation | undefined {
    return this.#doorkeeper(this, handshake, this.#nowMs);
  }

  /** The swarm may end the session over what it is told: then nothing that follows is believed. */
  onMessage(message: Message): Violation | 'ended' | undefined {
    if (message.type === 'have') return this.onHave(message.index);
    return this.#spend() ?? this.#onTalk(message) ?? this.ended;
  }

  /** What is news is free. */
  onHave(index: number): Violation | 'ended' | undefined {
    if (this.#geometry === undefined)
      return this.allowance.spendBlindHave(this.#nowMs) ? this.ended : 'too-many-messages';
    const pieceIndex = this.#geometry.pieceIndex(index);
    if (pieceIndex === undefined) return 'piece-out-of-range';
    return this.#onHave(pieceIndex) ? this.ended : (this.#spend() ?? this.ended);
  }

  /** Nobody has defined it: nothing is believed, and it is no free talk either. */
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
      // Extensions that we do not use; nothing in them is believed.
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
    // However small, a whole block is what it was asked for.
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
    // Ids we have not given out are nobody's; BEP 10 has them ignored.
    if (id !== ourExtensionId.utMetadata) return this.onUnknown(payload.length);
    const message = parseMetadataMessage(payload);
    if (message === undefined) return 'extension-malformed';
    return message === 'unknown-type' ? undefined : this.#swarm?.onMetadata(this, message, this.#nowMs);
  }

  /** True when it is news. */
  #onHave(pieceIndex: PieceIndex): boolean {
    this.#heardPieces = true;
    if (!this.pieces.add(pieceIndex)) return false;
    this.#swarm?.onHave(this, pieceIndex, this.#nowMs);
    if (!this.countedAsSeed) this.pieces.forgetBits();
    return true;
  }

  /**
   * What the peer has, all at once. BEP 3 has it come first and once; aria2 sends another instead of many a `have`, and
   * that is understood as those.                                                                        BEP 3 6
   */
  #onPieces(pieces: Uint8Array | 'all' | 'none', geometry: Geometry): Violation | undefined {
    // BEP 3: "Spare bits at the end are set to zero". A peer that sets one means another torrent.
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
