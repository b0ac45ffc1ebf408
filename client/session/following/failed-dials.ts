/**
 * Failed dials: each combination of peer and reason is reported once, and peers that closed at the handshake
 * are counted.
 */

/** `closed`: peers whose last dial ended before their handshake. `dialed`: all peers with a failed dial. */
export interface Closers {
  readonly closed: number;
  readonly dialed: number;
}

/**
 * A torrent knows at most 3,000 peers, each with a reason or two. Beyond this limit the oldest is reported
 * again.
 */
const remembered = 8_192;

export class FailedDials {
  readonly #said = new Set<string>();
  readonly #dialed = new Set<string>();
  /** Peer → the reason of its last failed dial. */
  readonly #last = new Map<string, string>();

  /** Counts the dial. Returns whether this peer and reason are new. */
  isNews(peer: string, reason: string): boolean {
    add(this.#dialed, peer);
    this.#last.set(peer, reason);
    if (this.#last.size > remembered) this.#last.delete(this.#last.keys().next().value!);
    const text = `${peer} ${reason}`;
    if (this.#said.has(text)) return false;
    add(this.#said, text);
    return true;
  }

  onConnected(peer: string): void {
    this.#last.delete(peer);
  }

  get closers(): Closers {
    return { closed: this.reasons.get('closed-at-handshake') ?? 0, dialed: this.#dialed.size };
  }

  /** Reason → peers whose last dial failed with it. */
  get reasons(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const reason of this.#last.values()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    return counts;
  }
}

function add(set: Set<string>, text: string): void {
  set.add(text);
  if (set.size > remembered) set.delete(set.values().next().value!);
}
