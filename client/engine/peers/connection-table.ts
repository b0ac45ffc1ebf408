/**
 * Decides which peer leaves when a newcomer finds a full table of peers.
 *
 * There are three tables: one torrent, all torrents together, one household. A newcomer needs a seat in each.
 * In a full table the peer of least value makes room, or the newcomer is refused:
 *
 * 1. A useful peer stays. It traded a block with us in the last minute, or is being sent one. Rule 5 is the
 *    exception.
 * 2. A useless peer may be replaced after `seatGraceMs`, a waiting peer after `seatWaitMs`.
 * 3. A peer that is not useful may be replaced at once when its torrent, network or household holds more
 *    seats than the newcomer's would hold afterwards. Each such exchange makes the shares more equal, so
 *    exchanges end.
 * 4. A household that made room in the last `putOffMs` gets only free seats, or seats by rule 3: it cannot
 *    return and push out the peer that replaced it.
 * 5. When every seat of the full table is useful, a useful peer makes room. If one network holds more than
 *    half of the seats, a peer of that network leaves by rule 3: otherwise an attacker keeps its seats for
 *    one block a minute. Else a peer leaves that has only taken from us for `seatTurnMs`: otherwise a few
 *    leechers keep all others out until their downloads end.
 *
 * Among peers that may be replaced, useless ones leave first and peers that give us blocks last. Then peers
 * of the fullest network and household leave first, then the slowest, then those longest without progress.
 */
import type { ConnectionId, TorrentId } from '../contract.ts';
import type { Limits } from '../limits.ts';

/**
 * Least value first. useless: neither side wants anything, or the peer did not use its turn. waiting: one
 * side is interested and has not had its turn. taking and giving are useful: the peer downloads from us, or
 * also uploads to us.
 */
const standings = ['useless', 'waiting', 'taking', 'giving'] as const;
export type Standing = (typeof standings)[number];

export interface Place {
  readonly torrent: TorrentId;
  readonly household: string;
  readonly network: string;
  /** `keysOf` the place, cached for seats: each seat is compared with many others. */
  readonly keys?: Keys;
}

export interface Seat extends Place {
  readonly connection: ConnectionId;
  readonly standing: Standing;
  /**
   * A useful peer: when it connected. Others: when they connected, or when their last trade stopped counting
   * as recent.
   */
  readonly sinceMs: number;
  /** Bytes a second that a useful peer gives or takes; 0 for other peers. */
  readonly rate: number;
}

export interface Newcomer extends Place {
  /** The peers that the newcomer may replace by rule 2: none, useless ones, or waiting ones, too. */
  readonly replaces: 'nothing' | 'useless' | 'waiting';
}

/** The maximum number of seats in each table. */
export interface TableSizes {
  readonly all: number;
  readonly torrent: number;
  readonly household: number;
}

type Grace = Pick<Limits, 'seatGraceMs' | 'seatWaitMs' | 'seatTurnMs'>;

/**
 * The seats to clear for the newcomer: none when every table has room. Undefined: the newcomer is refused.
 */
export function makeRoom<Taken extends Seat>(
  newcomer: Newcomer,
  seats: readonly Taken[],
  sizes: TableSizes,
  grace: Grace,
  nowMs: number,
): Taken[] | undefined {
  const cleared: Taken[] = [];
  const tables: readonly (readonly [number, (seat: Seat) => boolean])[] = [
    [sizes.household, (seat) => seat.household === newcomer.household],
    [sizes.torrent, (seat) => seat.torrent === newcomer.torrent],
    [sizes.all, () => true],
  ];
  const shares = new Shares(seats);
  for (const [size, isHere] of tables) {
    const here = seats.filter((seat) => isHere(seat) && !cleared.includes(seat));
    if (here.length < size) continue;
    const mayLeave = here.every(isUseful)
      ? here.filter(usefulThatMayLeave(newcomer, crowdOf(here, size), shares, grace, nowMs))
      : here.filter((seat) => mayReplace(newcomer, seat, shares, grace, nowMs));
    const least = leastOf(mayLeave, shares);
    if (least === undefined) return undefined;
    cleared.push(least);
  }
  return cleared;
}

/** The fields of a seat that matter without households. */
export type SeatInTorrent = Pick<Seat, 'torrent' | 'network' | 'standing' | 'sinceMs'>;

/**
 * How many seats of a table of `size` could be cleared for a peer of this torrent, unless it is in the
 * crowded network.
 */
export function replaceableCount(
  { torrent, replaces }: Pick<Newcomer, 'torrent' | 'replaces'>,
  seats: readonly SeatInTorrent[],
  size: number,
  grace: Grace,
  nowMs: number,
): number {
  // Rule 5 frees one seat, and the next one when its new peer is useful, too.
  if (seats.every(isUseful)) {
    if (crowdOf(seats, size) !== undefined) return 1;
    return seats.some((seat) => hasHadItsTurn(replaces, seat, grace, nowMs)) ? 1 : 0;
  }
  const perTorrent = seatsPerTorrent(torrent, seats);
  const surplusMin = 2 + (perTorrent?.get(torrent) ?? 0);
  let count = 0;
  for (const seat of seats) {
    const isReplaceable =
      hasHadItsTime(replaces, seat, grace, nowMs) ||
      (perTorrent !== undefined && !isUseful(seat) && perTorrent.get(seat.torrent)! >= surplusMin);
    if (isReplaceable) count += 1;
  }
  return count;
}

/** Undefined when all seats belong to this torrent: no other torrent has more. */
function seatsPerTorrent(
  torrent: TorrentId,
  seats: readonly SeatInTorrent[],
): Map<TorrentId, number> | undefined {
  if (seats.every((seat) => seat.torrent === torrent)) return undefined;
  const counts = new Map<TorrentId, number>();
  for (const seat of seats) counts.set(seat.torrent, (counts.get(seat.torrent) ?? 0) + 1);
  return counts;
}

/** Rule 2. */
function hasHadItsTime(
  replaces: Newcomer['replaces'],
  seat: SeatInTorrent,
  { seatGraceMs, seatWaitMs }: Grace,
  nowMs: number,
): boolean {
  const { standing, sinceMs } = seat;
  if (replaces === 'nothing' || isUseful(seat)) return false;
  if (standing === 'useless') return nowMs - sinceMs >= seatGraceMs;
  return replaces === 'waiting' && nowMs - sinceMs >= seatWaitMs;
}

/** Rule 5: the network that holds more than half of a table of `size` in which every seat is useful. */
export function crowdOf(seats: readonly SeatInTorrent[], size: number): string | undefined {
  if (!seats.every(isUseful)) return undefined;
  const counts = new Map<string, number>();
  for (const seat of seats) {
    const count = (counts.get(seat.network) ?? 0) + 1;
    if (count > Math.ceil(size / 2)) return seat.network;
    counts.set(seat.network, count);
  }
  return undefined;
}

function usefulThatMayLeave(
  newcomer: Newcomer,
  crowd: string | undefined,
  shares: Shares,
  grace: Grace,
  nowMs: number,
): (seat: Seat) => boolean {
  if (crowd !== undefined && crowd !== newcomer.network)
    return (seat) => seat.network === crowd && shares.isFairer(newcomer, seat);
  return (seat) => hasHadItsTurn(newcomer.replaces, seat, grace, nowMs);
}

function hasHadItsTurn(
  replaces: Newcomer['replaces'],
  { standing, sinceMs }: SeatInTorrent,
  { seatTurnMs }: Grace,
  nowMs: number,
): boolean {
  return replaces !== 'nothing' && standing === 'taking' && nowMs - sinceMs >= seatTurnMs;
}

export function isUseful({ standing }: Pick<Seat, 'standing'>): boolean {
  return standing === 'taking' || standing === 'giving';
}

function mayReplace(newcomer: Newcomer, seat: Seat, shares: Shares, grace: Grace, nowMs: number): boolean {
  if (isUseful(seat)) return false;
  return shares.isFairer(newcomer, seat) || hasHadItsTime(newcomer.replaces, seat, grace, nowMs);
}

function leastOf<Taken extends Seat>(seats: readonly Taken[], shares: Shares): Taken | undefined {
  let least: Taken | undefined;
  for (const seat of seats) if (least === undefined || shares.compare(seat, least) < 0) least = seat;
  return least;
}

/** Number of seats per torrent, per network within it, and per household within that. */
class Shares {
  readonly #seats: readonly Seat[];
  /** Counted on first use: most newcomers are refused without counts. */
  #counts: Map<string, number> | undefined;

  constructor(seats: readonly Seat[]) {
    this.#seats = seats;
  }

  #count(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const seat of this.#seats) {
      const keys = seat.keys ?? keysOf(seat);
      for (const level of levels) counts.set(keys[level], (counts.get(keys[level]) ?? 0) + 1);
    }
    return counts;
  }

  #of(key: string): number {
    this.#counts ??= this.#count();
    return this.#counts.get(key) ?? 0;
  }

  /**
   * Rule 3, level by level: the first level that differs decides. With a surplus of one the two would only
   * change places, so the next level decides. Hence the sums of squares of the levels, in this order, only
   * fall.
   */
  isFairer(newcomer: Place, seat: Place): boolean {
    const to = newcomer.keys ?? keysOf(newcomer);
    const from = seat.keys ?? keysOf(seat);
    for (const level of levels) {
      if (from[level] === to[level]) continue;
      const surplus = this.#of(from[level]) - this.#of(to[level]);
      if (surplus >= 2) return true;
      if (surplus < 1) return false;
    }
    return false;
  }

  /** Negative: `a` has less value than `b`. */
  compare(a: Seat, b: Seat): number {
    const rank = standings.indexOf(a.standing) - standings.indexOf(b.standing);
    if (rank !== 0) return rank;
    const of = a.keys ?? keysOf(a);
    const than = b.keys ?? keysOf(b);
    for (const level of levels) {
      const surplus = this.#of(of[level]) - this.#of(than[level]);
      if (surplus !== 0) return -surplus;
    }
    return a.rate - b.rate || a.sinceMs - b.sinceMs || a.connection - b.connection;
  }
}

/** The order in which levels are compared. */
const levels = ['torrent', 'network', 'household'] as const;
/** The keys under which the seats of each level are counted. */
export type Keys = Readonly<Record<(typeof levels)[number], string>>;

export function keysOf({ torrent, network, household }: Omit<Place, 'keys'>): Keys {
  const inTorrent = `${torrent} ${network}`;
  return { torrent: `${torrent}`, network: inTorrent, household: `${inTorrent} ${household}` };
}
