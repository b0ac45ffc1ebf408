/**
 * One connection, the side that speaks: what we say to a peer and how much of it is still unread. Small messages of one
 * turn leave together; a block goes out apart from its header and is joined to nothing.                  BEP 3 6 10
 */
import { type Block, blockBytesMax, type Geometry, type PieceIndex } from '../../../torrents/geometry.ts';
import { encodeHandshake } from '../../wire/handshake.ts';
import { encodePieceHeader, MessageWriter } from '../../wire/message.ts';
import type { Context, Speaker } from '../context.ts';
import type { ConnectionId } from '../contract.ts';
import { UploadQueue } from '../serving/upload-queue.ts';
import { MessageAllowance } from './message-allowance.ts';
import { TransferMeter } from './transfer-meter.ts';

export class PeerVoice implements Speaker {
  readonly connection: ConnectionId;
  /** What both sides speak besides BEP 3. */
  fast = false;
  extended = false;
  amChoking = true;
  amInterested = false;
  /** When we last unchoked it, and whether it has asked for anything since. */
  unchokedMs = 0;
  hasAsked = false;
  /** The last time we unchoked it, it asked for nothing. */
  wastedItsTurn = false;
  /** Blocks of metadata it has been sent. */
  metadataBlocksSent = 0;
  /** The connection is over: nothing more is sent or believed. */
  gone = false;
  spokeMs: number;
  readonly uploads: UploadQueue;
  readonly up = new TransferMeter();
  /** What the peer may still say, which depends on what we have told it. */
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

  /** Whatever we send stays unread. */
  get isNotReading(): boolean {
    return !this.gone && this.uploads.unflushedBytes > this.#context.limits.unreadBytesMax;
  }

  /** What a message that ended the session is answered with. */
  protected get ended(): 'ended' | undefined {
    return this.gone ? 'ended' : undefined;
  }

  /** The torrent's geometry, once its swarm has taken the connection in. */
  protected knows(geometry: Geometry | undefined): void {
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

  /** Right after the handshake: what we have, in the shortest form the peer understands.  BEP 3 6 */
  sendPieces(haveCount: number, pieceCount: number, bits: () => Uint8Array): void {
    if (this.fast && haveCount === pieceCount) this.#write.haveAll();
    else if (haveCount > 0) this.#write.bitfield(bits());
    else if (this.fast) this.#write.haveNone();
  }

  /** BEP 10; only to a peer that speaks it. */
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

  /** BEP 6: what it may as well take next; only to a peer that speaks it. */
  sendSuggest(pieceIndex: PieceIndex): void {
    if (this.fast) this.#write.suggest(pieceIndex);
  }

  setInterested(interested: boolean): void {
    if (this.amInterested === interested) return;
    this.amInterested = interested;
    if (interested) this.#write.interested();
    else this.#write.notInterested();
  }

  /** Choking drops what it asked for; with BEP 6 each dropped request is answered. */
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

  /** It asks for a block. False when it has asked for more than any peer may. */
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

  /** Only with BEP 6; otherwise silence is all there is. */
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

  /** Keeps a silent connection open. */
  keepAlive(nowMs: number): void {
    if (nowMs - this.spokeMs >= this.#context.limits.keepAliveMs) this.#write.keepAlive();
  }

  /** The writer; the first word of a turn puts us on the list of those to flush at its end. */
  get #write(): MessageWriter {
    if (this.#writer.isEmpty) this.#context.dirty.push(this);
    return this.#writer;
  }

  /** What was written in this turn leaves in one piece. */
  flush(): void {
    if (this.#writer.isEmpty) return;
    const bytes = this.#writer.take();
    if (this.gone) return;
    this.spokeMs = this.#context.nowMs;
    this.uploads.onSent(bytes.length, 0, this.spokeMs);
    this.#context.emit({ type: 'send', connection: this.connection, bytes });
  }
}
