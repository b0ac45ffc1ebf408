/**
 * Which peer leaves a full connection table, by the five rules of connection-table.ts, taken literally; and
 * the counts of seats, computed anew from a list of all connections.
 */
import {
  crowdOf,
  makeRoom,
  type Newcomer,
  replaceableCount,
  type Seat,
  type Standing,
} from '../../../client/engine/peers/connection-table.ts';
import { type Occupant, SharedBudget } from '../../../client/engine/peers/shared-budget.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import * as plain from '../world/place.ts';
import { differ, limitsWith, oneOf, type Part, rarely } from './part.ts';
import { drawHost } from './places.ts';

const standings: readonly Standing[] = ['useless', 'waiting', 'taking', 'giving'];
const isUseful = ({ standing }: Pick<Seat, 'standing'>) => standing === 'taking' || standing === 'giving';
const nowMs = 100_000;

interface Graces {
  readonly seatGraceMs: number;
  readonly seatWaitMs: number;
  readonly seatTurnMs: number;
}

function drawGrace(random: Prng): Graces {
  const seatGraceMs = 500 + random.below(2_000);
  const seatWaitMs = seatGraceMs + random.below(3_000);
  return { seatGraceMs, seatWaitMs, seatTurnMs: seatWaitMs + random.below(3_000) };
}

function drawPlace(random: Prng) {
  const network = random.below(3);
  return { torrent: random.below(2), network: `n${network}`, household: `h${network}${random.below(2)}` };
}

/** One kind of peer is more frequent than the others, so that tables of useful peers only occur. */
function drawSeat(random: Prng, connection: number, kinds: readonly Standing[]): Seat {
  const standing = oneOf(random, kinds);
  const rate = isUseful({ standing }) ? random.below(4) : 0;
  return { ...drawPlace(random), connection, standing, rate, sinceMs: nowMs - random.below(9_000) };
}

const holders = (seats: readonly Seat[], place: Pick<Seat, 'torrent' | 'network' | 'household'>) => [
  seats.filter(({ torrent }) => torrent === place.torrent).length,
  seats.filter(({ torrent, network }) => torrent === place.torrent && network === place.network).length,
  seats.filter(
    ({ torrent, network, household }) =>
      torrent === place.torrent && network === place.network && household === place.household,
  ).length,
];

/**
 * Rule 3: the first of torrent, network and household with a different share decides; shares that would be
 * equal after the change do not decide.
 */
function holdsMore(seats: readonly Seat[], seat: Seat, newcomer: Newcomer): boolean {
  const theirs = holders(seats, seat);
  const ours = holders(seats, newcomer);
  const isOther = [
    seat.torrent !== newcomer.torrent,
    seat.torrent !== newcomer.torrent || seat.network !== newcomer.network,
    seat.torrent !== newcomer.torrent ||
      seat.network !== newcomer.network ||
      seat.household !== newcomer.household,
  ];
  for (const [level, differs] of isOther.entries()) {
    if (!differs) continue;
    const afterwards = ours[level]! + 1;
    if (theirs[level]! > afterwards) return true;
    if (theirs[level]! < afterwards) return false;
  }
  return false;
}

function isOver(replaces: Newcomer['replaces'], { standing, sinceMs }: Seat, grace: Graces): boolean {
  const forMs = nowMs - sinceMs;
  if (replaces === 'nothing') return false;
  if (standing === 'useless') return forMs >= grace.seatGraceMs;
  return standing === 'waiting' && replaces === 'waiting' && forMs >= grace.seatWaitMs;
}

function crowdIn(seats: readonly Seat[], size: number): string | undefined {
  if (!seats.every(isUseful)) return undefined;
  const most = Math.ceil(size / 2);
  return seats.find(({ network }) => seats.filter((seat) => seat.network === network).length > most)?.network;
}

/** The least valuable seat; among seats of equal standing, one in the fullest shares. */
function leastOf(all: readonly Seat[], among: readonly Seat[]): Seat | undefined {
  const keyOf = (seat: Seat) => [
    standings.indexOf(seat.standing),
    ...holders(all, seat).map((count) => -count),
    ...[seat.rate, seat.sinceMs, seat.connection],
  ];
  return [...among].sort((a, b) => {
    const [of, than] = [keyOf(a), keyOf(b)];
    return of.map((value, i) => value - than[i]!).find((difference) => difference !== 0) ?? 0;
  })[0];
}

function modelRoom(newcomer: Newcomer, seats: readonly Seat[], sizes: readonly number[], grace: Graces) {
  const cleared: Seat[] = [];
  const isOf = [
    (seat: Seat) => seat.household === newcomer.household,
    (seat: Seat) => seat.torrent === newcomer.torrent,
    () => true,
  ];
  for (const [table, size] of sizes.entries()) {
    const here = seats.filter((seat) => isOf[table]!(seat) && !cleared.includes(seat));
    if (here.length < size) continue;
    const crowd = crowdIn(here, size);
    const mayLeave = here.filter((seat) => {
      if (!here.every(isUseful))
        return (
          !isUseful(seat) && (holdsMore(seats, seat, newcomer) || isOver(newcomer.replaces, seat, grace))
        );
      if (crowd !== undefined && crowd !== newcomer.network)
        return seat.network === crowd && holdsMore(seats, seat, newcomer);
      const hasHadItsTurn = seat.standing === 'taking' && nowMs - seat.sinceMs >= grace.seatTurnMs;
      return newcomer.replaces !== 'nothing' && hasHadItsTurn;
    });
    const least = leastOf(seats, mayLeave);
    if (least === undefined) return undefined;
    cleared.push(least);
  }
  return cleared;
}

const kindsOf: readonly (readonly Standing[])[] = [
  standings,
  ['useless', 'waiting'],
  ['taking', 'giving'],
  ['taking', 'taking', 'giving'],
];

function playRoom(random: Prng): string | undefined {
  for (let step = 0; step < 12; step++) {
    const grace = drawGrace(random);
    const kinds = oneOf(random, kindsOf);
    const count = 1 + random.below(9);
    const seats = Array.from({ length: count }, (_, i) => drawSeat(random, i + 1, kinds));
    const replaces = oneOf(random, ['nothing', 'useless', 'waiting'] as const);
    const newcomer = { ...drawPlace(random), replaces };
    // Full, or with room for one more; never above its number of seats.
    const sizeFor = (here: number) => Math.max(1, here + (rarely(random, 3) ? 1 : 0));
    const household = sizeFor(seats.filter((seat) => seat.household === newcomer.household).length);
    const torrent = sizeFor(seats.filter((seat) => seat.torrent === newcomer.torrent).length);
    const all = sizeFor(count);
    const sizes = [household, torrent, all];
    const found = makeRoom(newcomer, seats, { household, torrent, all }, grace, nowMs);
    const expected = modelRoom(newcomer, seats, sizes, grace);
    const numbers = (cleared: readonly Seat[] | undefined) =>
      cleared?.map(({ connection }) => connection).join();
    const wrong =
      differ('leave for a newcomer', numbers(found), numbers(expected)) ??
      differ('crowd', crowdOf(seats, all), crowdIn(seats, all)) ??
      judgeCount(newcomer, seats, all, grace);
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function judgeCount({ torrent, replaces }: Newcomer, seats: readonly Seat[], size: number, grace: Graces) {
  const sharesOf = (id: number) => seats.filter((seat) => seat.torrent === id).length;
  let expected = 0;
  if (seats.every(isUseful)) {
    const isTaker = ({ standing, sinceMs }: Seat) =>
      standing === 'taking' && nowMs - sinceMs >= grace.seatTurnMs;
    const mayTurn = replaces !== 'nothing' && seats.some(isTaker);
    expected = crowdIn(seats, size) !== undefined || mayTurn ? 1 : 0;
  } else {
    for (const seat of seats) {
      const isSurplus = sharesOf(seat.torrent) > sharesOf(torrent) + 1;
      if (isOver(replaces, seat, grace) || (!isUseful(seat) && isSurplus)) expected += 1;
    }
  }
  return differ(
    'may be replaced',
    replaceableCount({ torrent, replaces }, seats, size, grace, nowMs),
    expected,
  );
}

// Shared budget ---------------------------------------------------------------------------------------------

interface Known {
  readonly connection: number;
  readonly host: string;
  readonly torrent: number;
  readonly incoming: boolean;
  state: 'dialing' | 'unanswered' | 'knocking' | 'seated';
  sinceMs: number;
}

function playSeats(random: Prng): string | undefined {
  const limits = limitsWith({
    ...{ connectionsMax: 3 + random.below(5), connectionsPerTorrentMax: 2 + random.below(3) },
    ...{ connectionsPerHostMax: 1 + random.below(3), connectionsPerLoopbackMax: 2 + random.below(3) },
    ...{
      dialsMax: 1 + random.below(4),
      halfOpenMax: 3 + random.below(4),
      halfOpenPerHostMax: 1 + random.below(2),
    },
    ...{ answerGraceMs: 1_000, putOffMs: 1_000 + random.below(9_000) },
    ...drawGrace(random),
  });
  const budget = new SharedBudget(limits);
  let known: Known[] = [];
  const putOff = new Map<string, number>();
  const hosts = Array.from({ length: 2 + random.below(4) }, () => drawHost(random));
  let timeMs = nowMs;
  const isIn = (...states: Known['state'][]) => known.filter(({ state }) => states.includes(state));
  const perHostOf = (host: string) =>
    plain.householdOf(host) === '::1' || host.startsWith('127.') || host === '::1'
      ? limits.connectionsPerLoopbackMax
      : limits.connectionsPerHostMax;
  const isNear = (host: string) => (one: Known) => plain.householdOf(one.host) === plain.householdOf(host);
  /** Counts seats at a host, and dials to it. */
  const countOf = (host: string) => isIn('dialing', 'unanswered', 'seated').filter(isNear(host)).length;
  const standing = { standing: 'useless', sinceMs: 0, rate: 0 } as const;
  const end = (one: Known) => {
    if (one.state === 'seated') budget.leave(one.connection);
    else if (one.incoming) budget.endKnock(one.connection);
    else budget.endDial(one.connection, one.host);
    known = known.filter((other) => other !== one);
  };
  for (let connection = 1; connection < 40; connection++) {
    timeMs += random.below(700);
    const host = oneOf(random, hosts);
    const torrent = random.below(2);
    const one = known[random.below(Math.max(1, known.length))];
    let wrong: string | undefined;
    switch (random.below(5)) {
      case 0: {
        const overdue = isIn('unanswered').filter(
          ({ sinceMs }) => timeMs - sinceMs >= limits.answerGraceMs,
        ).length;
        const dials = isIn('dialing').length;
        const may =
          dials < limits.dialsMax && dials + isIn('unanswered').length - overdue < limits.halfOpenMax;
        wrong = differ('may dial', budget.mayDial(timeMs), may);
        if (!may) break;
        budget.dial(host);
        known.push({ connection, host, torrent, incoming: false, state: 'dialing', sinceMs: timeMs });
        break;
      }
      case 1: {
        const leaving = budget.knock(connection, host, timeMs);
        known.push({ connection, host, torrent, incoming: true, state: 'knocking', sinceMs: timeMs });
        if (leaving !== undefined) end(known.find((other) => other.connection === leaving)!);
        break;
      }
      case 2: {
        if (one?.state === 'dialing') {
          const leaving = budget.onDialConnected(one.connection, one.host, timeMs);
          one.state = 'unanswered';
          one.sinceMs = timeMs;
          if (leaving !== undefined) end(known.find((other) => other.connection === leaving)!);
        } else if (one?.state === 'knocking' || one?.state === 'unanswered') wrong = sitDown(one);
        break;
      }
      case 3: {
        if (one !== undefined && rarely(random, 2)) end(one);
        break;
      }
      default: {
        const inTorrent =
          limits.connectionsPerTorrentMax - isIn('seated').filter((s) => s.torrent === torrent).length;
        const inAll = limits.connectionsMax - isIn('seated').length;
        const dialing = isIn('dialing', 'unanswered').filter((other) => other.torrent === torrent).length;
        const allDialing = isIn('dialing', 'unanswered').length;
        const { places } = budget.placesToDial(torrent, dialing, () => 'useless', timeMs);
        // All are useless and have been for long: each may be replaced.
        const seats = isIn('seated').filter((seat) => inTorrent > 0 || seat.torrent === torrent).length;
        const expected =
          inTorrent > 0 && inAll > 0 ? Math.min(inTorrent - dialing, inAll - allDialing) : seats - dialing;
        wrong = differ('places to dial', places, expected);
      }
    }
    wrong ??=
      differ('connections', budget.connections, isIn('seated').length) ??
      differ('dials', budget.dials, isIn('dialing').length) ??
      differ('unanswered', budget.unanswered, isIn('unanswered').length) ??
      differ('half-open', budget.halfOpen, isIn('knocking').length) ??
      differ(`${host} is full`, budget.isHostFull(host), countOf(host) >= perHostOf(host));
    if (wrong !== undefined) return wrong;
  }
  return undefined;

  function sitDown(guest: Known): string | undefined {
    const { host, torrent } = guest;
    const seated = isIn('seated');
    const near = seated.filter(isNear(host));
    const isPutOff = (putOff.get(plain.householdOf(host)) ?? 0) > timeMs;
    const seats = seated.map(
      (seat): Seat => ({
        ...{ connection: seat.connection, torrent: seat.torrent, ...standing },
        ...{ household: plain.householdOf(seat.host), network: plain.networkOf(seat.host) },
      }),
    );
    const place = { torrent, household: plain.householdOf(host), network: plain.networkOf(host) };
    const replaces = isPutOff ? 'nothing' : 'waiting';
    const sizes = [perHostOf(host), limits.connectionsPerTorrentMax, limits.connectionsMax];
    const expected = modelRoom({ ...place, replaces }, seats, sizes, limits);
    const occupant: Occupant = { ...guest, standing: () => standing, makeRoom: () => {} };
    const found = budget.roomFor(occupant, () => 'waiting', timeMs);
    const numbers = (list: readonly { readonly connection: number }[] | undefined) =>
      list?.map(({ connection }) => connection).join();
    const wrong = differ(
      `make room for ${host}, of which there are ${near.length}`,
      numbers(found),
      numbers(expected),
    );
    if (wrong !== undefined || found === undefined) {
      end(guest);
      return wrong;
    }
    for (const { connection } of found) {
      const leaving = known.find((other) => other.connection === connection)!;
      budget.putOff(leaving, timeMs);
      const isHere = leaving.host === '::1' || leaving.host.startsWith('127.');
      if (!isHere) putOff.set(plain.householdOf(leaving.host), timeMs + limits.putOffMs);
      end(leaving);
    }
    budget.sit(occupant);
    guest.state = 'seated';
    return undefined;
  }
}

export const tables: readonly Part[] = [
  { name: 'room in tables', play: playRoom },
  { name: 'seats', play: playSeats },
];
