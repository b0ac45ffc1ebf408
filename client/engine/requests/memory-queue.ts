/**
 * Who may begin a piece while the memory for pieces is short: peers that were refused wait in line, and every piece that
 * leaves for good lets the first of them try again. Nobody looks at all peers because one piece is stored.
 */
import type { Context } from '../context.ts';
import type { BlockSource } from './block-source.ts';

export class MemoryQueue {
  readonly #waiting = new Set<BlockSource>();
  readonly #pieceLength: number;
  readonly #context: Context;
  /** The shared budget knows that peers of this torrent wait. */
  #hasAsked = false;

  constructor(pieceLength: number, context: Context) {
    this.#pieceLength = pieceLength;
    this.#context = context;
  }

  /** Whether there is memory for one more piece. At least one may always be under way, however small the cap. */
  admits(source: BlockSource): boolean {
    if (!this.#isFree) {
      this.#waiting.add(source);
      this.#ask();
    }
    return this.#isFree;
  }

  get #isFree(): boolean {
    const { budget, limits } = this.#context;
    return budget.pieceBytes === 0 || budget.pieceBytes + this.#pieceLength <= limits.pieceMemoryBytesMax;
  }

  /**
   * Twice a second: another torrent may have given memory back, of which this one is not told. Answers whether pieces that
   * no peer sends may keep their memory: no peer of any torrent waits for it, or there is enough for those that wait. A
   * piece that is as long as all the memory would lose its blocks with every choke otherwise.
   */
  tick(fill: (source: BlockSource) => void): boolean {
    const { budget, limits } = this.#context;
    this.#withdraw();
    if (this.#waiting.size > 0 && this.#isFree) this.onFreed(fill);
    if (this.#waiting.size > 0) this.#ask();
    const wanted = budget.pieceBytesWanted;
    return wanted === 0 || budget.pieceBytes + wanted <= limits.pieceMemoryBytesMax;
  }

  #ask(): void {
    const { budget } = this.#context;
    this.#hasAsked = true;
    budget.pieceBytesWanted = Math.max(budget.pieceBytesWanted, this.#pieceLength);
  }

  /** What others want stays; those who want as much say so again at their next tick. */
  #withdraw(): void {
    const { budget } = this.#context;
    if (this.#hasAsked && budget.pieceBytesWanted === this.#pieceLength) budget.pieceBytesWanted = 0;
    this.#hasAsked = false;
  }

  leave(source: BlockSource): void {
    this.#waiting.delete(source);
    if (this.#waiting.size === 0) this.#withdraw();
  }

  /** There is some again: one after the other may `fill`, until one is refused and waits at the end. */
  onFreed(fill: (source: BlockSource) => void): void {
    for (const source of this.#waiting) {
      this.#waiting.delete(source);
      fill(source);
      if (this.#waiting.has(source)) return;
    }
  }
}
