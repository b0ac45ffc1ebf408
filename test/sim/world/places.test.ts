/** Which hosts can connect, by which address family and through whose router. */
import { describe, expect, it } from 'vitest';
import { addressText, packAddress } from '../../../tracker/protocol/address.ts';
import { householdOf, housePlace, lonePlace, type Place } from './place.ts';
import { World } from './world.ts';

const KiB = 1024;
const minuteMs = 60_000;

function worldOf(seedPlace: Place, ...others: Place[]) {
  const world = new World({ seed: 3, totalBytes: 100 * KiB, pieceLength: 16 * KiB });
  const seed = world.join({ has: 'all', place: seedPlace });
  return { world, seed, others: others.map((place) => world.join({ place })) };
}

describe('families of addresses', () => {
  it('peers of different address families cannot connect, but exchange pieces through a peer with both', () => {
    const { world, others } = worldOf(lonePlace(1, 'ipv6'), lonePlace(2, 'ipv4'));
    expect(world.runUntilComplete(others, 5 * minuteMs)).toBe(false);
    world.join({ place: lonePlace(3, 'both') });
    expect(world.runUntilComplete(world.peers, 10 * minuteMs)).toBe(true);
  });

  it('a tracker distinguishes address families and lists peers of both', () => {
    const { world, others } = worldOf(lonePlace(1, 'both'), lonePlace(2, 'both'), lonePlace(3, 'ipv4'));
    expect(world.runUntilComplete(others, 5 * minuteMs)).toBe(true);
    expect(new Set(world.tracker.heard.map(({ peer }) => peer.includes(':')))).toEqual(
      new Set([true, false]),
    );
  });

  it('a peer cannot announce to a tracker that has only the other address family', () => {
    const { world, others } = worldOf(lonePlace(1, 'ipv4'));
    world.tracker.families = 'ipv4';
    others.push(world.join({ place: lonePlace(2, 'ipv6') }));
    world.runFor(5 * minuteMs);
    expect(world.tracker.heard.some(({ peer }) => peer.includes(':'))).toBe(false);
    expect(others[0]!.isComplete).toBe(false);
  });

  it('simulated addresses have their usual text', () => {
    const places = [lonePlace(1, 'both'), lonePlace(70_000, 'both'), housePlace(7, 300, 'both', false)];
    for (const { host } of places.flatMap(({ addresses }) => addresses))
      expect(addressText(packAddress(host)!)).toBe(host);
  });
});

describe('a house with one address', () => {
  const behind = (member: number, hairpin = false) => housePlace(0, member, 'both', hairpin);

  it('hosts behind one address are one household in both families', () => {
    const [a, b] = [behind(0), behind(1)];
    expect(a.addresses[0].host).toBe(b.addresses[0].host);
    expect(a.addresses[0].port).not.toBe(b.addresses[0].port);
    expect(householdOf(a.addresses[1]!.host)).toBe(householdOf(b.addresses[1]!.host));
    expect(a.addresses[1]!.host).not.toBe(b.addresses[1]!.host);
  });

  it('all hosts of a house can download from outside', () => {
    const ipv4 = (member: number) => housePlace(0, member, 'ipv4', false);
    const { world, others } = worldOf(lonePlace(1, 'ipv4'), ipv4(0), ipv4(1), ipv4(2));
    expect(world.runUntilComplete(others, minuteMs)).toBe(true);
  });

  it.each([true, false])(
    'hosts of one house reach each other only when its router hairpins (%s)',
    (hairpin) => {
      const ipv4 = (member: number) => housePlace(0, member, 'ipv4', hairpin);
      const { world, others } = worldOf(ipv4(0), ipv4(1));
      expect(world.runUntilComplete(others, 5 * minuteMs)).toBe(hairpin);
    },
  );

  it('a partition blocks a single host of a house', () => {
    const { world, seed, others } = worldOf(
      lonePlace(1, 'ipv4'),
      housePlace(0, 0, 'ipv4', false),
      housePlace(0, 1, 'ipv4', false),
    );
    world.partition([seed], [others[0]!]);
    world.runFor(minuteMs);
    expect(others.map((peer) => peer.isComplete)).toEqual([false, true]);
  });
});
