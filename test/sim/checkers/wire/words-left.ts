/**
 * How much a peer may still say to a host, by the words of docs and limits, counted once more: a burst, so much a second from
 * then on (in whole seconds, and looked at only when nothing is left), and a few words for each trade.
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

  /** False: it has said too much. */
  take(words: number, nowMs: number): boolean {
    if (words > this.#left) {
      const seconds = Math.floor((nowMs - this.#countedMs) / 1_000);
      this.#countedMs += 1_000 * seconds;
      // What is owed is paid first: more than a burst is never saved up.
      const { messagesBurst, messagesPerSecond } = this.#limits;
      this.#left = Math.min(messagesBurst + words, this.#left + seconds * messagesPerSecond);
    }
    this.#left -= words;
    return this.#left >= 0;
  }

  /** A block went one way or the other, or the host has told of a piece. */
  trade(): void {
    this.#left = Math.min(this.#limits.messagesBurst, this.#left + this.#limits.messagesPerTrade);
  }

  /** It has told a host of a piece that knows none. */
  takeBlindHave(nowMs: number): boolean {
    this.#blindHaves += 1;
    return this.#blindHaves <= this.#limits.blindHavesMax || this.take(1, nowMs);
  }
}
