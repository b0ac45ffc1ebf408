/**
 * Sends peers the blocks they request: from the request over the disk read to the socket, as fast as each
 * peer reads and the rate limit allows.
 *
 * Invariant: only verified pieces are read. Every accepted request ends in a block, a reject (BEP 6), or the
 * end of the connection. Left to others: which peers we unchoke (choker.ts). BEP 3 6
 */
import type { Block, PieceIndex } from '../../../torrents/geometry.ts';
import type { PeerSession } from '../connection/peer-session.ts';
import type { Violation } from '../connection/session-events.ts';
import { TransferMeter } from '../connection/transfer-meter.ts';
import type { Context } from '../context.ts';
import type { DiskTrouble, ReadId, TorrentId } from '../contract.ts';
import { IdTable } from '../tables/id-table.ts';

export class BlockServer {
  readonly up = new TransferMeter();
  /** Why a stored piece could not be read at the last attempt. */
  trouble: DiskTrouble | undefined;
  readonly #torrent: TorrentId;
  readonly #has: (pieceIndex: PieceIndex) => boolean;
  readonly #context: Context;
  /**
   * The peer that waits for each read, even if it has cancelled or left. A busy link has about twenty reads
   * under way.
   */
  readonly #reads = new IdTable<PeerSession>(64);
  /** Pieces that could not be read: not served until `#retryMs`. */
  readonly #unreadable = new Set<PieceIndex>();
  #retryMs = 0;

  constructor(torrent: TorrentId, has: (pieceIndex: PieceIndex) => boolean, context: Context) {
    this.#torrent = torrent;
    this.#has = has;
    this.#context = context;
  }

  /** Reads that the disk has not answered, cancelled ones included. */
  get readCount(): number {
    return this.#reads.size;
  }

  tick(nowMs: number, elapsedMs: number): void {
    if (elapsedMs > 0) this.up.tick(elapsedMs);
    if (nowMs >= this.#retryMs) this.#unreadable.clear();
  }

  onRequest(session: PeerSession, block: Block): Violation | undefined {
    const { pieceIndex } = block;
    if (session.amChoking || !this.#has(pieceIndex) || this.#unreadable.has(pieceIndex)) {
      session.sendReject(block);
      return undefined;
    }
    if (!session.onAsked(block)) {
      if (!session.fast) return 'too-many-requests';
      session.sendReject(block);
    }
    this.pump(session);
    return undefined;
  }

  onCancel(session: PeerSession, block: Block): void {
    // BEP 6: a cancel is answered with the block or with a reject.
    if (session.uploads.cancel(block)) session.sendReject(block);
  }

  /** Stored pieces are lost: requests for them are rejected, and blocks being read are not sent. */
  onLost(sessions: Iterable<PeerSession>, pieces: ReadonlySet<PieceIndex>): void {
    for (const session of sessions) {
      for (const block of session.uploads.dropPieces((pieceIndex) => pieces.has(pieceIndex)))
        session.sendReject(block);
      this.pump(session);
    }
  }

  onRead(read: ReadId, bytes: Uint8Array): void {
    this.trouble = undefined;
    const session = this.#reads.take(read);
    const block = session?.uploads.onRead(read);
    if (session === undefined || block === undefined || session.gone) return;
    this.up.add(bytes.length);
    session.sendBlock(block, bytes);
    this.pump(session);
  }

  /**
   * A read failed: the request is rejected, so that the peer asks another. Returns true when the trouble is
   * new.
   */
  onUnreadable(read: ReadId, trouble: DiskTrouble, nowMs: number): boolean {
    const isNews = this.trouble?.code !== trouble.code;
    this.trouble = trouble;
    this.#retryMs = nowMs + this.#context.limits.diskRetryMs;
    const session = this.#reads.take(read);
    const block = session?.uploads.onRead(read);
    if (session !== undefined && block !== undefined && !session.gone) {
      this.#unreadable.add(block.pieceIndex);
      session.sendReject(block);
      this.pump(session);
    }
    return isNews;
  }

  /** Reads the requested blocks, as far as the peer's window and the rate limit allow. */
  pump(session: PeerSession): void {
    const context = this.#context;
    for (let block = session.uploads.next; block !== undefined; block = session.uploads.next) {
      if (!context.uploadRate.take(block.bytes, context.nowMs)) {
        context.throttled.add(session.connection);
        return;
      }
      const read = context.newRead();
      session.uploads.onReading(read);
      this.#reads.set(read, session);
      context.emit({ type: 'read-block', torrent: this.#torrent, read, block });
    }
  }
}
