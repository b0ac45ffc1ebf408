/**
 * A small set in insertion order, for items that come and go all the time: pieces that a peer owns, pieces
 * with free blocks.
 *
 * A Set makes a new table every few changes, and each old table points to the next. A table that V8 has moved
 * to old space keeps all later tables, and their contents, alive until the next full collection. An array
 * does not. A search costs O(n). It starts at the end, because an item that was just added often leaves
 * first.
 */
export class SmallSet<T> implements Iterable<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** By position, for loops in which the item may leave, and for loops that run for every message. */
  at(place: number): T | undefined {
    return this.#items[place];
  }

  has(item: T): boolean {
    return this.#placeOf(item) >= 0;
  }

  add(item: T): void {
    if (!this.has(item)) this.#items.push(item);
  }

  delete(item: T): boolean {
    const at = this.#placeOf(item);
    if (at < 0) return false;
    removeAt(this.#items, at);
    return true;
  }

  /** `lastIndexOf`, without a call into V8 for a few items. */
  #placeOf(item: T): number {
    let at = this.#items.length - 1;
    while (at >= 0 && this.#items[at] !== item) at -= 1;
    return at;
  }

  /** Iterates over the present items; changes during the loop have no effect. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.length === 0 ? none.values() : this.#items.slice().values();
  }
}

/** Removes the item at `place`. `splice` would allocate an array, and this runs for every block. */
export function removeAt<T>(items: T[], place: number): void {
  for (let i = place + 1; i < items.length; i++) items[i - 1] = items[i]!;
  items.pop();
}

/** Each item once. Usually there is only one, and no Set is needed. */
export function distinct<T>(items: readonly T[]): Iterable<T> {
  return items.length === 1 ? items : new Set(items);
}

const none: readonly never[] = [];
