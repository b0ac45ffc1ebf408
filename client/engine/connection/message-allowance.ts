/**
 * Limits how many messages one peer may send. Messages that the protocol allows at any time (interested, not
 * interested, a request while choked) still cost us CPU time and bandwidth: without a limit, one fast peer
 * floods a slow link without breaking a rule.
 *
 * A peer earns messages by time and by trade: a block in either direction and each `have` that we send allow
 * a few messages. Messages that a peer can provoke at will (rejects, choke and unchoke, requests while its
 * interest changes) earn nothing. A `have` with a new piece is free: there is at most one for each piece.
 */
import type { Limits } from '../limits.ts';

export class MessageAllowance {
  readonly #limits: Limits;
  #words: number;
  #filledMs: number;
  #blindHaves = 0;

  constructor(limits: Limits, nowMs: number) {
    this.#limits = limits;
    this.#words = limits.messagesBurst;
    this.#filledMs = nowMs;
  }

  /** False when the peer has sent more messages than any correct peer needs. */
  spend(words: number, nowMs: number): boolean {
    this.#words -= words;
    if (this.#words >= 0) return true;
    // Time counts in whole seconds and only when the allowance is used up: this runs for every message.
    const { messagesPerSecond, messagesBurst } = this.#limits;
    const seconds = Math.floor((nowMs - this.#filledMs) / 1_000);
    this.#filledMs += seconds * 1_000;
    this.#words = Math.min(messagesBurst, this.#words + seconds * messagesPerSecond);
    return this.#words >= 0;
  }

  /** A block was sent or received, or we sent a `have`. */
  earn(): void {
    const { messagesPerTrade, messagesBurst } = this.#limits;
    this.#words = Math.min(messagesBurst, this.#words + messagesPerTrade);
  }

  /**
   * A `have` while the number of pieces is unknown. It is free up to the largest number of pieces that a
   * torrent may have.
   */
  spendBlindHave(nowMs: number): boolean {
    this.#blindHaves += 1;
    return this.#blindHaves <= this.#limits.blindHavesMax || this.spend(1, nowMs);
  }
}
