/**
 * What belongs to which number of ours, a read of the disk or a connection: a hash table with linear probing. It forgets
 * without leaving anything behind, and its size is that of what is in it.
 *
 * Not a Map: every block served comes and goes, and V8 is not rid of the tables that a Map leaves behind (small-set.ts). And
 * connections are looked up at every message: numbers that are given one after the other are found at once.
 */

/** A power of two; doubled when half of them are taken, halved when an eighth of them is left: in between, it rests. */
const placesMin = 16;
const absent = -1;

export class IdTable<T> {
  size = 0;
  #ids: number[];
  #items: (T | undefined)[];
  readonly #placesFirst: number;

  /** `placesFirst`: where so many come and go all the time that a smaller table would be made anew each time. */
  constructor(placesFirst = placesMin) {
    this.#placesFirst = placesFirst;
    this.#ids = new Array(placesFirst).fill(absent);
    this.#items = new Array(placesFirst).fill(undefined);
  }

  /** Places: at most eight times what is in it, or the first. */
  get capacity(): number {
    return this.#ids.length;
  }

  get #mask(): number {
    return this.#ids.length - 1;
  }

  /** What was there under this number makes way. */
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

  /** Takes it out; undefined when it is not in it. */
  take(id: number): T | undefined {
    let hole = this.#find(id);
    if (this.#ids[hole] === absent) return undefined;
    const item = this.#items[hole];
    this.size -= 1;
    const mask = this.#mask;
    // What was put further on because this place was taken moves up, so that it is found when this one is free.
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

  /** Where it is, or else where it would be put. */
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
