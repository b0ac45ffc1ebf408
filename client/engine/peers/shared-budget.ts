/**
 * What all torrents share: seats for peers, dials, half-open connections, memory for pieces. This file stores
 * the seats. Which peer leaves a full table is decided in connection-table.ts and half-open.ts.
 *
 * Invariant: a dial ends in a seat or in `endDial`, an incoming connection in a seat or in `endKnock`, a seat
 * in `leave`. A household's count includes its seats and the dials to it.
 */
import type { ConnectionId, TorrentId } from '../contract.ts';
import type { Limits } from '../limits.ts';
import { householdOf, isLoopbackHost, networkOf } from './address-groups.ts';
import {
  crowdOf,
  type Keys,
  keysOf,
  makeRoom,
  type Newcomer,
  replaceableCount,
  type Seat,
  type Standing,
} from './connection-table.ts';
import { HalfOpenTable } from './half-open.ts';

/** A peer that needs a seat. */
export interface Guest {
  readonly connection: ConnectionId;
  readonly host: string;
  readonly incoming: boolean;
  readonly torrent: TorrentId;
}

/** A peer that has a seat. */
export interface Occupant extends Guest {
  standing(nowMs: number): Pick<Seat, 'standing' | 'sinceMs' | 'rate'>;
  /** The peer is to leave. */
  makeRoom(nowMs: number): void;
}

/** Household, network and keys are computed once; the standing is updated by `look`. */
class Sitting implements Seat {
  readonly occupant: Occupant;
  readonly connection: ConnectionId;
  readonly torrent: TorrentId;
  readonly household: string;
  readonly network: string;
  readonly keys: Keys;
  standing: Standing = 'useless';
  sinceMs = 0;
  rate = 0;

  constructor(occupant: Occupant, household: string) {
    this.occupant = occupant;
    this.connection = occupant.connection;
    this.torrent = occupant.torrent;
    this.household = household;
    this.network = networkOf(occupant.host);
    this.keys = keysOf(this);
  }

  look(nowMs: number): this {
    const { standing, sinceMs, rate } = this.occupant.standing(nowMs);
    this.standing = standing;
    this.sinceMs = sinceMs;
    this.rate = rate;
    return this;
  }
}

export class SharedBudget {
  /** Dials that are not connected yet. */
  dials = 0;
  /** Bytes of pieces being downloaded or stored. */
  pieceBytes = 0;
  /**
   * The longest piece that a torrent cannot begin for lack of memory; 0: none waits. Other torrents free
   * memory for it.
   */
  pieceBytesWanted = 0;
  readonly #seats = new Map<ConnectionId, Sitting>();
  readonly #perTorrent = new Map<TorrentId, number>();
  readonly #perHousehold = new Map<string, number>();
  /** Half-open connections: incoming ones, and dialed ones. */
  readonly #knocking: HalfOpenTable;
  readonly #unanswered: HalfOpenTable;
  /** By household that had to make room: until when it may not replace other peers. */
  readonly #putOff = new Map<string, number>();
  readonly #limits: Limits;

  constructor(limits: Limits) {
    this.#limits = limits;
    this.#knocking = new HalfOpenTable(limits.halfOpenMax);
    this.#unanswered = new HalfOpenTable(limits.halfOpenMax);
  }

  /** Number of peers with a seat. */
  get connections(): number {
    return this.#seats.size;
  }

  /** Incoming connections without a handshake. */
  get halfOpen(): number {
    return this.#knocking.size;
  }

  /** Connected dials without a handshake from the other side. */
  get unanswered(): number {
    return this.#unanswered.size;
  }

  /** Connections that wait for the other side's handshake. */
  get handshakesDue(): number {
    return this.halfOpen + this.unanswered;
  }

  /** All open connections. */
  get standing(): number {
    return this.connections + this.handshakesDue;
  }

  // Half-open connections -----------------------------------------------------------------------------------

  /** Returns the connection that must make room. On loopback the per-household cap is `halfOpenMax`. */
  knock(connection: ConnectionId, host: string, nowMs: number): ConnectionId | undefined {
    const { halfOpenMax, halfOpenPerHostMax } = this.#limits;
    const perHouseholdMax = isLoopbackHost(host) ? halfOpenMax : halfOpenPerHostMax;
    return this.#knocking.enter(connection, host, perHouseholdMax, nowMs);
  }

  endKnock(connection: ConnectionId): void {
    this.#knocking.leave(connection);
  }

  /**
   * Dials come on top of all seats. A peer that accepts a dial and sends nothing counts only for
   * `answerGraceMs`.
   */
  mayDial(nowMs: number): boolean {
    const { dialsMax, halfOpenMax, answerGraceMs } = this.#limits;
    const overdue = this.#unanswered.countSince(answerGraceMs, nowMs);
    return this.dials < dialsMax && this.dials + this.#unanswered.size - overdue < halfOpenMax;
  }

  dial(host: string): void {
    this.dials += 1;
    count(this.#perHousehold, householdOf(host), 1);
  }

  /** The dial is connected and no longer counts as a dial. Returns the connection that must make room. */
  onDialConnected(connection: ConnectionId, host: string, nowMs: number): ConnectionId | undefined {
    this.dials -= 1;
    return this.#unanswered.enter(connection, host, this.#limits.halfOpenMax, nowMs);
  }

  /** The dial ended without an accepted handshake. */
  endDial(connection: ConnectionId, host: string): void {
    if (!this.#unanswered.leave(connection)) this.dials -= 1;
    count(this.#perHousehold, householdOf(host), -1);
  }

  // Seats ---------------------------------------------------------------------------------------------------

  /**
   * The household has its share: no more dials to it. It stands for a few users; more connections are an
   * attack.
   */
  isHostFull(host: string): boolean {
    return (this.#perHousehold.get(householdOf(host)) ?? 0) >= this.#seatsPerHost(host);
  }

  /**
   * How many more dials a torrent may begin that has `dialing` under way. `crowd`: the network whose peers
   * would find no seat, because it holds more than half of a table in which every seat is useful.
   */
  placesToDial(
    torrent: TorrentId,
    dialing: number,
    replaces: () => Newcomer['replaces'],
    nowMs: number,
  ): { readonly places: number; readonly crowd?: string | undefined } {
    const { connectionsMax, connectionsPerTorrentMax } = this.#limits;
    const inTorrent = connectionsPerTorrentMax - this.#seatsOf(torrent);
    const inAll = connectionsMax - this.#seats.size;
    if (inTorrent > 0 && inAll > 0)
      return { places: Math.min(inTorrent - dialing, inAll - this.dials - this.#unanswered.size) };
    const seats: Seat[] = [];
    for (const seat of this.#seats.values())
      if (inTorrent > 0 || seat.torrent === torrent) seats.push(seat.look(nowMs));
    const size = inTorrent <= 0 ? connectionsPerTorrentMax : connectionsMax;
    const newcomer = { torrent, replaces: replaces() };
    const count = replaceableCount(newcomer, seats, size, this.#limits, nowMs);
    return { places: count - dialing, crowd: crowdOf(seats, size) };
  }

  /** The peers that must leave to give the newcomer a seat. Undefined: the newcomer is refused. */
  roomFor(
    { host, torrent }: Guest,
    replaces: () => Newcomer['replaces'],
    nowMs: number,
  ): Occupant[] | undefined {
    const { connectionsMax, connectionsPerTorrentMax } = this.#limits;
    const household = householdOf(host);
    const sizes = {
      all: connectionsMax,
      torrent: connectionsPerTorrentMax,
      household: this.#seatsPerHost(host),
    };
    // The count includes dials to the household, which hold no seat: the household may be dialing us at the
    // same moment.
    const mayBeFull = (this.#perHousehold.get(household) ?? 0) >= sizes.household;
    if (!mayBeFull && this.#seats.size < sizes.all && this.#seatsOf(torrent) < sizes.torrent) return [];
    const seats = this.#seatList(nowMs);
    const isPutOff = (this.#putOff.get(household) ?? 0) > nowMs;
    const place = { torrent, household, network: networkOf(host) };
    const newcomer = {
      ...place,
      keys: keysOf(place),
      replaces: isPutOff ? 'nothing' : replaces(),
    } as const;
    const leaving = makeRoom(newcomer, seats, sizes, this.#limits, nowMs);
    return leaving?.map(({ occupant }) => occupant);
  }

  sit(occupant: Occupant): void {
    const { connection, host, incoming, torrent } = occupant;
    const household = householdOf(host);
    if (incoming) {
      this.#knocking.leave(connection);
      count(this.#perHousehold, household, 1);
    } else {
      this.#unanswered.leave(connection);
    }
    this.#seats.set(connection, new Sitting(occupant, household));
    count(this.#perTorrent, torrent, 1);
  }

  leave(connection: ConnectionId): void {
    const sitting = this.#seats.get(connection);
    if (sitting === undefined) return;
    this.#seats.delete(connection);
    count(this.#perTorrent, sitting.torrent, -1);
    count(this.#perHousehold, sitting.household, -1);
  }

  /** The peer leaves for another one: its household may not replace peers for `putOffMs`. */
  putOff({ host }: { readonly host: string }, nowMs: number): void {
    if (isLoopbackHost(host)) return;
    const { peersKnownMax, putOffMs } = this.#limits;
    const household = householdOf(host);
    this.#putOff.delete(household);
    if (this.#putOff.size >= peersKnownMax) this.#putOff.delete(this.#putOff.keys().next().value!);
    this.#putOff.set(household, nowMs + putOffMs);
  }

  #seatsOf(torrent: TorrentId): number {
    return this.#perTorrent.get(torrent) ?? 0;
  }

  #seatsPerHost(host: string): number {
    const { connectionsPerHostMax, connectionsPerLoopbackMax } = this.#limits;
    return isLoopbackHost(host) ? connectionsPerLoopbackMax : connectionsPerHostMax;
  }

  /** Built only when a table may be full. */
  #seatList(nowMs: number): Sitting[] {
    return Array.from(this.#seats.values(), (seat) => seat.look(nowMs));
  }
}

function count<Key>(counts: Map<Key, number>, key: Key, step: 1 | -1): void {
  const now = (counts.get(key) ?? 0) + step;
  if (now === 0) counts.delete(key);
  else counts.set(key, now);
}
