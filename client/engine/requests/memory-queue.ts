/**
 * The queue of peers that may begin a piece once there is memory for it. A refused peer waits in line, and
 * each piece that frees its memory lets the first peer try again. So no stored piece causes a walk over all
 * peers.
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

  /**
   * Whether there is memory for one more piece. One piece may always be downloaded, however small the cap.
   */
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
   * Twice a second, because a torrent is not told when another one frees memory. Returns whether pieces that
   * no peer sends may keep their memory: no peer of any torrent waits for it, or there is enough for the
   * waiting peers. Otherwise a piece as large as all the memory would lose its blocks with every choke.
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

  /** Withdraws only our own demand. Another torrent with an equal demand repeats it at its next tick. */
  #withdraw(): void {
    const { budget } = this.#context;
    if (this.#hasAsked && budget.pieceBytesWanted === this.#pieceLength) budget.pieceBytesWanted = 0;
    this.#hasAsked = false;
  }

  leave(source: BlockSource): void {
    this.#waiting.delete(source);
    if (this.#waiting.size === 0) this.#withdraw();
  }

  /**
   * Memory is free again: one peer after another may `fill`, until one is refused and joins the end of the
   * line.
   */
  onFreed(fill: (source: BlockSource) => void): void {
    for (const source of this.#waiting) {
      this.#waiting.delete(source);
      fill(source);
      if (this.#waiting.has(source)) return;
    }
  }
}
