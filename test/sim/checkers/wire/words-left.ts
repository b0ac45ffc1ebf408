/**
 * A model of a peer's message allowance: a burst, then a number per second (in whole seconds, added only when
 * the allowance is used up), and some for each block or `have`.
 */
export interface TalkLimits {
  readonly messagesBurst: number;
  readonly messagesPerSecond: number;
  readonly messagesPerTrade: number;
  readonly blindHavesMax: number;
}

export class WordsLeft {
  readonly #limits: TalkLimits;
  #left: number;
  #countedMs: number;
  #blindHaves = 0;

  constructor(limits: TalkLimits, nowMs: number) {
    this.#limits = limits;
    this.#left = limits.messagesBurst;
    this.#countedMs = nowMs;
  }

  /** False if the peer has sent too many messages. */
  take(words: number, nowMs: number): boolean {
    if (words > this.#left) {
      const seconds = Math.floor((nowMs - this.#countedMs) / 1_000);
      this.#countedMs += 1_000 * seconds;
      // The debt is paid first: at most one burst accumulates.
      const { messagesBurst, messagesPerSecond } = this.#limits;
      this.#left = Math.min(messagesBurst + words, this.#left + seconds * messagesPerSecond);
    }
    this.#left -= words;
    return this.#left >= 0;
  }

  /** A block was sent or received, or the host sent a `have`. */
  trade(): void {
    this.#left = Math.min(this.#limits.messagesBurst, this.#left + this.#limits.messagesPerTrade);
  }

  /** The peer sent a `have` to a host without metadata. */
  takeBlindHave(nowMs: number): boolean {
    this.#blindHaves += 1;
    return this.#blindHaves <= this.#limits.blindHavesMax || this.take(1, nowMs);
  }
}
