/**
 * How much one peer may still say. What is allowed by itself (a change of mind, a request while choked) costs us a turn
 * and our line its bytes all the same: without a price, one fast peer drowns a slow line and never breaks a rule.
 *
 * Words are earned by time and by trade: a block either way, and a piece we tell of, may each be answered by a few words.
 * Whatever a peer can make us say at will (rejects, choke and unchoke, requests while it changes its mind) earns nothing.
 * News are free: who has what can be told once a piece.
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

  /** False when the peer has said more than anybody has to say. */
  spend(words: number, nowMs: number): boolean {
    this.#words -= words;
    if (this.#words >= 0) return true;
    // Time counts in whole seconds, and only when it is needed: this is asked at every message.
    const { messagesPerSecond, messagesBurst } = this.#limits;
    const seconds = Math.floor((nowMs - this.#filledMs) / 1_000);
    this.#filledMs += seconds * 1_000;
    this.#words = Math.min(messagesBurst, this.#words + seconds * messagesPerSecond);
    return this.#words >= 0;
  }

  /** A block has gone one way or the other, or we have told of a new piece. */
  earn(): void {
    const { messagesPerTrade, messagesBurst } = this.#limits;
    this.#words = Math.min(messagesBurst, this.#words + messagesPerTrade);
  }

  /** A `have` of a torrent whose pieces are not known here: news, as long as there may be so many pieces. */
  spendBlindHave(nowMs: number): boolean {
    this.#blindHaves += 1;
    return this.#blindHaves <= this.#limits.blindHavesMax || this.spend(1, nowMs);
  }
}
