/**
 * One connection of an actor: what the peer has said about itself, and methods to send valid messages,
 * invalid ones, or arbitrary bytes.
 *
 * Invariant: nothing is sent after `close`. No other rule of the protocol is kept here.            BEP 3 6 10
 */
import {
  type ExtensionHandshake,
  encodeExtensionHandshake,
  ourExtensionId,
  parseExtensionHandshake,
} from '../../../client/engine/connection/extension-handshake.ts';
import type { ConnectionId, PeerAddress } from '../../../client/engine/contract.ts';
import { WireDecoder, type WireHandler } from '../../../client/wire/decoder.ts';
import { encodeHandshake, type Handshake } from '../../../client/wire/handshake.ts';
import { encodePieceHeader, type Message, MessageWriter } from '../../../client/wire/message.ts';
import type { Block } from '../../../torrents/geometry.ts';
import type { Stage } from './stage.ts';

/** The actor's callbacks. They run after the connection has updated its own state. */
export interface LineEvents {
  onHandshake(line: Line, handshake: Handshake): void;
  onMessage(line: Line, message: Message): void;
  /** A whole block has been received. */
  onBlock(line: Line, index: number, begin: number, bytes: number): void;
}

/** The extensions that the actor claims to support. */
export interface Spoken {
  readonly fast: boolean;
  readonly extended: boolean;
}

const everything: Spoken = { fast: true, extended: true };

export class Line implements WireHandler<'closed'> {
  readonly connection: ConnectionId;
  readonly address: PeerAddress;
  readonly incoming: boolean;
  isOpen = true;
  /** Whether the actor has sent its handshake. `handshake` is the peer's, once received. */
  hasShaken = false;
  handshake: Handshake | undefined;
  extensions: ExtensionHandshake | undefined;
  peerChoking = true;
  amChoking = true;
  isSeed = false;
  readonly #has = new Set<number>();
  readonly #stage: Stage;
  readonly #events: LineEvents;
  readonly #decoder = new WireDecoder();
  readonly #writer = new MessageWriter();
  #block = { index: 0, begin: 0, bytes: 0 };

  constructor(
    stage: Stage,
    events: LineEvents,
    connection: ConnectionId,
    address: PeerAddress,
    incoming: boolean,
  ) {
    this.#stage = stage;
    this.#events = events;
    this.connection = connection;
    this.address = address;
    this.incoming = incoming;
  }

  /** Whether the peer claims to have this piece. */
  has(pieceIndex: number): boolean {
    return this.isSeed || this.#has.has(pieceIndex);
  }

  // Sending -------------------------------------------------------------------------------------------------

  shakeHands(peerId = this.#stage.peerId, speaks: Spoken = everything): void {
    this.hasShaken = true;
    const { infoHash } = this.#stage.torrent;
    this.sendBytes(encodeHandshake({ infoHash, peerId, ...speaks }));
  }

  /** Messages, in one send. */
  say(write: (writer: MessageWriter) => void): void {
    write(this.#writer);
    this.sendBytes(this.#writer.take());
  }

  /** Claims every piece and unchokes the peer. */
  offerEverything(): void {
    this.amChoking = false;
    this.say((writer) => {
      writer.haveAll();
      writer.unchoke();
    });
  }

  /**
   * Sends the extension handshake: the id for ut_metadata messages and the claimed metadata size.    BEP 9 10
   */
  introduce(metadataBytes: number | undefined, reqq = 250): void {
    const ours = {
      client: 'Actor',
      reqq,
      port: this.#stage.address.port,
      uploadOnly: false,
      metadataBytes,
    };
    this.say((writer) => writer.extended(ourExtensionId.handshake, encodeExtensionHandshake(ours)));
  }

  /** Any bytes. The network owns the buffer afterwards. */
  sendBytes(bytes: Uint8Array): void {
    if (this.isOpen && bytes.length > 0) this.#stage.network.send(this.connection, bytes);
  }

  sendBlock(block: Block, isRight: boolean): void {
    if (!this.isOpen) return;
    const header = encodePieceHeader(block.pieceIndex, block.begin, block.bytes);
    this.#stage.network.sendBlock(this.connection, header, this.#stage.torrent.payload(block, isRight));
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#stage.network.close(this.connection);
  }

  // Receiving -----------------------------------------------------------------------------------------------

  hear(bytes: Uint8Array, count: number): void {
    this.#decoder.feed(bytes, count, this);
  }

  onHandshake(handshake: Handshake): 'closed' | undefined {
    this.handshake = handshake;
    this.#decoder.expectBitfieldBytes(Math.ceil(this.#stage.torrent.geometry.pieceCount / 8));
    this.#events.onHandshake(this, handshake);
    return this.#goOn();
  }

  onMessage(message: Message): 'closed' | undefined {
    this.#note(message);
    this.#events.onMessage(this, message);
    return this.#goOn();
  }

  onBlockStart(index: number, begin: number, bytes: number): undefined {
    this.#block = { index, begin, bytes };
  }

  onBlockBytes(): undefined {}

  onBlockEnd(): 'closed' | undefined {
    const { index, begin, bytes } = this.#block;
    this.#events.onBlock(this, index, begin, bytes);
    return this.#goOn();
  }

  #goOn(): 'closed' | undefined {
    return this.isOpen ? undefined : 'closed';
  }

  #note(message: Message): void {
    switch (message.type) {
      case 'choke':
      case 'unchoke':
        this.peerChoking = message.type === 'choke';
        break;
      case 'have':
        this.#has.add(message.index);
        break;
      case 'have-all':
        this.isSeed = true;
        break;
      case 'bitfield':
        for (const pieceIndex of this.#stage.torrent.geometry.pieces()) {
          if ((message.bits[pieceIndex >> 3]! & (0x80 >> (pieceIndex & 7))) !== 0) this.#has.add(pieceIndex);
        }
        break;
      case 'extended':
        if (message.id === ourExtensionId.handshake)
          this.extensions = parseExtensionHandshake(message.payload) ?? this.extensions;
    }
  }
}
