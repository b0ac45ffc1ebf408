/**
 * Who leaves when a newcomer finds a full table of peers: the whole decision, and nothing but the decision.
 *
 * There are three tables: one torrent, all torrents together, one household. A newcomer needs a seat in each. In a full
 * table the peer with the least worth makes room, or the newcomer is refused:
 *
 * 1. A useful peer stays. It has traded a block with us lately, or is being sent one. Rule 5 is the exception.
 * 2. A useless peer may be replaced after `seatGraceMs`, a waiting peer after `seatWaitMs`.
 * 3. A peer that is not useful may be replaced at once when its torrent, network or household holds more seats than
 *    the newcomer's would hold afterwards. Each such exchange makes the shares more equal, so exchanges come to an end.
 * 4. A household that made room a short time ago takes free seats, or seats by rule 3: it cannot come back and push out
 *    the peer that replaced it.
 * 5. When every seat of the full table is useful, a useful peer makes room. If one network holds more than half of the
 *    seats, it is a peer of that network, under the terms of rule 3: a block a minute is a low price for a seat. Else it
 *    is one that has only taken from us for `seatTurnMs`: a few that download would keep all others out for as long as
 *    their download lasts.
 *
 * Of those that may be replaced, the useless come first, and the peers that give us blocks last; then those of the fullest
 * network and the fullest household, then those that trade slowest, then those that have gone longest without progress.
 */
import type { ConnectionId, TorrentId } from '../contract.ts';
import type { Limits } from '../limits.ts';

/**
 * The least worth first. useless: neither side wants anything, or the peer has had its turn and did nothing with it.
 * waiting: one side wants something of the other and has not had its turn. taking and giving are useful: the peer takes
 * blocks from us, or gives us blocks, too.
 */
const standings = ['useless', 'waiting', 'taking', 'giving'] as const;
export type Standing = (typeof standings)[number];

export interface Place {
  readonly torrent: TorrentId;
  readonly household: string;
  readonly network: string;
  /** `keysOf` the place, kept for seats: each place is compared with many others. */
  readonly keys?: Keys;
}

export interface Seat extends Place {
  readonly connection: ConnectionId;
  readonly standing: Standing;
  /** Of a useful peer: when it came. Of others: when they came, or when their last trade ceased to count as recent. */
  readonly sinceMs: number;
  /** Bytes a second that a useful peer gives or takes; 0 of others. */
  readonly rate: number;
}

export interface Newcomer extends Place {
  /** What it may replace by rule 2: nothing, useless peers, or waiting peers, too. */
  readonly replaces: 'nothing' | 'useless' | 'waiting';
}

/** The most seats each table may have. */
export interface TableSizes {
  readonly all: number;
  readonly torrent: number;
  readonly household: number;
}

type Grace = Pick<Limits, 'seatGraceMs' | 'seatWaitMs' | 'seatTurnMs'>;

/**
 * The seats that have to be cleared for the newcomer: none when there is room in every table. Undefined: it is refused.
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

/** What matters where households do not. */
export type SeatInTorrent = Pick<Seat, 'torrent' | 'network' | 'standing' | 'sinceMs'>;

/** How many seats of a table with `size` could be cleared for a peer of this torrent, unless it lives in the crowd. */
export function replaceableCount(
  { torrent, replaces }: Pick<Newcomer, 'torrent' | 'replaces'>,
  seats: readonly SeatInTorrent[],
  size: number,
  grace: Grace,
  nowMs: number,
): number {
  // By rule 5 one seat becomes free, and the next when its new peer is useful, too.
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

/** Undefined when this torrent has all of them: no other has more. */
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

/** Rule 5: the network that holds more than half of a table with `size`, in which every seat is useful. */
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

/** Seats a torrent has; and of these, how many a network and a household have. */
class Shares {
  readonly #seats: readonly Seat[];
  /** Made with the first question: most newcomers are refused without one. */
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
   * Rule 3: level by level, the first that differs decides. One more than the newcomer's would only change places; the
   * next level decides then. So the sums of squares of the levels, in this order, only ever fall.
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

  /** Negative: `a` is worth less than `b`. */
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

/** In this order. */
const levels = ['torrent', 'network', 'household'] as const;
/** By which the seats of each level are counted. */
export type Keys = Readonly<Record<(typeof levels)[number], string>>;

export function keysOf({ torrent, network, household }: Omit<Place, 'keys'>): Keys {
  const inTorrent = `${torrent} ${network}`;
  return { torrent: `${torrent}`, network: inTorrent, household: `${inTorrent} ${household}` };
}
