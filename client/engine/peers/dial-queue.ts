/**
 * The order in which peers are dialed: due peers in buckets by their failures, later ones in a heap by time,
 * and seeds apart while none is wanted. The cost depends on the number of dials, not on the number of known
 * peers.
 *
 * Invariant: a record is in exactly one of the three places while it is `queued`. An entry whose record was
 * dropped is discarded when its turn comes.
 */
import type { Prng } from '../prng.ts';
import type { PeerRecord } from './peer-record.ts';

/**
 * Every so many dials the peer with the most failures comes first. A tracker that names dead addresses again
 * and again, each time as new ones, would otherwise keep out a peer that failed once.
 */
const turnOfFailed = 4;

interface Waiting {
  readonly record: PeerRecord;
  readonly dueMs: number;
}

export class DialQueue {
  readonly #ready: PeerRecord[][] = [];
  /** A binary heap, the earliest first. */
  readonly #waiting: Waiting[] = [];
  readonly #unwantedSeeds = new Set<PeerRecord>();
  readonly #random: Prng;
  #size = 0;
  #taken = 0;

  constructor(random: Prng) {
    this.#random = random;
  }

  /** Number of entries, stale ones included. */
  get size(): number {
    return this.#size;
  }

  /** No effect on a queued record, unless it waits among the seeds and is no longer a seed. */
  add(record: PeerRecord, nowMs: number): void {
    if (!record.isSeed && this.#unwantedSeeds.delete(record)) this.#place(record, dueMsOf(record), nowMs);
    if (record.queued) return;
    record.queued = true;
    this.#size += 1;
    this.#place(record, dueMsOf(record), nowMs);
  }

  /** False: `take` would find nothing. */
  hasDue(nowMs: number, includeSeeds: boolean): boolean {
    if (includeSeeds && this.#unwantedSeeds.size > 0) return true;
    const first = this.#waiting[0];
    return (first !== undefined && first.dueMs <= nowMs) || this.#ready.some((bucket) => bucket.length > 0);
  }

  clear(): void {
    for (const record of this.#ready.flat()) record.queued = false;
    for (const { record } of this.#waiting) record.queued = false;
    for (const record of this.#unwantedSeeds) record.queued = false;
    this.#ready.length = this.#waiting.length = this.#size = 0;
    this.#unwantedSeeds.clear();
  }

  /**
   * Takes out the next peer to dial: a random one of those with the fewest failures; every fourth time, with
   * the most. `isCurrent`: the record is still known and idle. A peer whose host is full is considered again
   * after `hostFullWaitMs`.
   */
  take(
    nowMs: number,
    includeSeeds: boolean,
    isCurrent: (record: PeerRecord) => boolean,
    isHostFull: (host: string) => boolean,
    hostFullWaitMs: number,
  ): PeerRecord | undefined {
    if (includeSeeds) {
      for (const seed of this.#unwantedSeeds) this.#place(seed, 0, nowMs);
      this.#unwantedSeeds.clear();
    }
    for (
      let first = this.#waiting[0];
      first !== undefined && first.dueMs <= nowMs;
      first = this.#waiting[0]
    ) {
      this.#popWaiting();
      this.#place(first.record, 0, nowMs);
    }
    const isTurnOfFailed = (this.#taken + 1) % turnOfFailed === 0;
    for (const bucket of isTurnOfFailed ? this.#ready.toReversed() : this.#ready) {
      for (
        let record = takeAny(bucket, this.#random);
        record !== undefined;
        record = takeAny(bucket, this.#random)
      ) {
        const dueMs = dueMsOf(record);
        if (!isCurrent(record)) this.#forget(record);
        else if (dueMs > nowMs) this.#place(record, dueMs, nowMs);
        else if (record.isSeed && !includeSeeds) this.#unwantedSeeds.add(record);
        else if (isHostFull(record.address.host)) this.#place(record, nowMs + hostFullWaitMs, nowMs);
        else {
          this.#forget(record);
          this.#taken += 1;
          return record;
        }
      }
    }
    return undefined;
  }

  #forget(record: PeerRecord): void {
    record.queued = false;
    this.#size -= 1;
  }

  #place(record: PeerRecord, dueMs: number, nowMs: number): void {
    if (dueMs > nowMs) return this.#pushWaiting({ record, dueMs });
    for (let failures = this.#ready.length; failures <= record.failures; failures++) this.#ready.push([]);
    this.#ready[record.failures]!.push(record);
  }

  #pushWaiting(entry: Waiting): void {
    const heap = this.#waiting;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const place = (at - 1) >> 1;
      const parent = heap[place];
      if (parent === undefined || parent.dueMs <= entry.dueMs) break;
      heap[at] = parent;
      at = place;
    }
    heap[at] = entry;
  }

  #popWaiting(): void {
    const heap = this.#waiting;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (let left = heap[1]; left !== undefined; left = heap[2 * at + 1]) {
      const right = heap[2 * at + 2];
      const isRight = right !== undefined && right.dueMs < left.dueMs;
      const sooner = isRight ? right : left;
      if (sooner.dueMs >= last.dueMs) break;
      heap[at] = sooner;
      at = 2 * at + (isRight ? 2 : 1);
    }
    heap[at] = last;
  }
}

function dueMsOf({ nextDialMs, notBeforeMs, bannedUntilMs }: PeerRecord): number {
  return Math.max(nextDialMs, notBeforeMs, bannedUntilMs);
}

/** Removes a random entry. The last entry takes its place: the order does not matter. */
function takeAny(bucket: PeerRecord[], random: Prng): PeerRecord | undefined {
  if (bucket.length === 0) return undefined;
  const at = random.below(bucket.length);
  const last = bucket.pop();
  if (last === undefined || at === bucket.length) return last;
  const taken = bucket[at];
  bucket[at] = last;
  return taken;
}
