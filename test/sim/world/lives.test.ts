/**
 * Hosts that crash, freeze and restart, and disks and trackers that fail. The production engine runs in all
 * of them.
 */
import { describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type SimPeer, torrent } from './peer.ts';
import { World } from './world.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const minuteMs = 60_000;

function smallWorld(seed: number): World {
  return new World({ seed, totalBytes: 8 * MiB - 4_321, pieceLength: 128 * KiB });
}

/** A seed, and a leecher that has downloaded a part. */
function halfWay(seed: number): { world: World; leech: SimPeer } {
  const world = smallWorld(seed);
  world.join({ has: 'all' });
  const leech = world.join();
  expect(world.runUntil(() => leech.reportsOf('piece-stored').length > 30, minuteMs)).toBe(true);
  return { world, leech };
}

function recorded({ platter }: SimPeer): PieceIndex[] {
  return [...platter.content.geometry.pieces()].filter((pieceIndex) => platter.isRecorded(pieceIndex));
}

describe('killed and stopped programs', () => {
  it('a killed program resumes from its disk and downloads no stored piece again', () => {
    const { world, leech } = halfWay(1);
    leech.crash();
    expect(leech.isAlive).toBe(false);
    const stored = leech.reportsOf('piece-stored').length;
    world.runFor(10_000);
    leech.restart();
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(leech.lives).toBe(2);
    expect(leech.reportsOf('piece-stored').length).toBe(world.geometry.pieceCount);
    expect(stored).toBeGreaterThan(30);
  });

  it('a killed program does nothing more, also with facts on their way to it', () => {
    const { world, leech } = halfWay(2);
    leech.crash();
    const before = leech.reports.length;
    world.runFor(minuteMs);
    expect(leech.reports).toHaveLength(before);
  });

  it('a start that is interrupted by a power cut does not use what it had hashed', () => {
    const { world, leech } = halfWay(2);
    leech.crash();
    leech.restart();
    leech.crash({ power: true });
    world.runFor(minuteMs);
    expect(leech.isAlive).toBe(false);
    leech.restart();
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(leech.lives).toBe(2);
  });

  it('a program that stopped regularly has recorded and synced all its pieces', () => {
    const { world, leech } = halfWay(3);
    leech.leave();
    world.runFor(2_000);
    expect(leech.isAlive).toBe(false);
    expect(recorded(leech)).toHaveLength(leech.reportsOf('piece-stored').length);
    expect(recorded(leech).every((pieceIndex) => leech.platter.isSynced(pieceIndex))).toBe(true);
  });
});

describe('a power cut', () => {
  it.each([1, 2, 3, 4, 5])(
    'a power cut takes no recorded piece, and the rest is downloaded again (seed %i)',
    (seed) => {
      const { world, leech } = halfWay(seed);
      world.runFor(seed * 150);
      leech.crash({ power: true });
      for (const pieceIndex of recorded(leech)) expect(leech.platter.isRight(pieceIndex)).toBe(true);
      world.runFor(5_000);
      leech.restart();
      expect(world.runUntilComplete([leech], 5 * minuteMs)).toBe(true);
      expect(leech.isIdentical).toBe(true);
    },
  );

  it('a power cut after failed fsyncs leaves an older, correct record', () => {
    const world = smallWorld(6);
    world.join({ has: 'all' });
    const leech = world.join();
    leech.temper.syncErrorPpm = 1_000_000;
    world.runUntilComplete([leech], minuteMs);
    expect(recorded(leech)).toEqual([]);
    leech.crash({ power: true });
    leech.temper.syncErrorPpm = 0;
    leech.restart();
    expect(world.runUntilComplete([leech], 2 * minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
  });

  it('a power cut soon after a start takes no piece that was found by hashing and recorded since', () => {
    const { world, leech } = halfWay(7);
    leech.crash();
    leech.restart();
    world.runUntil(() => leech.isAlive, minuteMs);
    world.runFor(5_000);
    leech.crash({ power: true });
    for (const pieceIndex of recorded(leech)) expect(leech.platter.isRight(pieceIndex)).toBe(true);
  });
});

describe('a frozen program', () => {
  it('a frozen program continues after the thaw and completes', () => {
    const { world, leech } = halfWay(11);
    leech.freeze();
    world.runFor(5_000);
    expect(leech.isComplete).toBe(false);
    leech.thaw();
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
  });

  it('a program frozen for an hour finds its connections gone and completes', () => {
    const { world, leech } = halfWay(12);
    leech.freeze();
    world.runFor(60 * minuteMs);
    leech.thaw();
    expect(world.runUntilComplete([leech], 30 * minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
  });
});

describe('clocks', () => {
  it('a clock that jumps by hours again and again stops no download', () => {
    const { world, leech } = halfWay(13);
    for (let i = 0; i < 5; i++) {
      leech.jumpClock(3 * 60 * minuteMs);
      world.runFor(200);
    }
    expect(world.runUntilComplete([leech], 20 * minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
  });

  it('a clock refuses to go back', () => {
    const { leech } = halfWay(14);
    expect(() => leech.jumpClock(-1)).toThrow('never goes back');
  });
});

describe('faulty disks', () => {
  it.each([
    ['reads that fail', { readErrorPpm: 100_000 }],
    ['reads that end early', { shortReadPpm: 100_000 }],
    ['writes that fail', { writeErrorPpm: 100_000 }],
    ['latency', { readMs: 80, storeMs: 300, jitterMs: 500 }],
  ])('a swarm on disks with %s is slower and completes', (_, temper) => {
    const world = smallWorld(21);
    world.join({ has: 'all', disk: temper });
    const leeches = [world.join({ disk: temper }), world.join({ disk: temper })];
    expect(world.runUntilComplete(leeches, 30 * minuteMs)).toBe(true);
    for (const leech of leeches) expect(leech.isIdentical).toBe(true);
  });

  it('a disk that sometimes returns wrong bytes corrupts no other peer, and only its host is blamed', () => {
    const world = smallWorld(22);
    const bad = world.join({ has: 'all', disk: { wrongReadPpm: 20_000 } });
    world.join({ has: 'all' });
    const leech = world.join();
    expect(world.runUntilComplete([leech], 10 * minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    const blamed = leech.reportsOf('peer-dropped').filter((r) => r.reason === 'sent-corrupt-data');
    for (const { address } of blamed) expect(address.host).toBe(bad.address.host);
  });

  it('a full disk stops a download until there is room', () => {
    const world = smallWorld(23);
    world.join({ has: 'all' });
    const leech = world.join({ disk: { freeBytes: 2 * MiB } });
    expect(world.runUntilComplete([leech], 2 * minuteMs)).toBe(false);
    expect(leech.status.trouble?.code).toBe('ENOSPC');
    expect(leech.status.haveBytes).toBeLessThanOrEqual(2 * MiB);
    leech.temper.freeBytes = 100 * MiB;
    expect(world.runUntilComplete([leech], 2 * minuteMs)).toBe(true);
  });

  it('a disk that loses acknowledged writes makes a complete download differ from the original', () => {
    const world = smallWorld(24);
    world.join({ has: 'all' });
    const leech = world.join({ disk: { lostWritePpm: 1_000_000 } });
    world.runUntilComplete([leech], minuteMs);
    expect(leech.isComplete && !leech.isIdentical).toBe(true);
  });
});

describe('faulty trackers', () => {
  it.each(['down', 'refusing'] as const)(
    'peers find a tracker that was %s at first once it is up',
    (mood) => {
      const world = smallWorld(31);
      world.tracker.mood = mood;
      world.join({ has: 'all' });
      const leech = world.join();
      expect(world.runUntilComplete([leech], 2 * minuteMs)).toBe(false);
      world.heal();
      expect(world.runUntilComplete([leech], 30 * minuteMs)).toBe(true);
    },
  );

  it('a tracker with a round trip of 31 s counts as silent, one with 29 s does not', () => {
    for (const [roundTripMs, isFound] of [
      [31_000, false],
      [29_000, true],
    ] as const) {
      const world = smallWorld(32);
      world.tracker.roundTripMs = roundTripMs;
      world.join({ has: 'all' });
      const leech = world.join();
      expect(world.runUntilComplete([leech], 5 * minuteMs)).toBe(isFound);
    }
  });

  it('a tracker restarted empty knows all peers again after an interval', () => {
    const world = smallWorld(33);
    for (let i = 0; i < 5; i++) world.join({ has: 'all' });
    world.runFor(10_000);
    expect(world.tracker.counts.seeds).toBe(5);
    world.tracker.restart();
    expect(world.tracker.counts.seeds).toBe(0);
    world.runFor(3 * minuteMs);
    expect(world.tracker.counts.seeds).toBe(5);
  });

  it('a tracker that lists 200 dead addresses costs time only', () => {
    const world = smallWorld(34);
    world.internet.unknownAddresses = 'silent';
    world.tracker.distort = (answer) => ({
      ...answer,
      peers: [
        ...Array.from({ length: 200 }, (_, i) => ({ host: `192.168.1.${i}`, port: 1 })),
        ...answer.peers,
      ],
    });
    world.join({ has: 'all' });
    const leech = world.join();
    expect(world.runUntilComplete([leech], 60 * minuteMs)).toBe(true);
  });
});

describe('a world', () => {
  const story = (seed: number) => {
    const world = smallWorld(seed);
    const rough = {
      latencyMs: 30,
      up: 800,
      down: 2_000,
      jitterMs: 20,
      lossPpm: 20_000,
      resetPpm: 500,
      recut: true,
    };
    world.join({ has: 'all', link: rough });
    const peers = [1, 2, 3, 4].map(() =>
      world.join({ link: rough, disk: { jitterMs: 20, writeErrorPpm: 10_000 } }),
    );
    const [a, b, c] = peers as [SimPeer, SimPeer, SimPeer];
    world.runFor(2_000);
    const end = world.partition([a], [b, c], { oneWay: true });
    world.clog(b, 3_000);
    c.crash({ power: true });
    world.runFor(4_000);
    end();
    a.jumpClock(10_000);
    world.heal();
    const isDone = world.runUntilComplete(peers, 10 * minuteMs);
    return { isDone, hash: world.trace.hash, events: world.scheduler.events, atMs: world.nowMs };
  };

  it('one seed gives one run, also with faults', () => {
    const first = story(41);
    expect(first.isDone).toBe(true);
    for (let i = 0; i < 3; i++) expect(story(41)).toEqual(first);
    expect(story(42).hash).not.toBe(first.hash);
  });

  it('heal brings all crashed and frozen hosts and trackers back', () => {
    const world = smallWorld(43);
    const seed = world.join({ has: 'all' });
    const leeches = [world.join(), world.join()];
    world.runFor(1_000);
    seed.crash();
    leeches[0]!.freeze();
    world.partition(world.peers, world.peers);
    world.tracker.mood = 'down';
    world.runFor(minuteMs);
    world.heal();
    expect(world.runUntilComplete(leeches, 30 * minuteMs)).toBe(true);
  });

  it('a watcher is called for every turn, report and crash', () => {
    const world = smallWorld(44);
    const seed = world.join({ has: 'all' });
    const seen = { turns: 0, stored: 0, crashed: [] as SimPeer[] };
    world.watch({
      onTurn: () => seen.turns++,
      onReport: (_, report) => (seen.stored += report.type === 'piece-stored' ? 1 : 0),
      onCrash: (peer) => seen.crashed.push(peer),
    });
    const leech = world.join();
    world.runUntilComplete([leech], minuteMs);
    seed.crash();
    expect(seen.turns).toBeGreaterThan(500);
    expect(seen).toMatchObject({ stored: world.geometry.pieceCount, crashed: [seed] });
    expect(leech.engine.status(torrent)!.complete).toBe(true);
  });
});
