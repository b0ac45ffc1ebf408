/**
 * Counts the records of each address over all swarms. An IPv6 host can use any address of its /64, so that a
 * /64 counts as one address.
 *
 * IPv4 counts are exact. IPv6 networks are keyed by a secret 32-bit hash: two networks with the same hash
 * share a limit. This happens to one of 4000 among a million networks, and no host can arrange it.
 */
import { hashBytes } from './slot-index.ts';
import type { Pool } from './swarm.ts';

export class AddressCounts {
  readonly #counts = new Map<number, number>();
  readonly #hashSeed: number;

  constructor(hashSeed: number) {
    this.#hashSeed = hashSeed;
  }

  /** `endpoint`: a packed address and port; the port is ignored. */
  of(endpoint: Uint8Array): number {
    return this.#counts.get(this.#key(endpoint)) ?? 0;
  }

  add(endpoint: Uint8Array): void {
    const key = this.#key(endpoint);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  remove(endpoint: Uint8Array): void {
    const key = this.#key(endpoint);
    const count = this.#counts.get(key)!;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }

  #key(endpoint: Uint8Array): number {
    const networkBytes = networkBytesOf(endpoint);
    if (networkBytes === 8) return hashBytes(endpoint.subarray(0, 8), this.#hashSeed);
    return (endpoint[0]! << 24) | (endpoint[1]! << 16) | (endpoint[2]! << 8) | endpoint[3]!;
  }
}

/** How many peers of a pool share this endpoint's address; stops counting at `enough`. */
export function countFromAddress(pool: Pool, endpoint: Uint8Array, enough: number): number {
  const { bytes, recordBytes } = pool.arena;
  const networkBytes = networkBytesOf(endpoint);
  let count = 0;
  for (let index = 0; index < pool.count && count < enough; index++) {
    const start = (pool.run + index) * recordBytes;
    let same = 0;
    while (same < networkBytes && bytes[start + same] === endpoint[same]) same++;
    if (same === networkBytes) count++;
  }
  return count;
}

function networkBytesOf(endpoint: Uint8Array): number {
  return endpoint.length === 6 ? 4 : 8;
}
