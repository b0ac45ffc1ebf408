/**
 * A model of peer-directory.ts as a plain list: what it remembers of each address, and when each peer may be
 * dialed.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { HostBans } from '../../../client/engine/peers/host-bans.ts';
import type { PeerRecord } from '../../../client/engine/peers/peer-record.ts';
import type { OverheardChance } from './part.ts';

/** What the directory must know of one peer. */
export interface Known {
  readonly key: string;
  readonly address: PeerAddress;
  readonly isDialable: boolean;
  state: PeerRecord['state'];
  /** The entry through which this peer is connected already. */
  heldBy: Known | undefined;
  failures: number;
  dueMs: number;
  notBeforeMs: number;
  bannedUntilMs: number;
  isSeed: boolean;
  leftMs: number;
  /** When it was last due while its host had no free seat: the dial queue may have skipped it. */
  passedMs: number;
  /**
   * It was held when it was last released: until its turn comes, it may keep its former place in the queue.
   */
  wasHeld: boolean;
  /** The directory's own record, once the model has seen it. */
  record: PeerRecord | undefined;
}

export const keyOf = ({ host, port }: PeerAddress) => `${host}:${port}`;
export const isFree = ({ state, heldBy }: Known) => state === 'idle' && heldBy === undefined;

export class AddressBook {
  list: Known[] = [];
  readonly bans: HostBans;
  readonly #limits: Limits;
  readonly #chance: OverheardChance;

  constructor(limits: Limits, chance: OverheardChance) {
    this.#limits = limits;
    this.#chance = chance;
    this.bans = new HostBans(limits);
  }

  at(key: string): Known | undefined {
    return this.list.find((known) => known.key === key);
  }

  /** In a full book an undialable peer makes room first, else the first of those with the most failures. */
  #makeRoom(nowMs: number, mustFit: boolean): boolean {
    if (this.list.length < this.#limits.peersKnownMax) return true;
    const free = this.list.filter((known) => isFree(known) && known.bannedUntilMs <= nowMs);
    const most = Math.max(...free.map(({ failures }) => failures));
    const worst =
      free.find(({ isDialable }) => !isDialable) ?? free.find(({ failures }) => failures === most);
    if (worst === undefined || (!mustFit && worst.isDialable && worst.failures === 0)) return false;
    this.remove(worst);
    return true;
  }

  remove(known: Known): void {
    this.list = this.list.filter((other) => other !== known);
  }

  make(key: string, address: PeerAddress, isDialable: boolean, nowMs: number): Known {
    return {
      ...{ key, address, isDialable, state: 'idle', heldBy: undefined, failures: 0, dueMs: nowMs },
      ...{
        notBeforeMs: 0,
        bannedUntilMs: 0,
        isSeed: false,
        leftMs: 0,
        passedMs: -1e9,
        wasHeld: false,
        record: undefined,
      },
    };
  }

  learn(addresses: readonly PeerAddress[], nowMs: number): void {
    const inOrder = [...addresses];
    // They do not all fit: the directory shuffles them.
    if (this.list.length + addresses.length > this.#limits.peersKnownMax)
      for (let i = inOrder.length - 1; i > 0; i--) {
        const j = this.#chance.drawn.shift()!;
        [inOrder[i], inOrder[j]] = [inOrder[j]!, inOrder[i]!];
      }
    for (const address of inOrder) {
      const known = this.at(keyOf(address));
      if (known === undefined && !this.#makeRoom(nowMs, false)) return;
      if (known === undefined) this.list.push(this.make(keyOf(address), address, true, nowMs));
      else if (isFree(known) && nowMs - known.leftMs >= this.#limits.seedMemoryMs) known.isSeed = false;
    }
  }

  keep(known: Known, nowMs: number, mustFit = false): void {
    if (!this.list.includes(known) && this.#makeRoom(nowMs, mustFit)) this.list.push(known);
  }

  release(known: Known, worked: boolean, nowMs: number): void {
    const held = this.heldOf(known);
    known.state = 'idle';
    known.leftMs = nowMs;
    for (const other of held) {
      Object.assign(other, { heldBy: undefined, wasHeld: true, isSeed: known.isSeed, leftMs: nowMs });
      if (other.state === 'idle') this.release(other, worked, nowMs);
    }
    if (known.heldBy !== undefined) return;
    known.failures = worked ? 0 : known.failures + 1;
    const { dialFailuresMax, redialFirstMs, redialMaxMs } = this.#limits;
    const isHopeless = !known.isDialable || known.failures >= dialFailuresMax;
    if (isHopeless && known.bannedUntilMs <= nowMs) return this.remove(known);
    if (!known.isDialable) return;
    const waitMs = Math.min(redialMaxMs, redialFirstMs * 2 ** Math.max(0, known.failures - 1));
    known.dueMs = nowMs + waitMs + this.#chance.drawn.shift()!;
  }

  /** In their former order. */
  readonly holds = new Map<Known, Known[]>();

  heldOf(known: Known): Known[] {
    const held = this.holds.get(known) ?? [];
    this.holds.delete(known);
    return held;
  }

  hold(known: Known, connected: Known, nowMs: number): void {
    if (known === connected || known.heldBy !== undefined || !known.isDialable) return;
    const held = this.holds.get(connected) ?? [];
    const isHere = known.address.host === connected.address.host;
    if (!isHere || held.length >= this.#limits.connectionsPerHostMax) {
      known.notBeforeMs = nowMs + this.#limits.redialMaxMs;
      return;
    }
    known.heldBy = connected;
    this.holds.set(connected, [...held, known]);
  }

  alias(address: PeerAddress, connected: Known, nowMs: number): void {
    if (this.at(keyOf(address)) === undefined)
      this.keep(this.make(keyOf(address), address, true, nowMs), nowMs, true);
    const known = this.at(keyOf(address));
    if (known !== undefined && known.state !== 'connected') this.hold(known, connected, nowMs);
  }

  ban(known: Known, nowMs: number): void {
    known.bannedUntilMs = nowMs + this.#limits.banMs;
    this.keep(known, nowMs, true);
    this.bans.ban(known.address.host, known.record!.peerId, nowMs);
  }
}
