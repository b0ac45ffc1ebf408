/**
 * The endpoints of one address family, of all swarms, in one block of memory, packed as in replies, so that a
 * reply is a copy. A swarm owns a run of records. The size of a run is a power of two, and released runs are
 * reused by size.
 *
 * Invariant: runs never overlap, and `slotAt` has the peer slot of every record in use.
 * Left to others: which records of a run are in use, and their order (swarm.ts).
 */
const recordsAtFirst = 64;

export class EndpointArena {
  readonly recordBytes: number;
  bytes: Uint8Array;
  /** Peer slot by record. */
  slotAt: Uint32Array;
  #recordsUsed = 0;
  /** Released runs, by the logarithm of their size. */
  readonly #free: number[][] = [];

  constructor(recordBytes: number) {
    this.recordBytes = recordBytes;
    this.bytes = new Uint8Array(recordsAtFirst * recordBytes);
    this.slotAt = new Uint32Array(recordsAtFirst);
  }

  /** Returns the first record of a run of 2^sizeLog2 records. */
  allocate(sizeLog2: number): number {
    const reused = this.#free[sizeLog2]?.pop();
    if (reused !== undefined) return reused;
    const run = this.#recordsUsed;
    this.#recordsUsed += 2 ** sizeLog2;
    if (this.#recordsUsed > this.slotAt.length) this.#grow();
    return run;
  }

  release(run: number, sizeLog2: number): void {
    (this.#free[sizeLog2] ??= []).push(run);
  }

  write(record: number, endpoint: Uint8Array, slot: number): void {
    this.bytes.set(endpoint, record * this.recordBytes);
    this.slotAt[record] = slot;
  }

  /** Copies a record over another one. Returns its peer slot. */
  move(from: number, to: number): number {
    const start = from * this.recordBytes;
    this.bytes.copyWithin(to * this.recordBytes, start, start + this.recordBytes);
    return (this.slotAt[to] = this.slotAt[from]!);
  }

  holds(record: number, endpoint: Uint8Array): boolean {
    const start = record * this.recordBytes;
    for (let at = 0; at < this.recordBytes; at++) if (this.bytes[start + at] !== endpoint[at]) return false;
    return true;
  }

  #grow(): void {
    let records = this.slotAt.length;
    while (records < this.#recordsUsed) records *= 2;
    const bytes = new Uint8Array(records * this.recordBytes);
    bytes.set(this.bytes);
    this.bytes = bytes;
    const slotAt = new Uint32Array(records);
    slotAt.set(this.slotAt);
    this.slotAt = slotAt;
  }
}
