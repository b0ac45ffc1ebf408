/**
 * A hash table with linear probing, by our own numbers: of disk reads or of connections. A removed entry
 * leaves no tombstone, and the table shrinks with its content.
 *
 * Not a Map: an entry comes and goes for every block served, and V8 does not free the tables of a Map cheaply
 * (small-set.ts). Connections are looked up for every message, and consecutive numbers do not collide.
 */

/**
 * A power of two. The table doubles when half full and halves at an eighth, so that it rarely changes size.
 */
const placesMin = 16;
const absent = -1;

export class IdTable<T> {
  size = 0;
  #ids: number[];
  #items: (T | undefined)[];
  readonly #placesFirst: number;

  /**
   * `placesFirst`: the smallest size, for tables whose entries come and go so fast that they would resize all
   * the time.
   */
  constructor(placesFirst = placesMin) {
    this.#placesFirst = placesFirst;
    this.#ids = new Array(placesFirst).fill(absent);
    this.#items = new Array(placesFirst).fill(undefined);
  }

  /** Number of places: at most eight times the number of entries, or the first size. */
  get capacity(): number {
    return this.#ids.length;
  }

  get #mask(): number {
    return this.#ids.length - 1;
  }

  /** Replaces the entry of this id, if any. */
  set(id: number, item: T): void {
    if (2 * this.size >= this.#ids.length) this.#resize(2 * this.#ids.length);
    const place = this.#find(id);
    if (this.#ids[place] === absent) this.size += 1;
    this.#ids[place] = id;
    this.#items[place] = item;
  }

  get(id: number): T | undefined {
    return this.#items[this.#find(id)];
  }

  /** Removes and returns the entry. Undefined when absent. */
  take(id: number): T | undefined {
    let hole = this.#find(id);
    if (this.#ids[hole] === absent) return undefined;
    const item = this.#items[hole];
    this.size -= 1;
    const mask = this.#mask;
    // Entries that were displaced from the freed place move back, so that they are still found.
    for (let at = (hole + 1) & mask; this.#ids[at] !== absent; at = (at + 1) & mask) {
      if (((at - this.#ids[at]!) & mask) < ((at - hole) & mask)) continue;
      this.#ids[hole] = this.#ids[at]!;
      this.#items[hole] = this.#items[at];
      hole = at;
    }
    this.#ids[hole] = absent;
    this.#items[hole] = undefined;
    if (8 * this.size < this.#ids.length && this.#ids.length > this.#placesFirst)
      this.#resize(this.#ids.length / 2);
    return item;
  }

  /** The place of the entry, or the free place for it. */
  #find(id: number): number {
    let place = id & this.#mask;
    while (this.#ids[place] !== id && this.#ids[place] !== absent) place = (place + 1) & this.#mask;
    return place;
  }

  #resize(places: number): void {
    const ids = this.#ids;
    const items = this.#items;
    this.size = 0;
    this.#ids = new Array(places).fill(absent);
    this.#items = new Array(places).fill(undefined);
    for (const [place, id] of ids.entries()) if (id !== absent) this.set(id, items[place]!);
  }
}
