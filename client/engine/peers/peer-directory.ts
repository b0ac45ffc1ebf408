/**
 * Every peer address that one torrent knows, which one to dial next, and which peers are banned. A record
 * outlives its connection, so that the source of a block stays known after the peer has left.
 *
 * Invariant: at most `peersKnownMax` records. A record is dialed only when idle, due, not banned, and not
 * `held` by a connected peer.
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
  /** By the record of a connected peer: other records of the same peer, all of them `held`. */
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

  /** Addresses from outside: all untrusted, duplicates expected. */
  learn(addresses: readonly PeerAddress[], origin: PeerOrigin, nowMs: number): void {
    for (const address of this.#inFairOrder(addresses)) {
      const key = addressKey(address);
      const known = this.#records.get(key);
      if (known !== undefined) this.#doubt(known, nowMs);
      else if (this.#makeRoom(nowMs)) this.#add(newRecord(key, address, origin, true, nowMs), nowMs);
      else break;
    }
  }

  /** A seed may have lost pieces. Named again after `seedMemoryMs`, it is dialed like any other peer. */
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

  /**
   * Shuffles when the list does not fit, so that the order of a tracker's reply gives no peer an advantage.
   */
  #inFairOrder(addresses: readonly PeerAddress[]): readonly PeerAddress[] {
    if (this.#records.size + addresses.length <= this.#limits.peersKnownMax) return addresses;
    const inOrder = [...addresses];
    shuffle(inOrder, this.#random);
    return inOrder;
  }

  /** The record of an incoming peer, identified by its host and peer id; not yet stored. */
  incoming(address: PeerAddress, peerId: Uint8Array, nowMs: number): PeerRecord {
    const key = `${address.host}/${hex(peerId)}`;
    return this.#records.get(key) ?? newRecord(key, address, 'incoming', false, nowMs);
  }

  /** The handshake was accepted: the record is stored. */
  keep(record: PeerRecord, nowMs: number): void {
    record.state = 'connected';
    if (this.#records.has(record.key) || this.#makeRoom(nowMs)) this.#records.set(record.key, record);
  }

  /** An incoming connection from this host is refused: a peer there sent corrupt data. */
  isBannedHost(host: string, nowMs: number): boolean {
    return this.#bans.isBannedHost(host, nowMs);
  }

  /** The handshake has shown the peer's id. True when it is banned here or anywhere in its household. */
  isBannedAs(record: PeerRecord, peerId: Uint8Array, nowMs: number): boolean {
    record.peerId = hex(peerId);
    const untilMs = this.#bans.bannedUntilMs(record.address.host, record.peerId);
    record.bannedUntilMs = Math.max(record.bannedUntilMs, untilMs);
    return record.bannedUntilMs > nowMs;
  }

  /**
   * Takes the best peer to dial now: fewest failures first, then at random. `includeSeeds` is false once we
   * need nothing.
   */
  next(nowMs: number, includeSeeds: boolean, isHostFull: (host: string) => boolean): PeerRecord | undefined {
    const isCurrent = (record: PeerRecord) => isFree(record) && this.#records.get(record.key) === record;
    // A banned incoming peer may be listed by trackers under its listen port, so its host waits, too.
    const hasToWait = (host: string) => isHostFull(host) || this.isBannedHost(host, nowMs);
    const record = this.#dials.take(nowMs, includeSeeds, isCurrent, hasToWait, this.#limits.hostFullWaitMs);
    if (record !== undefined) record.state = 'dialing';
    return record;
  }

  /** False: `next` would find no peer. */
  hasDue(nowMs: number, includeSeeds: boolean): boolean {
    return this.#dials.hasDue(nowMs, includeSeeds);
  }

  /** Rebuilds the queue when it holds as many stale entries as valid ones. */
  #enqueue(record: PeerRecord, nowMs: number): void {
    this.#dials.add(record, nowMs);
    if (this.#dials.size > 2 * this.#limits.peersKnownMax) this.#rebuildDials(nowMs);
  }

  #rebuildDials(nowMs: number): void {
    this.#dials.clear();
    for (const record of this.#records.values())
      if (record.dialable && isFree(record)) this.#dials.add(record, nowMs);
  }

  /**
   * A connection ended, or a dial failed. `worked`: a handshake was exchanged and the connection was of use.
   */
  release(record: PeerRecord, worked: boolean, nowMs: number): void {
    record.state = 'idle';
    record.leftMs = nowMs;
    this.#letGo(record, worked, nowMs);
    // The peer is connected through another record, so neither success nor failure counts.
    if (record.held) return;
    record.failures = worked ? 0 : record.failures + 1;
    const isHopeless = !record.dialable || record.failures >= this.#limits.dialFailuresMax;
    // A banned record stays: it stores the ban, and may be dialed again when the ban ends.
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

  /** Seeds that were disconnected may be dialed at once. No effect on records with failures. */
  redialSeeds(nowMs: number): void {
    for (const record of this.#records.values()) {
      if (record.isSeed && record.failures === 0) record.nextDialMs = Math.min(record.nextDialMs, nowMs);
    }
    this.#rebuildDials(nowMs);
  }

  /**
   * The dialed peer is already connected as `connected`. That is no failure, but this record is not dialed
   * while the connection lasts. A peer id can be copied: at another host the dial is only delayed, so that a
   * copied id does not lock out its owner.
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

  /** The peer connected as `connected` listens at this address. */
  alias(address: PeerAddress, connected: PeerRecord, nowMs: number): void {
    const key = addressKey(address);
    if (!this.#records.has(key) && this.#makeRoom(nowMs, true))
      this.#add(newRecord(key, address, 'incoming', true, nowMs), nowMs);
    const record = this.#records.get(key);
    if (record !== undefined && record.state !== 'connected') this.hold(record, connected, nowMs);
  }

  /**
   * A new connection of the same peer has replaced the old one: its other records are now held by the new
   * one.
   */
  succeed(former: PeerRecord, held: readonly PeerRecord[], connected: PeerRecord, nowMs: number): void {
    for (const record of [former, ...held]) if (record.state === 'idle') this.hold(record, connected, nowMs);
  }

  /** Other records of the peer that is connected as this one. */
  heldBy(connected: PeerRecord): readonly PeerRecord[] {
    return this.#heldBy.get(connected) ?? [];
  }

  /** The connection has ended: the peer's other addresses may be dialed on the same terms. */
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
    // The queue orders it by an outdated time.
    if (isSooner) this.#rebuildDials(nowMs);
  }

  /**
   * Dialable addresses, handed over when the metadata is complete. The torrent may turn out to be private, so
   * other origins are left out.
   */
  get dialable(): PeerAddress[] {
    return [...this.#records.values()]
      .filter(({ dialable, origin }) => dialable && mayMeetPrivate(origin))
      .map(({ address }) => address);
  }

  /** On loopback all peers of the machine share one address: there only the record is banned. */
  ban(record: PeerRecord, nowMs: number): void {
    record.bannedUntilMs = nowMs + this.#limits.banMs;
    // A stored ban is worth more than an untried address.
    if (this.#records.has(record.key) || this.#makeRoom(nowMs, true)) this.#records.set(record.key, record);
    this.#bans.ban(record.address.host, record.peerId, nowMs);
  }

  /**
   * True when one more record fits. A full table drops its least useful idle record, and an untried one only
   * if it must.
   */
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

  /**
   * The record has failed too often, or is our own. If its address was learned anew, the new record stays.
   */
  forget(record: PeerRecord): void {
    if (this.#records.get(record.key) === record) this.#records.delete(record.key);
  }
}

/** No connection or dial exists for this record. */
function isFree({ state, held }: PeerRecord): boolean {
  return state === 'idle' && !held;
}

function addressKey(address: PeerAddress): string {
  return `${address.host}:${address.port}`;
}
