/**
 * One connection, the sending side: what we send to a peer, and how much of it is not yet flushed. Small
 * messages of one turn leave in one write. A block is sent apart from its header, so that its bytes are not
 * copied. BEP 3 6 10
 */
import { type Block, blockBytesMax, type Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { encodeHandshake } from '../../wire/handshake.ts';
import { encodePieceHeader, MessageWriter } from '../../wire/message.ts';
import type { Context, Flushable } from '../context.ts';
import type { ConnectionId } from '../contract.ts';
import { UploadQueue } from '../serving/upload-queue.ts';
import { MessageAllowance } from './message-allowance.ts';
import { TransferMeter } from './transfer-meter.ts';

export class PeerOutbox implements Flushable {
  readonly connection: ConnectionId;
  /** The extensions that both sides support. */
  fast = false;
  extended = false;
  amChoking = true;
  amInterested = false;
  /** When we last unchoked the peer, and whether it has requested anything since. */
  unchokedMs = 0;
  hasAsked = false;
  /** The peer requested nothing while it was last unchoked. */
  wastedItsTurn = false;
  /** Metadata blocks that we sent to the peer. */
  metadataBlocksSent = 0;
  /** The connection has ended: nothing more is sent, and messages are ignored. */
  gone = false;
  spokeMs: number;
  readonly uploads: UploadQueue;
  readonly up = new TransferMeter();
  /** How many messages the peer may still send; it depends on what we sent. */
  protected readonly allowance: MessageAllowance;
  readonly #context: Context;
  readonly #writer = new MessageWriter();
  #geometry: Geometry | undefined;

  constructor(connection: ConnectionId, context: Context, nowMs: number) {
    this.connection = connection;
    this.#context = context;
    this.spokeMs = nowMs;
    this.uploads = new UploadQueue(context.limits);
    this.allowance = new MessageAllowance(context.limits, nowMs);
  }

  /** The peer leaves more than `unreadBytesMax` unread. */
  get isNotReading(): boolean {
    return !this.gone && this.uploads.unflushedBytes > this.#context.limits.unreadBytesMax;
  }

  /** The result of a message during which the session may have ended. */
  protected get ended(): 'ended' | undefined {
    return this.gone ? 'ended' : undefined;
  }

  /** Sets the torrent's geometry once its swarm has accepted the connection. */
  protected setGeometry(geometry: Geometry | undefined): void {
    this.#geometry = geometry;
  }

  /** False while the metadata of the torrent is still being fetched. */
  get knowsPieces(): boolean {
    return this.#geometry !== undefined;
  }

  sendHandshake(infoHash: Uint8Array): void {
    const { peerId } = this.#context;
    this.#write.raw(encodeHandshake({ infoHash, peerId, fast: true, extended: true }));
  }

  /** Right after the handshake: our pieces, in the shortest form that the peer understands. BEP 3 6 */
  sendPieces(haveCount: number, pieceCount: number, bits: () => Uint8Array): void {
    if (this.fast && haveCount === pieceCount) this.#write.haveAll();
    else if (haveCount > 0) this.#write.bitfield(bits());
    else if (this.fast) this.#write.haveNone();
  }

  /** Sends nothing to a peer without the extension protocol. BEP 10 */
  sendExtended(id: number, payload: Uint8Array): void {
    if (this.extended) this.#write.extended(id, payload);
  }

  /** BEP 9 */
  sendMetadataBlock(id: number, payload: Uint8Array): void {
    this.metadataBlocksSent += 1;
    this.sendExtended(id, payload);
  }

  sendHave(pieceIndex: PieceIndex): void {
    this.allowance.earn();
    this.#write.have(pieceIndex);
  }

  /** Suggests the piece to download next; sends nothing to a peer without the fast extension. BEP 6 */
  sendSuggest(pieceIndex: PieceIndex): void {
    if (this.fast) this.#write.suggest(pieceIndex);
  }

  setInterested(interested: boolean): void {
    if (this.amInterested === interested) return;
    this.amInterested = interested;
    if (interested) this.#write.interested();
    else this.#write.notInterested();
  }

  /** Choking drops the peer's requests. With BEP 6 each dropped request is rejected. */
  setChoking(choking: boolean): void {
    if (this.amChoking === choking) return;
    this.amChoking = choking;
    if (!choking) {
      this.unchokedMs = this.#context.nowMs;
      this.hasAsked = false;
      this.#write.unchoke();
      return;
    }
    this.wastedItsTurn = !this.hasAsked;
    this.#write.choke();
    for (const block of this.uploads.clear()) this.sendReject(block);
  }

  /** The peer requests a block. False when its queue is full. */
  onAsked(block: Block): boolean {
    this.hasAsked = true;
    return this.uploads.add(block);
  }

  request(pieceIndex: PieceIndex, blockIndex: number): void {
    this.#write.request(
      pieceIndex,
      blockIndex * blockBytesMax,
      this.#geometry!.blockBytes(pieceIndex, blockIndex),
    );
  }

  cancel(pieceIndex: PieceIndex, blockIndex: number): void {
    this.#write.cancel(
      pieceIndex,
      blockIndex * blockBytesMax,
      this.#geometry!.blockBytes(pieceIndex, blockIndex),
    );
  }

  /** Sends nothing without BEP 6, which has the only message for this. */
  sendReject(block: Block): void {
    if (this.fast) this.#write.reject(block.pieceIndex, block.begin, block.bytes);
  }

  sendBlock(block: Block, payload: Uint8Array): void {
    this.flush();
    const header = encodePieceHeader(block.pieceIndex, block.begin, payload.length);
    this.uploads.onSent(header.length + payload.length, payload.length, this.#context.nowMs);
    this.up.add(payload.length);
    this.allowance.earn();
    this.spokeMs = this.#context.nowMs;
    this.#context.emit({ type: 'send-block', connection: this.connection, header, payload });
  }

  /** Sends a keep-alive when nothing was sent for `keepAliveMs`. */
  keepAlive(nowMs: number): void {
    if (nowMs - this.spokeMs >= this.#context.limits.keepAliveMs) this.#write.keepAlive();
  }

  /**
   * The writer. The first message of a turn puts this connection on the list to flush at the end of the turn.
   */
  get #write(): MessageWriter {
    if (this.#writer.isEmpty) this.#context.toFlush.push(this);
    return this.#writer;
  }

  /** Sends what was written in this turn, in one piece. */
  flush(): void {
    if (this.#writer.isEmpty) return;
    const bytes = this.#writer.take();
    if (this.gone) return;
    this.spokeMs = this.#context.nowMs;
    this.uploads.onSent(bytes.length, 0, this.spokeMs);
    this.#context.emit({ type: 'send', connection: this.connection, bytes });
  }
}
