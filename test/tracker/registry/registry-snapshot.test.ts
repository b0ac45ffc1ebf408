/**
 * Swarms as bytes and back: only peers past the timeout are lost, and invalid bytes are refused as a whole.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSwarms, encodeSwarm } from '../../../tracker/registry/snapshot.ts';
import type { Registry } from '../../../tracker/registry.ts';
import { hashOf, type SwarmWorld, swarmWorld } from './swarm-world.ts';

const bytesOf = (registry: Registry, nowMs: number) =>
  Buffer.concat([...registry.saved(nowMs)].map(encodeSwarm));

/** The tracker stops, and starts again after `downMs` with a monotonic clock that begins at 0. */
function restarted(before: SwarmWorld, downMs = 0, options = {}): { world: SwarmWorld; restored: number } {
  const world = swarmWorld(options);
  const swarms = decodeSwarms(bytesOf(before.registry, before.nowMs))!;
  const restored = world.registry.restore(swarms, { nowMs: 0, downMs });
  return { world, restored };
}

describe('a registry that starts with a snapshot', () => {
  it("a restored registry lists all peers: IPv4, IPv6 and those of the tracker's own machine", () => {
    const before = swarmWorld();
    for (const from of ['10.0.0.1/7001', '2001:db8::1/7002', '127.0.0.1/7003'])
      before.announce(from, { left: 0 });
    before.announce('10.0.0.9/7009', { left: 5 });
    const { world, restored } = restarted(before);
    expect(restored).toBe(4);
    expect(world.counts()).toEqual({ complete: 3, incomplete: 1, downloaded: 0 });
    const heard = world.peersFor('10.0.0.2/7004', { via: '10.0.0.100', left: 5 });
    expect(heard).toEqual(['10.0.0.1/7001', '10.0.0.9/7009', '10.0.0.100/7003', '2001:db8::1/7002'].sort());
  });

  it('a restored registry continues to count completed downloads', () => {
    const before = swarmWorld();
    before.announce('10.0.0.1/7001', { left: 5 });
    before.announce('10.0.0.1/7001', { left: 0, event: 'completed' });
    const { world } = restarted(before);
    expect(world.counts()).toEqual({ complete: 1, incomplete: 0, downloaded: 1 });
    world.announce('10.0.0.1/7001', { left: 0, event: 'completed' });
    expect(world.counts().downloaded).toBe(1);
  });

  it('a restored peer that stays silent is dropped when it would have been dropped without the restart', () => {
    const options = { intervalSeconds: 100, peerTimeoutSeconds: 200 };
    const before = swarmWorld(options);
    before.announce('10.0.0.1/7001');
    before.nowMs = 90_000;
    before.announce('10.0.0.2/7002');
    const { world } = restarted(before, 30_000, options);
    expect(world.registry.expire(80_000)).toBe(0);
    expect(world.registry.expire(81_000)).toBe(1);
    expect(world.peersFor('10.0.0.3/7003')).toEqual(['10.0.0.2/7002']);
    expect(world.registry.expire(171_000)).toBe(1);
  });

  it('a restored registry lists no peer that was silent for the timeout, including the downtime', () => {
    const options = { intervalSeconds: 100, peerTimeoutSeconds: 200 };
    const before = swarmWorld(options);
    before.announce('10.0.0.1/7001');
    before.nowMs = 90_000;
    before.announce('10.0.0.2/7002');
    const { world, restored } = restarted(before, 150_000, options);
    expect(restored).toBe(1);
    expect(world.registry.counts).toMatchObject({ torrents: 1, leechers: 1 });
  });

  it('restored peers count towards the limit of their address', () => {
    const before = swarmWorld();
    for (const port of [7001, 7002]) before.announce(`10.0.0.1/${port}`);
    const { world } = restarted(before, 0, { peersPerAddressMax: 2 });
    expect(world.announce('10.0.0.1/7003', { torrent: 'other' }).warning).toContain('too many torrents');
    expect(world.announce('10.0.0.2/7003', { torrent: 'other' }).warning).toBeUndefined();
  });

  it('a restored registry applies its current limits, which may be lower than those of the snapshot', () => {
    const before = swarmWorld();
    for (let n = 1; n <= 9; n++)
      before.announce(`10.0.0.${n}/7001`, { torrent: n < 6 ? 'album' : `single ${n}` });
    expect(restarted(before, 0, { peersMax: 4 }).restored).toBe(4);
    expect(restarted(before, 0, { peersPerTorrentMax: 2 }).restored).toBe(6);
    expect(restarted(before, 0, { torrentsMax: 1 }).restored).toBe(5);
    expect(restarted(before, 0, { peersPerAddressMax: 0 }).restored).toBe(0);
  });

  it('a peer that a snapshot contains twice is restored once', () => {
    const before = swarmWorld();
    before.announce('10.0.0.1/7001');
    const bytes = bytesOf(before.registry, 0);
    const world = swarmWorld();
    expect(
      world.registry.restore(decodeSwarms(Buffer.concat([bytes, bytes]))!, { nowMs: 0, downMs: 0 }),
    ).toBe(1);
  });

  it('a snapshot made while peers come and go contains every peer that stayed', () => {
    const before = swarmWorld();
    for (let n = 0; n < 50; n++) before.announce(`10.0.0.${n}/7001`, { torrent: `album ${n}` });
    const parts: Uint8Array[] = [];
    for (const swarm of before.registry.saved(0)) {
      parts.push(encodeSwarm(swarm));
      const n = parts.length;
      before.announce(`10.0.1.${n}/7001`, { torrent: `new ${n}`, event: n > 20 ? 'stopped' : undefined });
      before.announce(`10.0.0.${49 - (n % 10)}/7001`, {
        torrent: `album ${49 - (n % 10)}`,
        event: 'stopped',
      });
    }
    const world = swarmWorld();
    world.registry.restore(decodeSwarms(Buffer.concat(parts))!, { nowMs: 0, downMs: 0 });
    for (let n = 0; n < 40; n++) expect(world.counts(`album ${n}`).incomplete).toBe(1);
  });
});

it('a snapshot survives reading and writing, and a truncated swarm is refused', () => {
  const peer = fc.record({
    host: fc.constantFrom('10.0.0.1', '10.0.0.2', '2001:db8::7', '127.0.0.1'),
    port: fc.integer({ min: 1, max: 65535 }),
    torrent: fc.constantFrom('a', 'b', 'c'),
    left: fc.nat(1),
    waitMs: fc.nat(100_000),
  });
  fc.assert(
    fc.property(fc.array(peer, { minLength: 1, maxLength: 40 }), fc.nat(), (peers, cut) => {
      const before = swarmWorld({ peerTimeoutSeconds: 1e6, peersPerAddressAndTorrentMax: 1000 });
      for (const { host, port, waitMs, ...what } of peers) {
        before.nowMs += waitMs;
        before.announce(`${host}/${port}`, what);
      }
      const bytes = bytesOf(before.registry, before.nowMs);
      const { world } = restarted(before, 0, { peerTimeoutSeconds: 1e6 });
      for (const torrent of ['a', 'b', 'c']) expect(world.counts(torrent)).toEqual(before.counts(torrent));
      const swarms = decodeSwarms(bytes)!;
      expect(Buffer.concat(swarms.map(encodeSwarm))).toEqual(bytes);
      const torn = decodeSwarms(bytes.subarray(0, cut % bytes.length));
      // A cut between two swarms leaves whole ones; the file's HMAC detects it.
      if (torn !== undefined) expect(torn.length).toBeLessThan(swarms.length);
    }),
    { numRuns: 100 },
  );
});

it('invalid bytes as a snapshot neither throw nor allocate more than they hold', () => {
  const huge = Buffer.alloc(20 + 4 + 24 + 8);
  hashOf('album').forEach((byte, at) => void (huge[at] = byte));
  huge.writeUInt32BE(0xffff_ffff, 28);
  expect(decodeSwarms(huge)).toBeUndefined();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const swarms = decodeSwarms(bytes) ?? [];
      swarmWorld().registry.restore(swarms, { nowMs: 0, downMs: 0 });
    }),
    { numRuns: 500 },
  );
});

describe('a registry that begins without peers', () => {
  const options = { intervalSeconds: 900, gatheringSeconds: 990 };

  it('a registry that starts empty asks downloaders to announce soon, and seeds at their interval', () => {
    const world = swarmWorld(options);
    expect(world.announce('10.0.0.1/7001', { left: 5 }).intervalSeconds).toBe(180);
    expect(world.announce('10.0.0.2/7002', { left: 0 }).intervalSeconds).toBe(900);
    world.nowMs = 989_000;
    expect(world.announce('10.0.0.3/7003', { left: 5 }).intervalSeconds).toBe(180);
    world.nowMs = 990_000;
    expect(world.announce('10.0.0.1/7001', { left: 5 }).intervalSeconds).toBe(900);
  });

  it('a registry that starts empty never asks for a longer interval', () => {
    const world = swarmWorld({ intervalSeconds: 60, gatheringSeconds: 990 });
    expect(world.announce('10.0.0.1/7001', { left: 5 }).intervalSeconds).toBe(60);
  });

  it('a registry with restored peers asks for its usual interval', () => {
    const before = swarmWorld(options);
    before.announce('10.0.0.1/7001', { left: 0 });
    expect(restarted(before, 0, options).world.announce('10.0.0.2/7002').intervalSeconds).toBe(900);
  });
});
