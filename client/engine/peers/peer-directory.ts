/**
 * Every peer address one torrent knows, whom to dial next, and who has lost our trust. A record outlives its
 * connection, so that a block's origin stays known after the peer has gone.
 *
 * Invariant: at most `peersKnownMax` records; a record is dialed only when idle, due, not banned, and not held by somebody
 * with whom we are connected already.
 */
import { hex } from '../../../torrents/byte-text.ts';
import type { PeerAddress, PeerOrigin } from '../contract.ts';
import type { Limits } from '../limits.ts';
import { type Prng, shuffle } from '../prng.ts';
import { backoffMs } from './backoff.ts';
import { DialQueue } from './dial-queue.ts';
import { HostBans } from './host-bans.ts';
import { mayMeetPrivate } from './peer-origin.ts';
import { newRecord, type PeerRecord } from './peer-record.ts';

export class PeerDirectory {
  readonly #records = new Map<string, PeerRecord>();
  readonly #bans: HostBans;
  /** By the record of who is connected: the other records of the same peer, all of them `held`. */
  readonly #heldBy = new Map<PeerRecord, PeerRecord[]>();
  readonly #limits: Limits;
  readonly #random: Prng;
  readonly #dials: DialQueue;

  constructor(limits: Limits, random: Prng) {
    this.#limits = limits;
    this.#bans = new HostBans(limits);
    this.#random = random;
    this.#dials = new DialQueue(random);
  }

  get size(): number {
    return this.#records.size;
  }

  /** Addresses that we are told of: all untrusted, duplicates expected. */
  learn(addresses: readonly PeerAddress[], origin: PeerOrigin, nowMs: number): void {
    for (const address of this.#inFairOrder(addresses)) {
      const key = addressKey(address);
      const known = this.#records.get(key);
      if (known !== undefined) this.#doubt(known, nowMs);
      else if (this.#makeRoom(nowMs)) this.#add(newRecord(key, address, origin, true, nowMs), nowMs);
      else break;
    }
  }

  /** A seed may have lost pieces since: named again after a while, it is dialed as any other. */
  #doubt(record: PeerRecord, nowMs: number): void {
    const { seedMemoryMs } = this.#limits;
    if (!record.isSeed || !isFree(record) || nowMs - record.leftMs < seedMemoryMs) return;
    record.isSeed = false;
    this.#enqueue(record, nowMs);
  }

  #add(record: PeerRecord, nowMs: number): void {
    this.#records.set(record.key, record);
    this.#enqueue(record, nowMs);
  }

  /** There is not room for all: whoever is named last, after thousands that are dead, has the chance of all others. */
  #inFairOrder(addresses: readonly PeerAddress[]): readonly PeerAddress[] {
    if (this.#records.size + addresses.length <= this.#limits.peersKnownMax) return addresses;
    const inOrder = [...addresses];
    shuffle(inOrder, this.#random);
    return inOrder;
  }

  /** The record of a peer that came to us, known by its host and the id it calls itself; not yet kept. */
  incoming(address: PeerAddress, peerId: Uint8Array, nowMs: number): PeerRecord {
    const key = `${address.host}/${hex(peerId)}`;
    return this.#records.get(key) ?? newRecord(key, address, 'incoming', false, nowMs);
  }

  /** Its handshake is accepted: from now on it is remembered. */
  keep(record: PeerRecord, nowMs: number): void {
    record.state = 'connected';
    if (this.#records.has(record.key) || this.#makeRoom(nowMs)) this.#records.set(record.key, record);
  }

  /** Somebody at this address has lied, and now somebody comes to us from there. */
  isBannedHost(host: string, nowMs: number): boolean {
    return this.#bans.isBannedHost(host, nowMs);
  }

  /** The peer that answers as this record has told its name: whether it is banned, here or anywhere in its household. */
  isBannedAs(record: PeerRecord, peerId: Uint8Array, nowMs: number): boolean {
    record.peerId = hex(peerId);
    const untilMs = this.#bans.bannedUntilMs(record.address.host, record.peerId);
    record.bannedUntilMs = Math.max(record.bannedUntilMs, untilMs);
    return record.bannedUntilMs > nowMs;
  }

  /** Takes the best peer to dial now: fewest failures first, then by chance. `includeSeeds` is false once we need nothing. */
  next(nowMs: number, includeSeeds: boolean, isHostFull: (host: string) => boolean): PeerRecord | undefined {
    const isCurrent = (record: PeerRecord) => isFree(record) && this.#records.get(record.key) === record;
    // Who came to us from there and was banned may be listed by trackers under its other port.
    const hasToWait = (host: string) => isHostFull(host) || this.isBannedHost(host, nowMs);
    const record = this.#dials.take(nowMs, includeSeeds, isCurrent, hasToWait, this.#limits.hostFullWaitMs);
    if (record !== undefined) record.state = 'dialing';
    return record;
  }

  /** False: `next` would find no peer. */
  hasDue(nowMs: number, includeSeeds: boolean): boolean {
    return this.#dials.hasDue(nowMs, includeSeeds);
  }

  /** Entries of records that made way for others are swept out when they are as many as the rest. */
  #enqueue(record: PeerRecord, nowMs: number): void {
    this.#dials.add(record, nowMs);
    if (this.#dials.size > 2 * this.#limits.peersKnownMax) this.#rebuildDials(nowMs);
  }

  #rebuildDials(nowMs: number): void {
    this.#dials.clear();
    for (const record of this.#records.values())
      if (record.dialable && isFree(record)) this.#dials.add(record, nowMs);
  }

  /** A connection ended, or a dial failed. `worked` when a handshake had been exchanged. */
  release(record: PeerRecord, worked: boolean, nowMs: number): void {
    record.state = 'idle';
    record.leftMs = nowMs;
    this.#letGo(record, worked, nowMs);
    // Whether the dial came to anything or not: it need not have been made.
    if (record.held) return;
    record.failures = worked ? 0 : record.failures + 1;
    const isHopeless = !record.dialable || record.failures >= this.#limits.dialFailuresMax;
    // A banned record stays: it is the memory of the ban, and may be dialed once more when that is over.
    if (isHopeless && record.bannedUntilMs <= nowMs) this.forget(record);
    else if (record.dialable) this.#putOff(record, nowMs);
  }

  #putOff(record: PeerRecord, nowMs: number): void {
    record.nextDialMs =
      nowMs +
      backoffMs(
        Math.max(1, record.failures),
        this.#limits.redialFirstMs,
        this.#limits.redialMaxMs,
        this.#random,
      );
    this.#enqueue(record, nowMs);
  }

  /** Seeds that were let go may be dialed at once. Of no effect for those that failed. */
  redialSeeds(nowMs: number): void {
    for (const record of this.#records.values()) {
      if (record.isSeed && record.failures === 0) record.nextDialMs = Math.min(record.nextDialMs, nowMs);
    }
    this.#rebuildDials(nowMs);
  }

  /**
   * A dial has found the peer that is connected as `connected`: no failure, but no need for another while that lasts.
   * Anybody may borrow a name: at another host it is only put off, lest the borrower keep us from the owner.
   */
  hold(record: PeerRecord, connected: PeerRecord, nowMs: number): void {
    if (record === connected || record.held || !record.dialable) return;
    const held = this.#heldBy.get(connected) ?? [];
    const isSameHost = record.address.host === connected.address.host;
    if (!isSameHost || held.length >= this.#limits.connectionsPerHostMax) {
      record.notBeforeMs = nowMs + this.#limits.redialMaxMs;
      return;
    }
    record.held = true;
    this.#heldBy.set(connected, [...held, record]);
  }

  /** The peer that is connected as `connected` listens there. */
  alias(address: PeerAddress, connected: PeerRecord, nowMs: number): void {
    const key = addressKey(address);
    if (!this.#records.has(key) && this.#makeRoom(nowMs, true))
      this.#add(newRecord(key, address, 'incoming', true, nowMs), nowMs);
    const record = this.#records.get(key);
    if (record !== undefined && record.state !== 'connected') this.hold(record, connected, nowMs);
  }

  /** The connection of the same peer has been replaced by another: what was known of one holds of the other. */
  succeed(former: PeerRecord, held: readonly PeerRecord[], connected: PeerRecord, nowMs: number): void {
    for (const record of [former, ...held]) if (record.state === 'idle') this.hold(record, connected, nowMs);
  }

  /** Other records of the peer that is connected as this one. */
  heldBy(connected: PeerRecord): readonly PeerRecord[] {
    return this.#heldBy.get(connected) ?? [];
  }

  /** Its connection is over: its other addresses may be dialed as it may be. */
  #letGo(connected: PeerRecord, worked: boolean, nowMs: number): void {
    const held = this.#heldBy.get(connected) ?? [];
    this.#heldBy.delete(connected);
    let isSooner = false;
    for (const record of held) {
      const beforeMs = record.nextDialMs;
      record.held = false;
      record.isSeed = connected.isSeed;
      record.leftMs = nowMs;
      if (record.state === 'idle') this.release(record, worked, nowMs);
      isSooner ||= record.queued && record.nextDialMs < beforeMs;
    }
    // It waits in the queue for a time that is not its own any more.
    if (isSooner) this.#rebuildDials(nowMs);
  }

  /** Addresses that can be dialed, for the torrent whose info dictionary was looked for: it may turn out to be private. */
  get dialable(): PeerAddress[] {
    return [...this.#records.values()]
      .filter(({ dialable, origin }) => dialable && mayMeetPrivate(origin))
      .map(({ address }) => address);
  }

  /** On loopback all peers of the machine have one address: there only the record is banned. */
  ban(record: PeerRecord, nowMs: number): void {
    record.bannedUntilMs = nowMs + this.#limits.banMs;
    // The memory of a ban is worth more than an address nobody has tried.
    if (this.#records.has(record.key) || this.#makeRoom(nowMs, true)) this.#records.set(record.key, record);
    this.#bans.ban(record.address.host, record.peerId, nowMs);
  }

  /** True when one more record fits; when full, the least useful idle one makes way, an untried one only if it must. */
  #makeRoom(nowMs: number, mustFit = false): boolean {
    if (this.#records.size < this.#limits.peersKnownMax) return true;
    let worst: PeerRecord | undefined;
    for (const record of this.#records.values()) {
      if (!isFree(record) || record.bannedUntilMs > nowMs) continue;
      if (!record.dialable || worst === undefined || record.failures > worst.failures) worst = record;
      if (!record.dialable) break;
    }
    if (worst === undefined || (!mustFit && worst.dialable && worst.failures === 0)) return false;
    this.#records.delete(worst.key);
    return true;
  }

  /** It has failed too often, or is our own. Its address may have been learned anew: then that record stays. */
  forget(record: PeerRecord): void {
    if (this.#records.get(record.key) === record) this.#records.delete(record.key);
  }
}

/** Nobody is connected with it, or tries to be. */
function isFree({ state, held }: PeerRecord): boolean {
  return state === 'idle' && !held;
}

function addressKey(address: PeerAddress): string {
  return `${address.host}:${address.port}`;
}
