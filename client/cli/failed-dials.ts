/** Dials that came to nothing: each peer and reason is news once, and peers that closed at the handshake are counted. */
import type { Closers } from './obstacles.ts';

/** More than a torrent knows peers (3,000), each with a reason or two; then the oldest is news again. */
const remembered = 8_192;

export class FailedDials {
  readonly #said = new Set<string>();
  readonly #dialed = new Set<string>();
  readonly #closed = new Set<string>();

  /** Counts it, and answers whether it has not been said. */
  isNews(peer: string, reason: string): boolean {
    add(this.#dialed, peer);
    // What it did last counts.
    if (reason === 'closed-at-handshake') add(this.#closed, peer);
    else this.#closed.delete(peer);
    const text = `${peer} ${reason}`;
    if (this.#said.has(text)) return false;
    add(this.#said, text);
    return true;
  }

  onConnected(peer: string): void {
    this.#closed.delete(peer);
  }

  get closers(): Closers {
    return { closed: this.#closed.size, dialed: this.#dialed.size };
  }
}

function add(set: Set<string>, text: string): void {
  set.add(text);
  if (set.size > remembered) set.delete(set.values().next().value!);
}
