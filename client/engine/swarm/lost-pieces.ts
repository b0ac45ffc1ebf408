/**
 * Pieces that were stored and that the disk does not hold any more, and the peers that still believe we have them.
 *
 * BitTorrent has no message that takes a `have` back. A peer that lacks such a piece would ask us for it again and again:
 * with the fast extension it is refused each time, without it it waits in vain, and both count us among the holders. So
 * such a peer is disconnected; it may come back at once, and our new bitfield tells the truth. A peer that has all of the
 * lost pieces asks us for none of them, and it is where we get them from: it stays.
 *
 * Invariant: peers are let go in rounds, at most one in `lossRoundMs`, so a disk that loses the same pieces again and again
 * causes no storm of connections. A piece that is stored again before the round makes what the peer believes true.
 *                                                                                                        BEP 3 6
 */
import type { PieceIndex } from '../../../torrents/geometry.ts';
import type { PeerSession } from '../connection/peer-session.ts';

export class LostPieces {
  /** Lost and not stored again, with the number of the loss. */
  readonly #lost = new Map<PieceIndex, number>();
  /** How many losses there had been when a peer was told what we have. */
  readonly #toldAt = new WeakMap<PeerSession, number>();
  readonly #roundMs: number;
  #losses = 0;
  #nextRoundMs = 0;
  #isRoundDue = false;

  constructor(roundMs: number) {
    this.#roundMs = roundMs;
  }

  /** The peer is told what we have at this moment. */
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

  /** The peers to let go now, if a round is due. */
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
