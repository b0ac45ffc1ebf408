/**
 * Peer slots in the order of their last announce, as a linked list in typed arrays. All peers have the same
 * timeout, so that expired peers are always first in the list.
 *
 * Invariant: `seenSeconds` never decreases along the list.
 */
const none = 0xffffffff;

export class RecencyList {
  #older = new Uint32Array(64);
  #newer = new Uint32Array(64);
  /** Signed: a peer of a snapshot was last seen before the clock's zero, which is the program's start. */
  #seenSeconds = new Int32Array(64);
  #oldest = none;
  #newest = none;

  /** The slot whose last announce is oldest; undefined: the list is empty. */
  get oldest(): number | undefined {
    return this.#oldest === none ? undefined : this.#oldest;
  }

  seenSeconds(slot: number): number {
    return this.#seenSeconds[slot]!;
  }

  /** Appends a slot that is not in the list, as its newest. */
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
