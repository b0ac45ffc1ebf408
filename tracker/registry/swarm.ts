/**
 * The peers of one torrent. A pool holds the peers of one kind in a run of its arena, seeds first and then
 * leechers, so that "all peers" and "leechers only" are each one stretch of memory that can be copied into a
 * reply.
 *
 * Invariant: records [0, seeds) of a pool are seeds, [seeds, count) leechers, with no gap. Every move of a
 * record is reported to `onMove`, by which a peer slot knows its record.
 */
import { reachOf } from '../protocol/address-reach.ts';
import type { EndpointArena } from './endpoint-arena.ts';

/**
 * The kinds of peers, by where their address is reachable. Beside global addresses: peers on the tracker's
 * own machine (loopback), peers with private addresses (RFC 1918), and peers whose address is valid only in
 * their own network (link-local, RFC 6598, RFC 4193). Which of these a reply contains depends on the asker.
 */
export const local = 0;
export const ipv4 = 1;
export const ipv6 = 2;
export const lan4 = 3;
export const inner4 = 4;
export const inner6 = 5;
export type PoolKind = typeof local | typeof ipv4 | typeof ipv6 | typeof lan4 | typeof inner4 | typeof inner6;

export function isIpv6Kind(kind: PoolKind): kind is typeof ipv6 | typeof inner6 {
  return kind === ipv6 || kind === inner6;
}

/** The kind of a peer with this address: 4 or 16 packed bytes. */
export function kindOf(address: Uint8Array): PoolKind {
  const reach = reachOf(address);
  if (reach === 'loopback') return local;
  const isGlobal = reach === 'global' || reach === 'none';
  if (address.length !== 4) return isGlobal ? ipv6 : inner6;
  return isGlobal ? ipv4 : reach === 'private' ? lan4 : inner4;
}

export type OnMove = (slot: number, record: number) => void;

export class Swarm {
  /** The 20 bytes that name it (often an info-hash, see release-swarms.ts), one latin1 character each. */
  readonly key: string;
  /** The seed for the hashes of its peers. */
  readonly hash: number;
  /** By PoolKind. Most swarms use one kind only. */
  readonly pools: (Pool | undefined)[] = [undefined, undefined, undefined, undefined, undefined, undefined];
  /** Completed downloads that were reported. */
  downloaded = 0;
  /** Its counters are kept even while the swarm is empty. */
  isKept = false;

  constructor(key: string, hash: number) {
    this.key = key;
    this.hash = hash;
  }

  get seeds(): number {
    return this.pools.reduce((sum, pool) => sum + (pool?.seeds ?? 0), 0);
  }

  get count(): number {
    return this.pools.reduce((sum, pool) => sum + (pool?.count ?? 0), 0);
  }
}

export class Pool {
  readonly arena: EndpointArena;
  readonly #onMove: OnMove;
  seeds = 0;
  count = 0;
  /** First record of the run. */
  run: number;
  #sizeLog2 = 0;

  constructor(arena: EndpointArena, onMove: OnMove) {
    this.arena = arena;
    this.#onMove = onMove;
    this.run = arena.allocate(0);
  }

  add(endpoint: Uint8Array, slot: number, isSeed: boolean): void {
    if (this.count === 2 ** this.#sizeLog2) this.#resize(this.#sizeLog2 + 1);
    let record = this.run + this.count;
    if (isSeed) {
      const firstLeecher = this.run + this.seeds;
      if (firstLeecher !== record) this.#move(firstLeecher, record);
      record = firstLeecher;
      this.seeds += 1;
    }
    this.count += 1;
    this.arena.write(record, endpoint, slot);
    this.#onMove(slot, record);
  }

  remove(record: number): void {
    let gap = record;
    if (this.isSeed(record)) {
      this.seeds -= 1;
      const lastSeed = this.run + this.seeds;
      if (lastSeed !== gap) this.#move(lastSeed, gap);
      gap = lastSeed;
    }
    this.count -= 1;
    const last = this.run + this.count;
    if (last !== gap) this.#move(last, gap);
    // Shrinks at a quarter, not at a half, so that a single peer that joins and leaves does not copy the run
    // each time.
    if (this.#sizeLog2 > 1 && this.count <= 2 ** (this.#sizeLog2 - 2)) this.#resize(this.#sizeLog2 - 1);
  }

  isSeed(record: number): boolean {
    return record < this.run + this.seeds;
  }

  /** Moves a peer across the border between seeds and leechers. */
  setSeed(record: number, isSeed: boolean): void {
    if (this.isSeed(record) === isSeed) return;
    const border = this.run + (isSeed ? this.seeds : this.seeds - 1);
    this.#swap(record, border);
    this.seeds += isSeed ? 1 : -1;
  }

  /** Releases the memory. The pool must not be used afterwards. */
  release(): void {
    this.arena.release(this.run, this.#sizeLog2);
  }

  #move(from: number, to: number): void {
    this.#onMove(this.arena.move(from, to), to);
  }

  #swap(one: number, other: number): void {
    if (one === other) return;
    const { arena } = this;
    const endpoint = arena.bytes.slice(one * arena.recordBytes, (one + 1) * arena.recordBytes);
    const slot = arena.slotAt[one]!;
    this.#move(other, one);
    arena.write(other, endpoint, slot);
    this.#onMove(slot, other);
  }

  #resize(sizeLog2: number): void {
    const before = this.run;
    const run = this.arena.allocate(sizeLog2);
    for (let index = 0; index < this.count; index++) this.#move(before + index, run + index);
    this.arena.release(before, this.#sizeLog2);
    this.run = run;
    this.#sizeLog2 = sizeLog2;
  }
}
