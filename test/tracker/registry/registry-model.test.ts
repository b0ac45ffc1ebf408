/**
 * The registry against a simple model, a map of maps. After any sequence of announces both hold the same
 * peers, and every reply keeps the rules.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { packAddress } from '../../../tracker/protocol/address.ts';
import { swarmWorld } from './swarm-world.ts';

const timeoutSeconds = 250;

const step = fc.record({
  torrent: fc.constantFrom('a', 'b', 'c'),
  host: fc.oneof(
    fc.nat(30).map((n) => `198.51.100.${n}`),
    fc.nat(5).map((n) => `10.0.0.${n}`),
    fc.nat(10).map((n) => `2001:db8::${n + 1}`),
    fc.constantFrom('127.0.0.1', '127.0.0.2'),
  ),
  port: fc.integer({ min: 1, max: 3 }),
  left: fc.constantFrom(0, 0, 7),
  uploaded: fc.constantFrom(0, 1, 1),
  event: fc.constantFrom('started', 'completed', 'stopped', undefined, undefined),
  numWant: fc.constantFrom(0, 1, 3, 10, 50, 200),
  random: fc.nat(1000),
  // Long waits are rare, so that swarms grow before they expire.
  waitMs: fc.oneof(
    { weight: 20, arbitrary: fc.constant(100) },
    { weight: 1, arbitrary: fc.constant(120_000) },
  ),
});

const homeAddress = '203.0.113.1';

/**
 * The tracker's address that the peer used: loopback, its private address, or its public one. With a router
 * at home (`isHome`), outside peers arrive at the private address.
 */
function ownAddressFor(host: string, isHome: boolean): string {
  if (host.startsWith('127.')) return '127.0.0.1';
  if (host.includes(':')) return '2001:db8:ffff::1';
  return host.startsWith('10.') || isHome ? '10.255.0.1' : homeAddress;
}

/** The endpoint under which the asking peer can reach a peer; empty if it cannot. */
function nameOf(peer: string, asker: string, via: string, isHome: boolean): string[] {
  const port = peer.split('/')[1];
  const isOutside = !asker.startsWith('127.') && !asker.startsWith('10.');
  if (peer.startsWith('127.') && !asker.startsWith('127.'))
    return [`${isOutside && isHome && via.startsWith('10.') ? homeAddress : via}/${port}`];
  if (peer.startsWith('10.') && isOutside) return isHome ? [`${homeAddress}/${port}`] : [];
  return [peer];
}

it('the registry holds the same peers as the model and lists the right ones in each reply', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 300, size: 'max' }),
      fc.boolean(),
      (steps, isHome) => {
        const externalAddresses = isHome ? { ipv4: packAddress(homeAddress)! } : {};
        const world = swarmWorld({
          ...{ intervalSeconds: 100, peerTimeoutSeconds: timeoutSeconds, externalAddresses },
        });
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

          const via = ownAddressFor(host, isHome);
          const peers = world.peersFor(`${host}/${port}`, { torrent, left, uploaded, event, numWant, via });

          const swarm = model.get(torrent) ?? new Map();
          model.set(torrent, swarm);
          const self = `${host}/${port}`;
          if (event === 'stopped') swarm.delete(self);
          else swarm.set(self, { isSeed: left === 0, seen: Math.floor(world.nowMs / 1000) });

          const nameFor = (peer: string) => nameOf(peer, host, via, isHome);
          const eligible = [...swarm]
            .filter(([peer, { isSeed }]) => peer !== self && !(left === 0 && isSeed))
            .flatMap(([peer]) => nameFor(peer));
          // A seed that has transferred nothing may be a magnet without metadata. If leechers are few, seeds
          // are listed too.
          const others = [...swarm].filter(([peer]) => peer !== self).flatMap(([peer]) => nameFor(peer));
          const mayBeMagnet = left === 0 && uploaded === 0 && event !== 'completed';
          const few = mayBeMagnet ? Math.min(5, others.length) : 0;
          const wanted = event === 'stopped' ? 0 : Math.min(numWant, Math.max(eligible.length, few));
          expect(peers).toHaveLength(wanted);
          // Two peers on the tracker's machine may appear under one address to others; no peer is listed
          // twice.
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
      },
    ),
    { numRuns: 40 },
  );
});
