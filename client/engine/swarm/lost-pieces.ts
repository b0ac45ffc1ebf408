/**
 * Pieces that were stored and that the disk no longer holds, and the peers that still believe we have them.
 *
 * BitTorrent has no message that takes a `have` back. A peer that lacks such a piece would request it from us
 * again and again: with the fast extension each request is rejected, without it the peer waits in vain, and
 * both count us among the holders. So such a peer is disconnected. It may reconnect at once, and gets a
 * correct bitfield. A peer that has all of the lost pieces requests none of them, and we download them from
 * it, so it stays connected.
 *
 * Invariant: peers are disconnected in rounds, at most one in `lossRoundMs`, so that a disk that loses the
 * same pieces again and again causes no storm of connections. A piece that is stored again before the round
 * needs no disconnect. BEP 3 6
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { PeerSession } from '../connection/peer-session.ts';

export class LostPieces {
  /** Lost and not stored again, with the number of the loss. */
  readonly #lost = new Map<PieceIndex, number>();
  /** By peer: the number of losses before it got our bitfield. */
  readonly #toldAt = new WeakMap<PeerSession, number>();
  readonly #roundMs: number;
  #losses = 0;
  #nextRoundMs = 0;
  #isRoundDue = false;

  constructor(roundMs: number) {
    this.#roundMs = roundMs;
  }

  /** The peer gets our bitfield at this moment. */
  onTold(session: PeerSession): void {
    this.#toldAt.set(session, this.#losses);
  }

  onLost(pieces: Iterable<PieceIndex>): void {
    this.#losses += 1;
    for (const pieceIndex of pieces) this.#lost.set(pieceIndex, this.#losses);
    this.#isRoundDue = true;
  }

  onStored(pieceIndex: PieceIndex): void {
    this.#lost.delete(pieceIndex);
  }

  /** The peers to disconnect now, if a round is due. */
  takeMisled(sessions: Iterable<PeerSession>, nowMs: number): PeerSession[] {
    if (!this.#isRoundDue || nowMs < this.#nextRoundMs) return [];
    this.#isRoundDue = false;
    const misled = [...sessions].filter((session) => this.#isMisled(session));
    if (misled.length > 0) this.#nextRoundMs = nowMs + this.#roundMs;
    return misled;
  }

  #isMisled(session: PeerSession): boolean {
    const toldAt = this.#toldAt.get(session) ?? 0;
    for (const [pieceIndex, loss] of this.#lost)
      if (loss > toldAt && !session.pieces.has(pieceIndex)) return true;
    return false;
  }
}
