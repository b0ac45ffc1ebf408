/**
 * Half-open connections: connected, without the other side's handshake. They have a table of their own, so
 * that they take no seat from peers. In a full table the oldest leaves: an honest handshake comes within one
 * round trip.
 *
 * Invariant: at most `max` entries, and at most `perHouseholdMax` of one household, provided that the caller
 * closes the returned connection and calls `leave`.
 */
import type { ConnectionId } from '../contract.ts';
import { householdOf, networkOf } from './address-groups.ts';

interface HalfOpen {
  readonly household: string;
  readonly network: string;
  readonly sinceMs: number;
}

export class HalfOpenTable {
  /** Oldest first: a Map keeps insertion order. */
  readonly #entries = new Map<ConnectionId, HalfOpen>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * Adds a connection. Returns the connection to close for it, which stays listed until `leave`: the oldest
   * of the same household if that is full, else the oldest of the network with the most entries.
   */
  enter(
    connection: ConnectionId,
    host: string,
    perHouseholdMax: number,
    nowMs: number,
  ): ConnectionId | undefined {
    const household = householdOf(host);
    const entry = { household, network: networkOf(host), sinceMs: nowMs };
    const leaving = this.#oldestBeyond(perHouseholdMax, household) ?? this.#oldestOfFullest();
    this.#entries.set(connection, entry);
    return leaving;
  }

  /** The handshake has come, or the connection has ended. True when it was listed. */
  leave(connection: ConnectionId): boolean {
    return this.#entries.delete(connection);
  }

  /** Number of entries that are at least `ms` old. */
  countSince(ms: number, nowMs: number): number {
    let count = 0;
    for (const { sinceMs } of this.#entries.values()) {
      if (nowMs - sinceMs < ms) break;
      count += 1;
    }
    return count;
  }

  #oldestBeyond(perHouseholdMax: number, household: string): ConnectionId | undefined {
    const same = [...this.#entries].filter(([, entry]) => entry.household === household);
    return same.length < perHouseholdMax ? undefined : same[0]![0];
  }

  #oldestOfFullest(): ConnectionId | undefined {
    if (this.#entries.size < this.#max) return undefined;
    const counts = new Map<string, number>();
    for (const { network } of this.#entries.values()) counts.set(network, (counts.get(network) ?? 0) + 1);
    const most = Math.max(...counts.values());
    return [...this.#entries].find(([, { network }]) => counts.get(network) === most)![0];
  }
}
