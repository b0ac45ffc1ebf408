/**
 * Peer slots in the order of their last announce, as a linked list in typed arrays. Every peer has the same timeout,
 * so the ones that are due are always the first: expiring looks at those and at nobody else.
 *
 * Invariant: `seenSeconds` never falls along the list.
 */
const none = 0xffffffff;

export class RecencyList {
  #older = new Uint32Array(64);
  #newer = new Uint32Array(64);
  /** Signed: a peer of a snapshot was seen before a clock that begins with the program. */
  #seenSeconds = new Int32Array(64);
  #oldest = none;
  #newest = none;

  /** The slot that has been silent for longest, or undefined when there is none. */
  get oldest(): number | undefined {
    return this.#oldest === none ? undefined : this.#oldest;
  }

  seenSeconds(slot: number): number {
    return this.#seenSeconds[slot]!;
  }

  /** A slot that is not in the list becomes its newest. */
  append(slot: number, nowSeconds: number): void {
    if (slot >= this.#older.length) this.#grow(slot);
    this.#seenSeconds[slot] = nowSeconds;
    this.#older[slot] = this.#newest;
    this.#newer[slot] = none;
    if (this.#newest === none) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
  }

  remove(slot: number): void {
    const older = this.#older[slot]!;
    const newer = this.#newer[slot]!;
    if (older === none) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === none) this.#newest = older;
    else this.#older[newer] = older;
  }

  #grow(slot: number): void {
    const capacity = Math.max(2 * this.#older.length, slot + 1);
    const grown = (before: Uint32Array) => {
      const after = new Uint32Array(capacity);
      after.set(before);
      return after;
    };
    this.#older = grown(this.#older);
    this.#newer = grown(this.#newer);
    const seenSeconds = new Int32Array(capacity);
    seenSeconds.set(this.#seenSeconds);
    this.#seenSeconds = seenSeconds;
  }
}
