/**
 * The registry against the simplest thing that could be right: a map of maps. Whatever happens in whatever order, both
 * hold the same peers, and every reply keeps the rules.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { swarmWorld } from './swarm-world.ts';

const timeoutSeconds = 250;

const step = fc.record({
  torrent: fc.constantFrom('a', 'b', 'c'),
  host: fc.oneof(
    fc.nat(30).map((n) => `10.0.0.${n}`),
    fc.nat(10).map((n) => `2001:db8::${n + 1}`),
    fc.constantFrom('127.0.0.1', '127.0.0.2'),
  ),
  port: fc.integer({ min: 1, max: 3 }),
  left: fc.constantFrom(0, 0, 7),
  uploaded: fc.constantFrom(0, 1, 1),
  event: fc.constantFrom('started', 'completed', 'stopped', undefined, undefined),
  numWant: fc.constantFrom(0, 1, 3, 10, 50, 200),
  random: fc.nat(1000),
  // Seldom long: swarms must grow before they expire.
  waitMs: fc.oneof(
    { weight: 20, arbitrary: fc.constant(100) },
    { weight: 1, arbitrary: fc.constant(120_000) },
  ),
});

it('holds the peers it should and tells each asker of the right ones', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 300, size: 'max' }), (steps) => {
      const world = swarmWorld({ intervalSeconds: 100, peerTimeoutSeconds: timeoutSeconds });
      const model = new Map<string, Map<string, { isSeed: boolean; seen: number }>>();
      for (const { torrent, host, port, left, uploaded, event, numWant, random, waitMs } of steps) {
        world.nowMs += waitMs;
        world.random = (bound) => random % bound;
        world.registry.expire(world.nowMs);
        for (const swarm of model.values()) {
          for (const [peer, { seen }] of swarm) {
            if (seen < Math.floor(world.nowMs / 1000) - timeoutSeconds) swarm.delete(peer);
          }
        }

        const isIpv6 = host.includes(':');
        const via = host.startsWith('127.') ? '127.0.0.1' : isIpv6 ? '2001:db8:ffff::1' : '10.255.0.1';
        const peers = world.peersFor(`${host}/${port}`, { torrent, left, uploaded, event, numWant, via });

        const swarm = model.get(torrent) ?? new Map();
        model.set(torrent, swarm);
        const self = `${host}/${port}`;
        if (event === 'stopped') swarm.delete(self);
        else swarm.set(self, { isSeed: left === 0, seen: Math.floor(world.nowMs / 1000) });

        // Under the address by which this asker would reach it.
        const nameFor = (peer: string) =>
          peer.startsWith('127.') && !host.startsWith('127.') ? `${via}/${peer.split('/')[1]}` : peer;
        const eligible = [...swarm]
          .filter(([peer, { isSeed }]) => peer !== self && !(left === 0 && isSeed))
          .map(([peer]) => nameFor(peer));
        // A seed that has done nothing yet may be a magnet: where leechers are few, seeds make up for them.
        const others = [...swarm].filter(([peer]) => peer !== self).map(([peer]) => nameFor(peer));
        const mayBeMagnet = left === 0 && uploaded === 0 && event !== 'completed';
        const few = mayBeMagnet ? Math.min(5, others.length) : 0;
        const wanted = event === 'stopped' ? 0 : Math.min(numWant, Math.max(eligible.length, few));
        expect(peers).toHaveLength(wanted);
        // Two peers on the tracker's machine may have one name for others; no peer is told twice.
        const rest = mayBeMagnet && eligible.length < 5 ? others : [...eligible];
        for (const peer of peers) {
          expect(rest).toContain(peer);
          rest.splice(rest.indexOf(peer), 1);
        }

        const everybody = [...model.values()].flatMap((peersOf) => [...peersOf.values()]);
        const seeds = everybody.filter(({ isSeed }) => isSeed).length;
        expect(world.registry.counts).toMatchObject({
          torrents: [...model.values()].filter(({ size }) => size > 0).length,
          seeds,
          leechers: everybody.length - seeds,
        });
        const complete = [...swarm.values()].filter(({ isSeed }) => isSeed).length;
        expect(world.counts(torrent)).toMatchObject({ complete, incomplete: swarm.size - complete });
      }
    }),
    { numRuns: 40 },
  );
});
