/**
 * A set of a few things in the order in which they came, for those that come and go all the time: pieces that a peer keeps
 * to, pieces with free blocks.
 *
 * A Set makes a new table every few changes, and each old one points to the next: one that V8 has moved to old space keeps
 * all that follow it, and whatever lies in them, until the next full collection. An array does nothing of the kind.
 * Looking for something costs O(n): the last is looked at first, because what comes often leaves at once.
 */
export class SmallSet<T> implements Iterable<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** By its place: for walks in which what is looked at may leave, and for those that are made at every message. */
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

  /** `lastIndexOf`, without a call into V8 for a few things or none. */
  #placeOf(item: T): number {
    let at = this.#items.length - 1;
    while (at >= 0 && this.#items[at] !== item) at -= 1;
    return at;
  }

  /** What it holds now, whatever happens to it while this is walked. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.length === 0 ? none.values() : this.#items.slice().values();
  }
}

/** Takes out what lies there. `splice` would answer with an array of its own, and this is done for every block. */
export function removeAt<T>(items: T[], place: number): void {
  for (let i = place + 1; i < items.length; i++) items[i - 1] = items[i]!;
  items.pop();
}

/** Each of them once. Mostly there is one alone, and no Set is made of it. */
export function distinct<T>(items: readonly T[]): Iterable<T> {
  return items.length === 1 ? items : new Set(items);
}

const none: readonly never[] = [];
