/**
 * A model of who is connected, accepted and dialed, by the rules of swarm-peers.ts, peer-ids.ts and
 * peer-directory.ts, for a torrent in which no data is exchanged: a list of addresses and a list of
 * connections, searched at every fact.
 */
import type { PeerAddress } from '../../../client/engine/contract.ts';
import type { Limits } from '../../../client/engine/limits.ts';
import { householdOf } from '../world/place.ts';

/** An address that may be dialed. */
export interface Spot {
  readonly address: PeerAddress;
  isDialed: boolean;
  connection: Contact | undefined;
  /** The peer that listens there is connected in another way. */
  heldBy: Contact | undefined;
  failures: number;
  /** The earliest and the latest time of the next dial: the engine adds up to half of the wait at random. */
  fromMs: number;
  byMs: number;
  notBeforeMs: number;
  bannedUntilMs: number;
  /** How many checks in a row found it overdue. */
  overdue: number;
}

export interface Contact {
  readonly connection: number;
  readonly address: PeerAddress;
  /** Undefined for an incoming connection. */
  readonly spot: Spot | undefined;
  readonly dialedMs: number;
  state: 'dialing' | 'half-open' | 'open';
  connectedMs: number;
  heardMs: number;
  id: string;
  hasSaidPort: boolean;
  /** It has pieces that we lack, and so counts as useful. */
  isWanted: boolean;
  words: number;
}

export const keyOf = ({ host, port }: PeerAddress) => `${host}:${port}`;

export class DoorModel {
  spots = new Map<string, Spot>();
  readonly contacts = new Map<number, Contact>();
  readonly ours = new Set<string>();
  /** Liars by household and peer id, and lies by household. */
  readonly liars = new Map<string, number>();
  readonly households = new Map<string, { lies: number; untilMs: number }>();
  readonly #limits: Limits;
  readonly #ourId: string;

  constructor(limits: Limits, ourId: string) {
    this.#limits = limits;
    this.#ourId = ourId;
  }

  learn(addresses: readonly PeerAddress[], nowMs: number): void {
    for (const address of addresses)
      if (!this.spots.has(keyOf(address)) && !this.ours.has(keyOf(address))) this.#add(address, nowMs);
  }

  #add(address: PeerAddress, nowMs: number): Spot {
    const spot: Spot = {
      ...{ address, isDialed: false, connection: undefined, heldBy: undefined, failures: 0 },
      ...{ fromMs: nowMs, byMs: nowMs, notBeforeMs: 0, bannedUntilMs: 0, overdue: 0 },
    };
    this.spots.set(keyOf(address), spot);
    return spot;
  }

  dialed(connection: number, address: PeerAddress, nowMs: number): string | undefined {
    const spot = this.spots.get(keyOf(address));
    if (spot === undefined) return 'which is unknown, or our own';
    if (!this.#isFree(spot)) return 'which is dialed or connected already';
    const dueMs = Math.max(spot.fromMs, spot.notBeforeMs, spot.bannedUntilMs);
    if (dueMs > nowMs) return `${dueMs - nowMs} ms too soon`;
    if (!this.#hasRoom(spot, nowMs)) return 'whose household has its share, or has lied';
    spot.isDialed = true;
    spot.overdue = 0;
    this.contacts.set(connection, {
      ...{ connection, address, spot, dialedMs: nowMs, state: 'dialing', connectedMs: nowMs, heardMs: nowMs },
      ...{ id: '', hasSaidPort: false, isWanted: false, words: 0 },
    });
    return undefined;
  }

  came(connection: number, address: PeerAddress, nowMs: number): Contact {
    const contact: Contact = {
      ...{ connection, address, spot: undefined, dialedMs: nowMs, state: 'half-open', connectedMs: nowMs },
      ...{ heardMs: nowMs, id: '', hasSaidPort: false, isWanted: false, words: 0 },
    };
    this.contacts.set(connection, contact);
    return contact;
  }

  readonly #isFree = ({ isDialed, connection, heldBy }: Spot) =>
    !isDialed && connection === undefined && heldBy === undefined;

  #hasRoom({ address: { host } }: Spot, nowMs: number): boolean {
    const household = householdOf(host);
    if ((this.households.get(household)?.untilMs ?? 0) > nowMs) return false;
    let count = 0;
    for (const { address, spot, state } of this.contacts.values())
      if ((spot !== undefined || state === 'open') && householdOf(address.host) === household) count += 1;
    return count < this.#limits.connectionsPerHostMax;
  }

  /** A spot that the engine should have dialed by now. */
  overdue(nowMs: number): Spot | undefined {
    for (const spot of this.spots.values()) {
      const isDue = Math.max(spot.byMs, spot.notBeforeMs, spot.bannedUntilMs) <= nowMs;
      const mustBe = isDue && this.#isFree(spot) && this.#hasRoom(spot, nowMs);
      spot.overdue = mustBe ? spot.overdue + 1 : 0;
      // A spot that its household kept waiting is checked again a moment later: three overdue checks in a row
      // are allowed.
      if (spot.overdue > 3) return spot;
    }
    return undefined;
  }

  /** Why a peer with this id is refused, and which connection it replaces. */
  shakes(contact: Contact, id: string, nowMs: number): { reason?: string; leaving?: Contact } {
    const { address, spot } = contact;
    contact.heardMs = nowMs;
    if (id === this.#ourId) {
      if (spot !== undefined) {
        this.ours.add(keyOf(address));
        this.spots.delete(keyOf(address));
      }
      return { reason: 'connected-to-self' };
    }
    const household = householdOf(address.host);
    const isShutOut = spot === undefined && (this.households.get(household)?.untilMs ?? 0) > nowMs;
    const untilMs = this.liars.get(`${household} ${id}`) ?? 0;
    if (spot !== undefined) spot.bannedUntilMs = Math.max(spot.bannedUntilMs, untilMs);
    if (isShutOut || untilMs > nowMs || (spot !== undefined && spot.bannedUntilMs > nowMs))
      return { reason: 'banned' };
    contact.id = id;
    const namesakes = [...this.contacts.values()].filter(
      (other) =>
        other.state === 'open' &&
        other.id === id &&
        other.address.host === address.host &&
        // Two dialed ports of one host are two peers. A connection that is useless and no longer new has no
        // claim.
        (other.spot === undefined || spot === undefined) &&
        (other.isWanted || nowMs - other.connectedMs < this.#limits.dialTimeoutMs),
    );
    const former = namesakes.sort((a, b) => b.heardMs - a.heardMs)[0];
    if (former !== undefined && !this.#succeeds(contact, former, id, nowMs))
      return { reason: 'connected-twice', leaving: former };
    // The replaced connection has gone by then.
    if (former === undefined && this.#seatsAt(household) >= this.#limits.connectionsPerHostMax)
      return { reason: 'too-many-connections' };
    return { ...(former && { leaving: former }) };
  }

  #seatsAt(household: string): number {
    const isThere = ({ state, address }: Contact) =>
      state === 'open' && householdOf(address.host) === household;
    return [...this.contacts.values()].filter(isThere).length;
  }

  /**
   * When two peers dialed each other, the connection that the greater id dialed stays. A silent peer that
   * connects again replaces its old connection.
   */
  #succeeds(contact: Contact, former: Contact, id: string, nowMs: number): boolean {
    const { dialTimeoutMs, stallTimeoutMs } = this.#limits;
    const [came, cameBefore] = [contact.spot === undefined, former.spot === undefined];
    if (came && cameBefore) return nowMs - former.heardMs >= stallTimeoutMs;
    if (came === cameBefore || nowMs - former.connectedMs >= dialTimeoutMs) return false;
    return came ? id > this.#ourId : id < this.#ourId;
  }

  open(contact: Contact, former: Contact | undefined, nowMs: number): void {
    const held = former === undefined ? [] : this.#heldBy(former);
    if (former !== undefined) this.end(former, nowMs);
    contact.state = 'open';
    // Of several, the one accepted first counts.
    this.contacts.delete(contact.connection);
    this.contacts.set(contact.connection, contact);
    if (contact.spot !== undefined) Object.assign(contact.spot, { isDialed: false, connection: contact });
    for (const spot of [former?.spot, ...held])
      if (spot !== undefined && !spot.isDialed && spot.connection === undefined)
        this.hold(spot, contact, nowMs);
  }

  #heldBy(contact: Contact): Spot[] {
    return [...this.spots.values()].filter(({ heldBy }) => heldBy === contact);
  }

  hold(spot: Spot, contact: Contact, nowMs: number): void {
    if (spot.heldBy !== undefined || spot === contact.spot) return;
    const isHere = spot.address.host === contact.address.host;
    if (isHere && this.#heldBy(contact).length < this.#limits.connectionsPerHostMax) spot.heldBy = contact;
    else spot.notBeforeMs = nowMs + this.#limits.redialMaxMs;
  }

  listensAt(contact: Contact, port: number, nowMs: number): void {
    if (contact.spot !== undefined || contact.hasSaidPort) return;
    contact.hasSaidPort = true;
    const address = { host: contact.address.host, port };
    const spot = this.spots.get(keyOf(address)) ?? this.#add(address, nowMs);
    if (spot.connection === undefined) this.hold(spot, contact, nowMs);
  }

  /** Ends a connection or a dial. A peer that left at once counts as a failed dial. */
  end(contact: Contact, nowMs: number, isNoFailure = false): void {
    this.contacts.delete(contact.connection);
    const hasLasted = nowMs - contact.connectedMs >= this.#limits.dialTimeoutMs;
    const worked = isNoFailure || (contact.state === 'open' && hasLasted);
    for (const spot of this.#heldBy(contact)) {
      spot.heldBy = undefined;
      if (!spot.isDialed && spot.connection === undefined) this.#putOff(spot, worked, nowMs);
    }
    const { spot } = contact;
    if (spot === undefined) return;
    Object.assign(spot, { isDialed: false, connection: undefined });
    if (spot.heldBy === undefined) this.#putOff(spot, worked, nowMs);
  }

  #putOff(spot: Spot, worked: boolean, nowMs: number): void {
    const { redialFirstMs, redialMaxMs, dialFailuresMax } = this.#limits;
    spot.failures = worked ? 0 : spot.failures + 1;
    const isKnown = this.spots.get(keyOf(spot.address)) === spot;
    if (spot.failures >= dialFailuresMax && spot.bannedUntilMs <= nowMs && isKnown)
      this.spots.delete(keyOf(spot.address));
    const waitMs = Math.min(redialMaxMs, redialFirstMs * 2 ** Math.max(0, spot.failures - 1));
    spot.fromMs = nowMs + waitMs;
    spot.byMs = nowMs + Math.floor(1.5 * waitMs);
  }

  ban(contact: Contact, nowMs: number): void {
    const { banMs, hostBanFirstMs } = this.#limits;
    const household = householdOf(contact.address.host);
    if (contact.spot !== undefined) contact.spot.bannedUntilMs = nowMs + banMs;
    this.liars.set(`${household} ${contact.id}`, nowMs + banMs);
    const before = this.households.get(household);
    const lies = before === undefined || nowMs >= before.untilMs + banMs ? 1 : before.lies + 1;
    this.households.set(household, {
      lies,
      untilMs: nowMs + Math.min(banMs, hostBanFirstMs * 2 ** (lies - 1)),
    });
  }

  /** The connections that the next tick ends, and why. */
  timeouts(nowMs: number): Map<Contact, string> {
    const { dialTimeoutMs, handshakeTimeoutMs, idleTimeoutMs } = this.#limits;
    const over = new Map<Contact, string>();
    for (const contact of this.contacts.values()) {
      const { state, connectedMs, dialedMs, heardMs } = contact;
      if (state === 'half-open' && nowMs - connectedMs >= handshakeTimeoutMs)
        over.set(contact, 'handshake-timeout');
      if (state === 'dialing' && nowMs - dialedMs >= dialTimeoutMs) over.set(contact, 'dial-timeout');
      if (state === 'open' && nowMs - heardMs >= idleTimeoutMs) over.set(contact, 'silent');
    }
    return over;
  }
}
