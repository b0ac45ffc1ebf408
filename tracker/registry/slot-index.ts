/**
 * Hash → peer slots: open addressing with linear probing in one typed array. Takes 8 to 16 bytes per peer,
 * where a Map of strings takes over a hundred.
 *
 * Invariant: at most half full, and no gap between a slot and the place its hash points to (removal closes
 * gaps).
 * Left to others: comparison. Slots of different keys may share a hash, so that the caller checks each
 * candidate.
 */
const none = -1;

export class SlotIndex {
  #slots = new Int32Array(64).fill(none);
  /** By slot. Stored so that growing and removing need no look at the peers. */
  #hashes = new Int32Array(64);
  #count = 0;

  /** The first place where candidates for this hash can be. */
  start(hash: number): number {
    return hash & (this.#slots.length - 1);
  }

  /** The candidate at this place; -1: there are no more. */
  candidate(place: number): number {
    return this.#slots[place]!;
  }

  next(place: number): number {
    return (place + 1) & (this.#slots.length - 1);
  }

  hashOf(slot: number): number {
    return this.#hashes[slot]!;
  }

  add(hash: number, slot: number): void {
    if (2 * (this.#count + 1) > this.#slots.length) this.#growPlaces();
    if (slot >= this.#hashes.length) this.#growHashes(slot);
    this.#hashes[slot] = hash;
    this.#put(slot);
    this.#count += 1;
  }

  remove(slot: number): void {
    let gap = this.start(this.#hashes[slot]!);
    while (this.#slots[gap] !== slot) gap = this.next(gap);
    for (let place = this.next(gap); this.#slots[place] !== none; place = this.next(place)) {
      const home = this.start(this.#hashes[this.#slots[place]!]!);
      // The slot may fill the gap unless its home lies between the gap and its place.
      if (this.#distance(home, place) >= this.#distance(gap, place)) {
        this.#slots[gap] = this.#slots[place]!;
        gap = place;
      }
    }
    this.#slots[gap] = none;
    this.#count -= 1;
  }

  #distance(from: number, to: number): number {
    return (to - from) & (this.#slots.length - 1);
  }

  #put(slot: number): void {
    let place = this.start(this.#hashes[slot]!);
    while (this.#slots[place] !== none) place = this.next(place);
    this.#slots[place] = slot;
  }

  #growPlaces(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(2 * before.length).fill(none);
    for (const slot of before) if (slot !== none) this.#put(slot);
  }

  #growHashes(slot: number): void {
    const hashes = new Int32Array(Math.max(2 * this.#hashes.length, slot + 1));
    hashes.set(this.#hashes);
    this.#hashes = hashes;
  }
}

/**
 * Mixes an even number of bytes into a 32-bit hash (MurmurHash3's rounds). `seed` is secret, so that peers
 * cannot choose values that collide.
 */
export function hashBytes(bytes: Uint8Array, seed: number): number {
  let hash = seed;
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = (bytes[at]! << 8) | bytes[at + 1]!;
    hash ^= Math.imul(pair, 0xcc9e2d51);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
