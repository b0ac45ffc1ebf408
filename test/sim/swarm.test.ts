import { describe, expect, it } from 'vitest';
import { homeLink } from './world/link.ts';
import type { SimPeer } from './world/peer.ts';
import { World } from './world/world.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const minuteMs = 60_000;

/** 8 MiB in 64 pieces: small enough to be quick, large enough that every policy matters. */
function smallWorld(seed: number, limits = {}): World {
  return new World({ seed, totalBytes: 8 * MiB - 4_321, pieceLength: 128 * KiB, limits });
}

function expectAllIdentical(peers: readonly SimPeer[]): void {
  for (const peer of peers) expect(peer.isIdentical).toBe(true);
}

describe('two engines in virtual time', () => {
  it.each([
    ['5 MiB and a bit', 5 * MiB + 12_345, 256 * KiB],
    ['one byte', 1, 16 * KiB],
    ['one block exactly', 16 * KiB, 16 * KiB],
    ['a last block of one byte', 32 * KiB + 1, 32 * KiB],
    ['a single large piece', 2 * MiB, 16 * MiB],
    ['pieces of one block', 512 * KiB, 16 * KiB],
    ['pieces of half a block', 512 * KiB - 5, 8 * KiB],
    ['pieces of 100 bytes', 100_001, 100],
    ['pieces of 32 MiB', 33 * MiB, 32 * MiB],
  ])('two peers complete a torrent of %s', (_, totalBytes, pieceLength) => {
    const world = new World({ seed: 1, totalBytes, pieceLength });
    const seed = world.join({ has: 'all' });
    const leech = world.join();
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(leech.status.wasted).toBe(0);
    expect(seed.status.uploaded).toBe(totalBytes);
  });

  it('the same seed gives the same end time and reports', () => {
    const run = () => {
      const world = smallWorld(7);
      world.join({ has: 'all' });
      world.join({ has: (piece) => piece % 2 === 0 });
      const leech = world.join();
      world.runUntilComplete([leech], minuteMs);
      return { atMs: world.scheduler.nowMs, reports: leech.reports };
    };
    expect(run()).toEqual(run());
  });

  it('peers that stop leave no buffer and no connection behind', () => {
    const world = smallWorld(8);
    const seed = world.join({ has: 'all' });
    const leech = world.join();
    world.runUntilComplete([leech], minuteMs);
    leech.stop();
    seed.stop();
    world.runUntil(() => leech.host.openCount + seed.host.openCount === 0, minuteMs);
    expect(leech.memory.outstanding).toBe(0);
    expect(leech.host.openCount + seed.host.openCount).toBe(0);
  });

  it('a download that is stopped halfway returns every buffer', () => {
    const world = smallWorld(9);
    world.join({ has: 'all' });
    const leech = world.join();
    world.runUntil(() => leech.status.haveCount > 10, minuteMs);
    leech.stop();
    world.runUntil(() => false, minuteMs);
    expect(leech.memory.outstanding).toBe(0);
  });
});

describe('many sources', () => {
  it('a leecher downloads from all seeds at once', () => {
    const world = smallWorld(2);
    const seeds = [1, 2, 3].map(() => world.join({ has: 'all' }));
    const leech = world.join({ link: { latencyMs: 20, up: 50_000, down: 50_000 } });
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    for (const seed of seeds) expect(seed.status.uploaded).toBeGreaterThan(MiB);
    expect(leech.status.wasted).toBeLessThan(leech.status.totalBytes / 50);
  });

  it('leechers serve each other: one seed uploads far less than all leechers download', () => {
    const world = smallWorld(3);
    const seed = world.join({ has: 'all' });
    const leeches = [1, 2, 3, 4, 5].map(() => world.join());
    expect(world.runUntilComplete(leeches, 5 * minuteMs)).toBe(true);
    expectAllIdentical(leeches);
    expect(seed.status.uploaded).toBeLessThan(3.5 * 8 * MiB);
  });

  it('two peers with complementary halves complete each other', () => {
    const world = smallWorld(4);
    const even = world.join({ has: (piece) => piece % 2 === 0 });
    const odd = world.join({ has: (piece) => piece % 2 === 1 });
    expect(world.runUntilComplete([even, odd], minuteMs)).toBe(true);
    expectAllIdentical([even, odd]);
  });

  it('a seed with fewer upload slots than leechers serves all of them in the end', () => {
    const world = smallWorld(5, { uploadSlotsMax: 1 });
    world.join({ has: 'all' });
    const leeches = [1, 2, 3, 4].map(() => world.join());
    expect(world.runUntilComplete(leeches, 10 * minuteMs)).toBe(true);
    expectAllIdentical(leeches);
  });

  it('two peers that dial each other keep one connection', () => {
    const world = smallWorld(6);
    const a = world.join({ has: 'all', usesTracker: false });
    const b = world.join({ usesTracker: false });
    a.dial(b);
    b.dial(a);
    expect(world.runUntilComplete([b], minuteMs)).toBe(true);
    expect(a.host.openCount).toBeLessThanOrEqual(1);
    expect(b.reportsOf('peer-connected').length).toBeLessThanOrEqual(2);
  });
});

describe('failing peers', () => {
  it('a seed that crashes halfway does not stop a leecher with another seed', () => {
    const world = smallWorld(11);
    const dying = world.join({ has: 'all' });
    world.join({ has: 'all' });
    const leech = world.join();
    world.runUntil(() => leech.status.haveCount > 16, minuteMs);
    dying.crash();
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
  });

  it('a seed that freezes costs a leecher with another seed less than 20 s', () => {
    const world = smallWorld(12);
    const frozen = world.join({ has: 'all' });
    world.join({ has: 'all' });
    const leech = world.join();
    world.runUntil(() => leech.status.haveCount > 16, minuteMs);
    frozen.freeze();
    const atMs = world.scheduler.nowMs;
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(world.scheduler.nowMs - atMs).toBeLessThan(20_000);
  });

  it('a seed a hundred times slower than another does not delay the end', () => {
    const world = smallWorld(13);
    world.join({ has: 'all' });
    world.join({ has: 'all', link: { ...homeLink, up: homeLink.up / 100 } });
    const leech = world.join();
    // The fast seed alone needs 3.4 s.
    expect(world.runUntilComplete([leech], 8_000)).toBe(true);
    expect(leech.status.wasted).toBeLessThan(leech.status.totalBytes / 20);
  });
});

describe('liars', () => {
  it('a liar among four seeds is found, dropped and not requested from again', () => {
    const world = smallWorld(21);
    const liar = world.join({ has: 'all', lies: true });
    for (let i = 0; i < 3; i++) world.join({ has: 'all' });
    const leech = world.join();
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    const dropped = leech.reportsOf('peer-dropped').filter((r) => r.reason === 'sent-corrupt-data');
    expect(dropped.length).toBeGreaterThanOrEqual(1);
    for (const { address } of dropped) expect(address.host).toBe(liar.address.host);
    expect(leech.status.wasted).toBeLessThan(4 * 128 * KiB);
  });

  it.each([31, 32, 33, 34, 35])(
    'a leecher completes from one honest seed and bans three liars (seed %i)',
    (seed) => {
      const world = smallWorld(seed);
      const liars = [1, 2, 3].map(() => world.join({ has: 'all', lies: true }));
      const honest = world.join({ has: 'all' });
      const leech = world.join();
      expect(world.runUntilComplete([leech], 2 * minuteMs)).toBe(true);
      expect(leech.isIdentical).toBe(true);
      const blamed = leech.reportsOf('peer-dropped').filter((r) => r.reason === 'sent-corrupt-data');
      expect(blamed.map((r) => r.address.host)).not.toContain(honest.address.host);
      expect(new Set(blamed.map((r) => r.address.host)).size).toBe(liars.length);
    },
  );

  it('leechers beside a liar never ban each other for its blocks', () => {
    const world = smallWorld(22);
    world.join({ has: 'all', lies: true });
    world.join({ has: 'all' });
    const leeches = [1, 2, 3].map(() => world.join());
    expect(world.runUntilComplete(leeches, 5 * minuteMs)).toBe(true);
    expectAllIdentical(leeches);
    const honest = new Set(leeches.map((l) => l.address.host));
    for (const leech of leeches) {
      for (const { reason, address } of leech.reportsOf('peer-dropped')) {
        if (reason === 'sent-corrupt-data') expect(honest.has(address.host)).toBe(false);
      }
    }
  });
});

describe('magnets', () => {
  it('a magnet receives the info dictionary from peers', () => {
    const world = smallWorld(71);
    world.join({ has: 'all' });
    const finder = world.join({ magnet: true });
    expect(world.runUntil(() => finder.reportsOf('metadata-received').length > 0, minuteMs)).toBe(true);
    const [found] = finder.reportsOf('metadata-received');
    expect(found!.infoBytes).toEqual(world.infoBytes);
    expect(found!.peers.length).toBeGreaterThan(0);
  });

  it.each([72, 73, 74])(
    'a peer with a wrong info dictionary is banned, and another is asked (seed %i)',
    (seed) => {
      const world = smallWorld(seed);
      const wrong = world.infoBytes.map((byte, i) => (i === 20_000 ? byte ^ 1 : byte));
      const liars = [1, 2, 3].map(() => world.join({ has: 'all', infoBytes: wrong }));
      world.join({ has: 'all' });
      const finder = world.join({ magnet: true });
      expect(world.runUntil(() => finder.reportsOf('metadata-received').length > 0, 5 * minuteMs)).toBe(true);
      expect(finder.reportsOf('metadata-received')[0]!.infoBytes).toEqual(world.infoBytes);
      const banned = finder.reportsOf('peer-dropped').filter((r) => r.reason === 'sent-corrupt-metadata');
      const lying = new Set(liars.map((l) => l.address.host));
      for (const { address } of banned) expect(lying.has(address.host)).toBe(true);
    },
  );

  it('a peer that claims more than 8 MiB of metadata is not asked for it', () => {
    const world = smallWorld(75);
    world.join({ has: 'all', infoBytes: new Uint8Array(8 * MiB + 1) });
    const finder = world.join({ magnet: true });
    expect(world.runUntil(() => finder.reportsOf('metadata-received').length > 0, minuteMs)).toBe(false);
  });
});

describe('trackers', () => {
  it('a tracker receives started, completed and stopped once each from a downloader', () => {
    const world = smallWorld(41);
    world.join({ has: 'all' });
    const leech = world.join();
    world.runUntilComplete([leech], minuteMs);
    world.runUntil(() => false, 1_000);
    leech.stop();
    world.runUntil(() => false, 1_000);
    const events = world.tracker.heard.filter((h) => h.peer === leech.address.host).map((h) => h.event);
    expect(events.filter((e) => e !== 'none')).toEqual(['started', 'completed', 'stopped']);
  });

  it('a seed never announces completed', () => {
    const world = smallWorld(42);
    const seed = world.join({ has: 'all' });
    const leech = world.join();
    world.runUntilComplete([leech], minuteMs);
    world.runUntil(() => false, 5 * minuteMs);
    const events = world.tracker.heard.filter((h) => h.peer === seed.address.host).map((h) => h.event);
    expect(events).not.toContain('completed');
  });

  it('a tracker that is down does not stop a running swarm, and is announced to again', () => {
    const world = smallWorld(43);
    world.join({ has: 'all' });
    const leech = world.join();
    world.runUntil(() => leech.status.haveCount > 5, minuteMs);
    world.tracker.isDown = true;
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    world.runUntil(() => false, 2 * minuteMs);
    world.tracker.isDown = false;
    const heard = world.tracker.heard.length;
    expect(world.runUntil(() => world.tracker.heard.length > heard, 31 * minuteMs)).toBe(true);
  });

  it('a tracker that is down from the start is retried with backoff', () => {
    const world = smallWorld(44);
    world.tracker.isDown = true;
    world.join({ has: 'all' });
    const leech = world.join();
    world.runUntil(() => false, 10 * minuteMs);
    expect(leech.reportsOf('tracker-failed').length).toBeLessThan(12);
    world.tracker.isDown = false;
    expect(world.runUntilComplete([leech], 40 * minuteMs)).toBe(true);
  });
});

describe('a peer without peers', () => {
  it('a peer without peers announces early at first, then at the regular interval', () => {
    const world = smallWorld(45);
    const leech = world.join();
    world.runUntil(() => false, 60 * minuteMs);
    const atMs = world.tracker.heard.map((h) => h.atMs);
    expect(atMs[1]! - atMs[0]!).toBeLessThan(minuteMs);
    // 61 regular announces in an hour at the simulated interval of 60 s, plus a few early ones.
    expect(leech.reportsOf('tracker-answered').length).toBeLessThan(70);
  });
});

describe('a failing disk', () => {
  it('a failing disk pauses the download with its reason, and the download resumes by itself afterwards', () => {
    const world = smallWorld(51);
    world.join({ has: 'all' });
    const leech = world.join();
    world.runUntil(() => leech.status.haveCount > 5, minuteMs);
    leech.temper.failing = 'ENOSPC';
    world.runUntil(() => leech.status.trouble !== undefined, minuteMs);
    expect(leech.status.trouble?.code).toBe('ENOSPC');
    const before = leech.status.downloaded;
    world.runUntil(() => false, minuteMs);
    // It retries now and then, and does not download the whole torrent in vain.
    expect(leech.status.downloaded - before).toBeLessThan(4 * 8 * MiB);
    leech.temper.failing = undefined;
    expect(world.runUntilComplete([leech], minuteMs)).toBe(true);
    expect(leech.isIdentical).toBe(true);
    expect(leech.status.trouble).toBeUndefined();
  });
});

it('connected peers are not dialed for hours, in either direction, also when trackers list them', () => {
  const world = smallWorld(61, { redialMaxMs: 20_000, dialFailuresMax: 2 });
  const half = (first: number) => ({ has: (piece: number) => piece % 2 === first, uploadBpsMax: 40_000 });
  // Too slow to complete within the test.
  const peers = [0, 1, 0, 1].map((first) => world.join({ ...half(first), downloadBpsMax: 500 }));
  world.runFor(5 * minuteMs);
  const dialsSoFar = peers.map((peer) => peer.reportsOf('dial-failed').length);
  const connections = peers.map((peer) => peer.reportsOf('peer-connected').length);
  world.runFor(90 * minuteMs);
  expect(peers.map((peer) => peer.status.complete)).toEqual([false, false, false, false]);
  expect(peers.map((peer) => peer.reportsOf('dial-failed').length)).toEqual(dialsSoFar);
  expect(peers.map((peer) => peer.reportsOf('peer-connected').length)).toEqual(connections);
});
