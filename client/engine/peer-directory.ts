/**
 * Every peer address one torrent knows, whom to dial next, and who has lost our trust. A record outlives its
 * connection, so that a block's origin stays known after the peer has gone.
 *
 * Invariant: at most `peersKnownMax` records; a record is dialed only when idle, due and not banned.
 */
import { backoffMs } from './backoff.ts';
import type { PeerAddress } from './contract.ts';
import type { Limits } from './limits.ts';
import type { Prng } from './prng.ts';

export interface PeerRecord {
  readonly key: string;
  readonly address: PeerAddress;
  /** False for a peer that came to us: the port it came from is not one it listens on. */
  readonly dialable: boolean;
  state: 'idle' | 'dialing' | 'connected';
  failures: number;
  nextDialMs: number;
  /** Not to be dialed before, whatever else happens. */
  notBeforeMs: number;
  bannedUntilMs: number;
  /** Verified pieces it had a part in: until the first, it is trusted with one piece alone. */
  goodPieces: number;
  /** Corrupt pieces it had a part in, guilt not proven. */
  suspicions: number;
  /** It told us that it has everything: of no use to us once we have too. */
  isSeed: boolean;
}

export class PeerDirectory {
  readonly #records = new Map<string, PeerRecord>();
  readonly #limits: Limits;
  readonly #random: Prng;

  constructor(limits: Limits, random: Prng) {
    this.#limits = limits;
    this.#random = random;
  }

  get size(): number {
    return this.#records.size;
  }

  /** Addresses somebody told us of: all untrusted, duplicates expected. */
  learn(addresses: readonly PeerAddress[], nowMs: number): void {
    for (const address of addresses) {
      if (this.#records.size >= this.#limits.peersKnownMax) return;
      const key = addressKey(address);
      if (!this.#records.has(key)) this.#records.set(key, newRecord(key, address, true, nowMs));
    }
  }

  /** The record of a peer that came to us: known by its host and the id it calls itself. */
  incoming(address: PeerAddress, peerId: Uint8Array, nowMs: number): PeerRecord {
    let key = `${address.host}/`;
    for (const byte of peerId) key += byte.toString(16).padStart(2, '0');
    let record = this.#records.get(key);
    if (record === undefined) {
      record = newRecord(key, address, false, nowMs);
      if (this.#records.size < this.#limits.peersKnownMax) this.#records.set(key, record);
    }
    return record;
  }

  /** The best peer to dial now: fewest failures first, then by chance. `includeSeeds` is false once we need nothing. */
  next(nowMs: number, includeSeeds: boolean): PeerRecord | undefined {
    let best: PeerRecord | undefined;
    let ties = 0;
    for (const record of this.#records.values()) {
      if (!record.dialable || record.state !== 'idle') continue;
      if (Math.max(record.nextDialMs, record.notBeforeMs) > nowMs || record.bannedUntilMs > nowMs) continue;
      if (record.isSeed && !includeSeeds) continue;
      if (best === undefined || record.failures < best.failures) {
        best = record;
        ties = 1;
      } else if (record.failures === best.failures && this.#random.below(++ties) === 0) {
        best = record;
      }
    }
    return best;
  }

  /** A connection ended, or a dial failed. `worked` when a handshake had been exchanged. */
  release(record: PeerRecord, worked: boolean, nowMs: number): void {
    record.state = 'idle';
    record.failures = worked ? 0 : record.failures + 1;
    if (!record.dialable || record.failures >= this.#limits.dialFailuresMax) {
      // A banned record stays: it is the memory of the ban.
      if (record.bannedUntilMs <= nowMs) this.#records.delete(record.key);
      return;
    }
    record.nextDialMs =
      nowMs +
      backoffMs(
        Math.max(1, record.failures),
        this.#limits.redialFirstMs,
        this.#limits.redialMaxMs,
        this.#random,
      );
  }

  /** It is the same peer as one we are connected with: no failure of its, but no need to dial it either. */
  postpone(record: PeerRecord, nowMs: number): void {
    record.failures = 0;
    record.notBeforeMs = nowMs + this.#limits.redialMaxMs;
  }

  /** Somebody we are connected with listens there. */
  alias(address: PeerAddress, nowMs: number): void {
    this.learn([address], nowMs);
    const record = this.#records.get(addressKey(address));
    if (record !== undefined) this.postpone(record, nowMs);
  }

  /** Addresses that can be dialed, for whoever goes on with this torrent. */
  get dialable(): PeerAddress[] {
    return [...this.#records.values()].filter((record) => record.dialable).map((record) => record.address);
  }

  ban(record: PeerRecord, nowMs: number): void {
    record.bannedUntilMs = nowMs + this.#limits.banMs;
  }

  /** This address is ourselves, or never of any use: not to be dialed again. */
  forget(record: PeerRecord): void {
    record.bannedUntilMs = Number.MAX_SAFE_INTEGER;
  }
}

function newRecord(key: string, address: PeerAddress, dialable: boolean, nowMs: number): PeerRecord {
  return {
    key,
    address,
    dialable,
    state: 'idle',
    failures: 0,
    nextDialMs: nowMs,
    notBeforeMs: 0,
    bannedUntilMs: 0,
    goodPieces: 0,
    suspicions: 0,
    isSeed: false,
  };
}

function addressKey(address: PeerAddress): string {
  return `${address.host}:${address.port}`;
}
