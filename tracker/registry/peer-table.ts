/**
 * Every peer of every swarm. A peer is a slot: a small number that stays the same while its record moves in
 * the arena. The peer is found by the index, expired by the recency list and counted by address.
 *
 * Invariant: one slot per (swarm, address, port). A slot in use is in its pool, the index and the recency
 * list, and unless it is local in its address's count; a free slot is in none of them.
 * Left to others: which peers may be added (registry.ts).
 */
import { AddressCounts } from './address-counts.ts';
import { EndpointArena } from './endpoint-arena.ts';
import { RecencyList } from './recency-list.ts';
import { hashBytes, SlotIndex } from './slot-index.ts';
import { isIpv6Kind, local, Pool, type PoolKind, type Swarm } from './swarm.ts';

export class PeerTable {
  readonly addresses: AddressCounts;
  readonly #ipv4Arena = new EndpointArena(6);
  readonly #ipv6Arena = new EndpointArena(18);
  readonly #index = new SlotIndex();
  readonly #recency = new RecencyList();
  /** By slot. */
  readonly #swarms: (Swarm | undefined)[] = [];
  #kinds = new Uint8Array(64);
  #records = new Uint32Array(64);
  readonly #freeSlots: number[] = [];
  #count = 0;
  #seeds = 0;

  constructor(hashSeed: number) {
    this.addresses = new AddressCounts(hashSeed);
  }

  get count(): number {
    return this.#count;
  }

  get seeds(): number {
    return this.#seeds;
  }

  /** The slot of this peer in this swarm, or undefined. `endpoint`: 6 packed bytes; 18 for IPv6. */
  find(swarm: Swarm, kind: PoolKind, endpoint: Uint8Array): number | undefined {
    const index = this.#index;
    const hash = hashBytes(endpoint, swarm.hash);
    for (let place = index.start(hash); ; place = index.next(place)) {
      const slot = index.candidate(place);
      if (slot < 0) return undefined;
      if (index.hashOf(slot) !== hash || this.#swarms[slot] !== swarm || this.#kinds[slot] !== kind) continue;
      if (this.#arena(kind).holds(this.#records[slot]!, endpoint)) return slot;
    }
  }

  /** The caller has checked that the peer is not yet listed. */
  add(swarm: Swarm, kind: PoolKind, endpoint: Uint8Array, isSeed: boolean, nowSeconds: number): number {
    const slot = this.#freeSlots.pop() ?? this.#count;
    if (slot >= this.#records.length) this.#grow();
    this.#swarms[slot] = swarm;
    this.#kinds[slot] = kind;
    const pool = (swarm.pools[kind] ??= new Pool(this.#arena(kind), this.#onMove));
    pool.add(endpoint, slot, isSeed);
    this.#index.add(hashBytes(endpoint, swarm.hash), slot);
    this.#recency.append(slot, nowSeconds);
    // Peers on the tracker's own machine have no limit, and so no count.
    if (kind !== local) this.addresses.add(endpoint);
    this.#count += 1;
    if (isSeed) this.#seeds += 1;
    return slot;
  }

  /** Called when the peer announces again. */
  refresh(slot: number, isSeed: boolean, nowSeconds: number): void {
    this.#recency.remove(slot);
    this.#recency.append(slot, nowSeconds);
    this.#seeds += Number(isSeed) - Number(this.isSeed(slot));
    this.#poolOf(slot).setSeed(this.#records[slot]!, isSeed);
  }

  /** Returns the swarm that the peer was in. */
  remove(slot: number): Swarm {
    const swarm = this.#swarms[slot]!;
    const kind = this.#kinds[slot] as PoolKind;
    const record = this.#records[slot]!;
    const { bytes, recordBytes } = this.#arena(kind);
    if (kind !== local)
      this.addresses.remove(bytes.subarray(record * recordBytes, (record + 1) * recordBytes));
    if (this.isSeed(slot)) this.#seeds -= 1;
    const pool = this.#poolOf(slot);
    pool.remove(record);
    if (pool.count === 0) {
      pool.release();
      swarm.pools[kind] = undefined;
    }
    this.#index.remove(slot);
    this.#recency.remove(slot);
    this.#swarms[slot] = undefined;
    this.#freeSlots.push(slot);
    this.#count -= 1;
    return swarm;
  }

  isSeed(slot: number): boolean {
    return this.#poolOf(slot).isSeed(this.#records[slot]!);
  }

  /** A copy of the slots of all peers of a swarm, so that the caller may remove peers while iterating. */
  of(swarm: Swarm): number[] {
    return swarm.pools.flatMap((pool) => {
      if (pool === undefined) return [];
      return [...pool.arena.slotAt.subarray(pool.run, pool.run + pool.count)];
    });
  }

  /** When the peer at this record of a pool last announced. */
  seenSeconds(pool: Pool, record: number): number {
    return this.#recency.seenSeconds(pool.arena.slotAt[record]!);
  }

  /** The record of this peer in its pool's arena. */
  record(slot: number): number {
    return this.#records[slot]!;
  }

  /** The peer that announced longest ago, if that was before `seconds`; else undefined. */
  silentSince(seconds: number): number | undefined {
    const { oldest } = this.#recency;
    return oldest !== undefined && this.#recency.seenSeconds(oldest) < seconds ? oldest : undefined;
  }

  readonly #onMove = (slot: number, record: number): void => {
    this.#records[slot] = record;
  };

  #arena(kind: PoolKind): EndpointArena {
    return isIpv6Kind(kind) ? this.#ipv6Arena : this.#ipv4Arena;
  }

  #poolOf(slot: number): Pool {
    return this.#swarms[slot]!.pools[this.#kinds[slot]!]!;
  }

  #grow(): void {
    const kinds = new Uint8Array(2 * this.#kinds.length);
    kinds.set(this.#kinds);
    this.#kinds = kinds;
    const records = new Uint32Array(kinds.length);
    records.set(this.#records);
    this.#records = records;
  }
}
