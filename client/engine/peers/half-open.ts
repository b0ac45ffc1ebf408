/**
 * Half-open connections: they stand, and the handshake of the other side has not come. They have a table of their own,
 * so that they take no seat from peers. In a full table the oldest leaves: an honest handshake comes within one round trip.
 *
 * Invariant: at most `max` entries, and of one household at most `perHouseholdMax`, as long as `leave` follows `enter`.
 */
import type { ConnectionId } from '../contract.ts';
import { householdOf, networkOf } from './address-groups.ts';

interface HalfOpen {
  readonly household: string;
  readonly network: string;
  readonly sinceMs: number;
}

export class HalfOpenTable {
  /** Oldest first: a Map keeps the order in which its keys came. */
  readonly #entries = new Map<ConnectionId, HalfOpen>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  /**
   * One more. Answers the connection that is to be closed for it, which stays here until `leave`: the oldest of the same
   * household when that has its share, else the oldest of the network that has most.
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

  /** Its handshake has come, or it is over. True when it was here. */
  leave(connection: ConnectionId): boolean {
    return this.#entries.delete(connection);
  }

  /** How many have been here for so long. */
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
