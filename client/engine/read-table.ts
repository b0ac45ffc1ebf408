/**
 * Who waits for which read of the disk: a hash table with linear probing. It forgets without leaving anything behind, and
 * grows only with the number of reads that are under way at one time.
 *
 * Not a Map: every block served comes and goes, and V8 is not rid of the tables that a Map leaves behind (small-set.ts).
 */
import type { ReadId } from './contract.ts';

/** A power of two; doubled when half of them are taken. */
const placesFirst = 16;
const absent = -1;

export class ReadTable<T> {
  size = 0;
  #ids: number[] = new Array(placesFirst).fill(absent);
  #waiting: (T | undefined)[] = new Array(placesFirst).fill(undefined);

  /** Places: twice the reads that were ever under way at one time, at most. */
  get capacity(): number {
    return this.#ids.length;
  }

  get #mask(): number {
    return this.#ids.length - 1;
  }

  /** `read` is not in it yet. */
  set(read: ReadId, waiting: T): void {
    if (2 * this.size >= this.#ids.length) this.#grow();
    const place = this.#find(read);
    this.#ids[place] = read;
    this.#waiting[place] = waiting;
    this.size += 1;
  }

  /** Takes it out; undefined when it is not in it. */
  take(read: ReadId): T | undefined {
    let hole = this.#find(read);
    if (this.#ids[hole] === absent) return undefined;
    const waiting = this.#waiting[hole];
    this.size -= 1;
    const mask = this.#mask;
    // What was put further on because this place was taken moves up, so that it is found when this one is free.
    for (let at = (hole + 1) & mask; this.#ids[at] !== absent; at = (at + 1) & mask) {
      if (((at - this.#ids[at]!) & mask) < ((at - hole) & mask)) continue;
      this.#ids[hole] = this.#ids[at]!;
      this.#waiting[hole] = this.#waiting[at];
      hole = at;
    }
    this.#ids[hole] = absent;
    this.#waiting[hole] = undefined;
    return waiting;
  }

  /** Where it is, or else where it would be put. */
  #find(read: ReadId): number {
    let place = read & this.#mask;
    while (this.#ids[place] !== read && this.#ids[place] !== absent) place = (place + 1) & this.#mask;
    return place;
  }

  #grow(): void {
    const ids = this.#ids;
    const waiting = this.#waiting;
    this.size = 0;
    this.#ids = new Array(2 * ids.length).fill(absent);
    this.#waiting = new Array(2 * ids.length).fill(undefined);
    for (const [place, read] of ids.entries()) if (read !== absent) this.set(read, waiting[place]!);
  }
}
