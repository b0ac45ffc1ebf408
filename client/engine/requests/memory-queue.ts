/**
 * Who may begin a piece while the memory for pieces is short: peers that were refused wait in line, and every piece that
 * leaves for good lets the first of them try again. Nobody looks at all peers because one piece is stored.
 */
import type { PeerSession } from '../connection/peer-session.ts';
import type { Context } from '../context.ts';

export class MemoryQueue {
  readonly #waiting = new Set<PeerSession>();
  readonly #pieceLength: number;
  readonly #context: Context;

  constructor(pieceLength: number, context: Context) {
    this.#pieceLength = pieceLength;
    this.#context = context;
  }

  /** Whether there is memory for one more piece. At least one may always be under way, however small the cap. */
  admits(session: PeerSession): boolean {
    if (!this.#isFree) {
      this.#waiting.add(session);
      const { budget } = this.#context;
      budget.pieceBytesWanted = Math.max(budget.pieceBytesWanted, this.#pieceLength);
    }
    return this.#isFree;
  }

  get #isFree(): boolean {
    const { budget, limits } = this.#context;
    return budget.pieceBytes === 0 || budget.pieceBytes + this.#pieceLength <= limits.pieceMemoryBytesMax;
  }

  /**
   * Twice a second: another torrent may have given memory back, of which this one is not told. Answers whether there is
   * memory for one more piece of any torrent: otherwise pieces that no peer sends have to make room.
   */
  tick(fill: (session: PeerSession) => void): boolean {
    const { budget, limits } = this.#context;
    if (budget.pieceBytesWanted === this.#pieceLength) budget.pieceBytesWanted = 0;
    if (this.#waiting.size > 0 && this.#isFree) this.onFreed(fill);
    if (this.#waiting.size > 0)
      budget.pieceBytesWanted = Math.max(budget.pieceBytesWanted, this.#pieceLength);
    const longest = Math.max(this.#pieceLength, budget.pieceBytesWanted);
    return budget.pieceBytes + longest <= limits.pieceMemoryBytesMax;
  }

  leave(session: PeerSession): void {
    this.#waiting.delete(session);
  }

  /** There is some again: one after the other may `fill`, until one is refused and waits at the end. */
  onFreed(fill: (session: PeerSession) => void): void {
    for (const session of this.#waiting) {
      this.#waiting.delete(session);
      fill(session);
      if (this.#waiting.has(session)) return;
    }
  }
}
