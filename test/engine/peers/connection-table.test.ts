/** Which peer makes room in a full table of peers. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { householdOf, networkOf } from '../../../client/engine/peers/address-groups.ts';
import {
  crowdOf,
  makeRoom,
  type Newcomer,
  replaceableCount,
  type Seat,
} from '../../../client/engine/peers/connection-table.ts';
import { HalfOpenTable } from '../../../client/engine/peers/half-open.ts';

const grace = { seatGraceMs: 20, seatWaitMs: 180, seatTurnMs: 300 };
const nowMs = 1_000;
const place = (host: string, torrent = 1) => ({
  torrent,
  household: householdOf(host),
  network: networkOf(host),
});

let connections = 0;
function seat(host: string, standing: Seat['standing'], agoMs: number, torrent = 1, rate = 0): Seat {
  connections += 1;
  return { ...place(host, torrent), connection: connections, standing, sinceMs: nowMs - agoMs, rate };
}

function newcomer(host: string, replaces: Newcomer['replaces'] = 'waiting', torrent = 1): Newcomer {
  return { ...place(host, torrent), replaces };
}

const sizes = (all: number, torrent = all, household = all) => ({ all, torrent, household });

describe('a full table of peers', () => {
  it('a peer that gives us blocks keeps its seat, however long it has been there', () => {
    const seats = Array.from({ length: 8 }, (_, i) => seat(`${10 + i}.9.9.9`, 'giving', 999));
    expect(makeRoom(newcomer('1.1.1.1'), seats, sizes(8), grace, nowMs)).toBeUndefined();
  });

  it('when all peers are useful, the one that has only taken for longest makes room once its turn is over', () => {
    const giving = seat('1.0.0.1', 'giving', 999);
    const long = seat('2.0.0.1', 'taking', 301);
    const short = seat('3.0.0.1', 'taking', 300);
    const room = (seats: Seat[], replaces?: Newcomer['replaces']) =>
      makeRoom(newcomer('4.0.0.1', replaces), seats, sizes(seats.length), grace, nowMs);
    expect(room([giving, short, long])).toEqual([long]);
    expect(room([short], 'useless')).toEqual([short]);
    expect(room([short], 'nothing')).toBeUndefined();
    expect(room([giving, seat('3.0.0.1', 'taking', 299)])).toBeUndefined();
    // The newcomers compete for the seat that is not useful.
    expect(room([long, seat('5.0.0.1', 'waiting', 0)])).toBeUndefined();
  });

  it('a full table has no crowded network while one of its seats is not useful', () => {
    const crowd = [seat('1.0.0.1', 'giving', 1), seat('1.0.0.2', 'giving', 1), seat('1.0.0.3', 'giving', 1)];
    const idle = seat('2.0.0.1', 'useless', 1);
    expect(crowdOf([...crowd, idle], 4)).toBeUndefined();
    expect(crowdOf([idle, ...crowd], 4)).toBeUndefined();
    expect(crowdOf([...crowd, seat('2.0.0.1', 'taking', 1)], 4)).toBe('1.0.0');
  });

  it('when all peers are useful and one has had its turn, one seat may be dialed for', () => {
    const count = (seats: Seat[], replaces: Newcomer['replaces'] = 'useless') =>
      replaceableCount({ torrent: 1, replaces }, seats, seats.length, grace, nowMs);
    const overdue = [seat('1.0.0.1', 'taking', 300), seat('2.0.0.1', 'taking', 300)];
    expect(count(overdue)).toBe(1);
    expect(count(overdue, 'nothing')).toBe(0);
    expect(count([...overdue, seat('3.0.0.1', 'waiting', 0)])).toBe(0);
    expect(count([seat('1.0.0.1', 'taking', 299), seat('2.0.0.1', 'giving', 999)])).toBe(0);
    expect(count([seat('1.0.0.1', 'giving', 0), seat('1.0.0.2', 'giving', 0)])).toBe(1);
  });

  it('a network with more than half of the seats loses one, even if all its peers are useful', () => {
    const crowd = [
      seat('9.9.9.1', 'giving', 999, 1, 500),
      seat('9.9.9.2', 'giving', 10, 1, 400),
      seat('9.9.9.3', 'giving', 10, 1, 900),
    ];
    const other = seat('1.0.0.1', 'giving', 999, 1, 1);
    const room = (seats: Seat[], who = newcomer('2.0.0.1', 'nothing')) =>
      makeRoom(who, seats, sizes(seats.length), grace, nowMs);
    expect(room([...crowd, other])).toEqual([crowd[1]]);
    const taking = seat('9.9.9.4', 'taking', 10, 1, 9_999);
    expect(room([other, crowd[0]!, taking, crowd[2]!])).toEqual([taking]);
    expect(room([crowd[0]!, crowd[1]!, other, seat('3.0.0.1', 'giving', 10)])).toBeUndefined();
    expect(room([...crowd, other], newcomer('9.9.9.9'))).toBeUndefined();
    // A network may hold the whole table while no other peer comes, and one peer a table of one seat.
    expect(room([crowd[0]!])).toBeUndefined();
    const ipv6 = [1, 2, 3].map((i) => seat(`2001:db8:7:${i}::1`, 'giving', 10, 1, i));
    expect(room(ipv6, newcomer('2001:db8:8::1'))).toEqual([ipv6[0]]);
    expect(room(ipv6, newcomer('2001:db8:7:9::1'))).toBeUndefined();
  });

  it('a network keeps half of the seats, however many newcomers there are', () => {
    for (const size of [1, 2, 3, 8, 9, 80]) {
      const seats = Array.from({ length: size }, (_, i) => seat(`9.9.9.${i}`, 'giving', 10, 1, i));
      for (let i = 0; i < 200; i++) {
        const [leaving] = makeRoom(newcomer(`${i}.0.0.1`), seats, sizes(size), grace, nowMs) ?? [];
        if (leaving !== undefined) seats[seats.indexOf(leaving)] = seat(`${i}.0.0.1`, 'giving', 10);
      }
      expect(seats.filter(({ network }) => network === '9.9.9')).toHaveLength(Math.ceil(size / 2));
    }
  });

  it('useless peers make room before waiting ones, and among them the one without progress for longest', () => {
    const waits = seat('1.0.0.1', 'waiting', 900);
    const older = seat('2.0.0.1', 'useless', 50);
    const younger = seat('3.0.0.1', 'useless', 40);
    const room = (seats: Seat[]) => makeRoom(newcomer('4.0.0.1'), seats, sizes(seats.length), grace, nowMs);
    expect(room([waits, younger, older])).toEqual([older]);
    expect(room([waits, younger])).toEqual([younger]);
    expect(room([waits])).toEqual([waits]);
  });

  it('a new peer is not replaced before its grace is over, and a waiting peer later than a useless one', () => {
    const room = (standing: Seat['standing'], agoMs: number, replaces?: Newcomer['replaces']) =>
      makeRoom(newcomer('4.0.0.1', replaces), [seat('1.0.0.1', standing, agoMs)], sizes(1), grace, nowMs);
    expect(room('useless', 19)).toBeUndefined();
    expect(room('useless', 20)).toHaveLength(1);
    expect(room('waiting', 179)).toBeUndefined();
    expect(room('waiting', 180)).toHaveLength(1);
    expect(room('waiting', 999, 'useless')).toBeUndefined();
    expect(room('useless', 999, 'nothing')).toBeUndefined();
  });

  it('an address, a network or a torrent with more than its share loses a seat at once', () => {
    const fresh = (host: string, torrent = 1) => seat(host, 'waiting', 0, torrent);
    const address = [fresh('1.0.0.1'), fresh('1.0.0.1'), fresh('2.0.0.1')];
    expect(makeRoom(newcomer('3.0.0.1', 'nothing'), address, sizes(3), grace, nowMs)).toEqual([address[0]]);
    const network = [fresh('2.0.0.1'), fresh('1.0.0.1'), fresh('1.0.0.2')];
    expect(makeRoom(newcomer('3.0.0.1', 'nothing'), network, sizes(3), grace, nowMs)).toEqual([network[1]]);
    const torrent = [fresh('1.0.0.1', 2), fresh('2.0.0.1', 2), fresh('3.0.0.1', 3)];
    const other = newcomer('3.0.0.1', 'nothing', 4);
    expect(makeRoom(other, torrent, sizes(3), grace, nowMs)).toEqual([torrent[0]]);
    const even = [fresh('1.0.0.1'), fresh('2.0.0.1'), fresh('3.0.0.1')];
    expect(makeRoom(newcomer('4.0.0.1'), even, sizes(3), grace, nowMs)).toBeUndefined();
  });

  it('a newcomer with more than its share gets no seat', () => {
    const seats = [
      seat('1.0.0.1', 'waiting', 0),
      seat('1.0.0.1', 'waiting', 0),
      seat('2.0.0.1', 'waiting', 0),
    ];
    expect(makeRoom(newcomer('1.0.0.1'), seats, sizes(3), grace, nowMs)).toBeUndefined();
  });

  it('a seat is cleared in each full table, and none when one table stays full', () => {
    const own = seat('1.0.0.1', 'useless', 50, 2);
    const torrents = seat('2.0.0.1', 'useless', 50);
    expect(makeRoom(newcomer('1.0.0.1'), [own, torrents], sizes(9, 1, 1), grace, nowMs)).toEqual([
      own,
      torrents,
    ]);
    const useful = seat('1.0.0.1', 'taking', 50, 2);
    expect(makeRoom(newcomer('1.0.0.1'), [useful, torrents], sizes(9, 1, 1), grace, nowMs)).toBeUndefined();
  });

  it('exchanges of seats by share end, in any order in which replaced peers return', () => {
    const host = fc.constantFrom('1.0.0.1', '1.0.0.2', '1.0.1.1', '2.0.0.1', '2.0.0.2', '3.0.0.1');
    const arrivals = fc.array(fc.tuple(host, fc.integer({ min: 1, max: 3 })), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(arrivals, arrivals, (first, then) => {
        const seats = first.map(([at, torrent]) => seat(at, 'waiting', 0, torrent));
        const outside = then.map(([at, torrent]) => newcomer(at, 'nothing', torrent));
        let exchanges = 0;
        for (let quiet = 0; quiet < outside.length; ) {
          const next = outside.shift()!;
          const left = makeRoom(next, seats, sizes(seats.length), grace, nowMs);
          if (left === undefined) {
            outside.push(next);
            quiet += 1;
            continue;
          }
          quiet = 0;
          exchanges += 1;
          seats.splice(seats.indexOf(left[0]!), 1);
          seats.push({
            ...left[0]!,
            torrent: next.torrent,
            household: next.household,
            network: next.network,
          });
          outside.push({
            ...next,
            torrent: left[0]!.torrent,
            household: left[0]!.household,
            network: left[0]!.network,
          });
          expect(exchanges).toBeLessThan(50);
        }
      }),
    );
  });
});

describe('the table of half-open connections', () => {
  /** The connections listed after all have entered, by number. */
  function remaining(max: number, perHouseholdMax: number, hosts: readonly string[]): number[] {
    const table = new HalfOpenTable(max);
    const here = new Set<number>();
    for (const [connection, host] of hosts.entries()) {
      const leaving = table.enter(connection, host, perHouseholdMax, connection);
      here.add(connection);
      if (leaving === undefined) continue;
      table.leave(leaving);
      here.delete(leaving);
    }
    expect(table.size).toBe(here.size);
    return [...here];
  }

  it('the oldest half-open connection of an address makes room when the address has its share', () => {
    expect(remaining(9, 2, ['1.0.0.1', '2.0.0.1', '1.0.0.1', '1.0.0.1'])).toEqual([1, 2, 3]);
  });

  it('the oldest half-open connection of the largest network makes room when the table is full', () => {
    expect(remaining(3, 9, ['1.0.0.1', '2.0.0.1', '2.0.0.2', '3.0.0.1'])).toEqual([0, 2, 3]);
    expect(remaining(2, 9, ['1.0.0.1', '2.0.0.1', '3.0.0.1'])).toEqual([1, 2]);
  });
});

describe('groups of addresses', () => {
  it('a household is an IPv4 address or IPv6 /64, and a network an IPv4 /24 or IPv6 /48', () => {
    expect([householdOf('10.1.2.3'), networkOf('10.1.2.3')]).toEqual(['10.1.2.3', '10.1.2']);
    expect(householdOf('2001:db8:1:2::5')).toBe(householdOf('2001:db8:1:2:a:b:c:d'));
    expect(householdOf('2001:db8:1:2::5')).not.toBe(householdOf('2001:db8:1:3::5'));
    expect(networkOf('2001:db8:1:2::5')).toBe(networkOf('2001:db8:1:3::5'));
    expect(networkOf('2001:db8:1:2::5')).not.toBe(networkOf('2001:db8:2:2::5'));
    expect([householdOf('::1'), networkOf('::1')]).toEqual(['0:0:0:0', '0:0:0']);
  });
});
