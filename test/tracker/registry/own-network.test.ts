/**
 * Peers in the tracker's own network: replies contain an address that the asking peer can dial, or omit them.
 */
import { describe, expect, it } from 'vitest';
import { checkExternalAddresses } from '../../../tracker/http/addresses/external-address.ts';
import { packAddress } from '../../../tracker/protocol/address.ts';
import { parseAnnounceReply, replyEndpoints } from '../../../tracker/protocol/announce-reply.ts';
import { decodeSwarms, encodeSwarm } from '../../../tracker/registry/snapshot.ts';
import { startTracker } from '../../../tracker/server.ts';
import { announceQuery } from '../tracker-fixtures.ts';
import { hashOf, swarmWorld } from './swarm-world.ts';

const seed = { left: 0, uploaded: 1 };
const home = '203.0.113.7';
const home6 = '2001:db8:7::7';
const atHome = { externalAddresses: checkExternalAddresses([home]) };
const outsider = '198.51.100.9/1';

describe('a peer in the tracker`s own network', () => {
  const insiders = ['192.168.1.20/1', '10.1.2.3/2', '172.20.0.5/3'];

  it('an inside peer is listed to outsiders under the external address', () => {
    for (const insider of insiders) {
      const world = swarmWorld(atHome);
      world.announce(insider, seed);
      const port = insider.split('/')[1];
      expect(world.peersFor(outsider, { via: '192.168.1.5' })).toEqual([`${home}/${port}`]);
      expect(world.peersFor('2001:db8::9/1')).toContain(`${home}/${port}`);
    }
  });

  it('an inside peer is hidden from outsiders if the tracker has no external address, and other peers are not', () => {
    const world = swarmWorld();
    for (const insider of [...insiders, '169.254.3.4/4', '100.64.9.9/5', 'fd00::20/6', 'fe80::1/7'])
      world.announce(insider, seed);
    world.announce('192.0.2.1/8', seed);
    expect(world.peersFor(outsider, { via: '203.0.113.200' })).toEqual(['192.0.2.1/8']);
    expect(world.peersFor('2001:db8::9/9', { numWant: 50 })).toEqual(['192.0.2.1/8', outsider].sort());
  });

  it('an inside peer is listed to other inside peers under its own address', () => {
    for (const options of [{}, atHome]) {
      const world = swarmWorld(options);
      world.announce('192.168.1.20/1', seed);
      for (const asker of ['192.168.1.21/2', '10.0.0.4/2', 'fd00::4/2', '127.0.0.1/2', '100.64.1.1/2'])
        expect(world.peersFor(asker), asker).toContain('192.168.1.20/1');
    }
  });

  it('an inside peer is listed under its own address to a peer that asks from the external address, behind the same router', () => {
    const world = swarmWorld(atHome);
    world.announce('192.168.1.20/1', seed);
    expect(world.peersFor(`${home}/2`)).toEqual(['192.168.1.20/1']);
  });

  it("an inside peer is listed under its own address to a peer in the tracker's IPv6 network", () => {
    const world = swarmWorld();
    world.announce('192.168.1.20/1', seed);
    expect(world.peersFor('2001:db8:5:5::20/2', { via: '2001:db8:5:5::1' })).toEqual(['192.168.1.20/1']);
    expect(world.peersFor('2001:db8:5:6::20/2', { via: '2001:db8:5:5::1' })).not.toContain('192.168.1.20/1');
  });

  it('a peer with a carrier-grade NAT, link-local or unique local address is listed to inside peers only', () => {
    const world = swarmWorld(atHome);
    for (const insider of ['100.64.9.9/5', '169.254.3.4/4', 'fd00::20/6']) world.announce(insider, seed);
    expect(world.peersFor(outsider)).toEqual([]);
    expect(world.peersFor('192.168.1.2/1')).toHaveLength(4);
  });

  it('an inside peer is counted, becomes a seed and leaves the swarm like an outside peer', () => {
    const world = swarmWorld();
    world.announce('192.168.1.20/1');
    expect(world.counts()).toMatchObject({ complete: 0, incomplete: 1 });
    world.announce('192.168.1.20/1', { ...seed, event: 'completed' });
    expect(world.counts()).toMatchObject({ complete: 1, incomplete: 0, downloaded: 1 });
    world.announce('192.168.1.20/1', { event: 'stopped' });
    expect(world.registry.counts).toMatchObject({ torrents: 0, seeds: 0 });
  });

  it('an inside peer is subject to the limit per address like an outside peer', () => {
    const world = swarmWorld({ peersPerAddressAndTorrentMax: 2 });
    const warnings = [1, 2, 3].map((port) => world.announce(`192.168.1.20/${port}`).warning !== undefined);
    expect(warnings).toEqual([false, false, true]);
  });

  it('an inside peer is restored from a snapshot and listed to the same peers as before', () => {
    const before = swarmWorld(atHome);
    const all = [
      '192.168.1.20/1',
      '192.0.2.1/2',
      '100.64.9.9/3',
      '127.0.0.1/4',
      'fd00::20/5',
      '2001:db8::6/6',
    ];
    for (const [n, peer] of all.entries()) before.announce(peer, n % 2 === 0 ? seed : {});
    const bytes = Buffer.concat([...before.registry.saved(0)].map(encodeSwarm));
    const after = swarmWorld(atHome);
    expect(after.registry.restore(decodeSwarms(bytes)!, { nowMs: 0, downMs: 0 })).toBe(all.length);
    expect(after.counts()).toEqual(before.counts());
    for (const asker of [outsider, '192.168.1.9/9', '127.0.0.1/9', '2001:db8::9/9'])
      expect(after.peersFor(asker, { via: '192.168.1.5' }), asker).toEqual(
        before.peersFor(asker, { via: '192.168.1.5' }),
      );
  });
});

describe('a peer on the tracker`s machine', () => {
  it("a peer on the tracker's machine is listed under the external address to an outsider behind a router", () => {
    const world = swarmWorld({ externalAddresses: checkExternalAddresses([home, home6]) });
    world.announce('127.0.0.1/7', seed);
    expect(world.peersFor(outsider, { via: '192.168.1.5' })).toEqual([`${home}/7`]);
    expect(world.peersFor(outsider)).toEqual([`${home}/7`]);
    expect(world.peersFor('2001:db8::9/1')).toContain(`${home6}/7`);
  });

  it("a peer on the tracker's machine is listed under the global address at which an outsider reached the tracker", () => {
    const world = swarmWorld(atHome);
    world.announce('127.0.0.1/7', seed);
    expect(world.peersFor(outsider, { via: '192.0.2.77' })).toEqual(['192.0.2.77/7']);
  });

  it("a peer on the tracker's machine is hidden from outsiders if only private addresses are known", () => {
    const world = swarmWorld();
    world.announce('127.0.0.1/7', seed);
    expect(world.peersFor(outsider, { via: '192.168.1.5' })).toEqual([]);
    expect(world.peersFor('192.168.1.8/1', { via: '192.168.1.5' })).toContain('192.168.1.5/7');
  });
});

it('a running tracker lists an inside seed to outsiders under its configured external address', async () => {
  for (const externalAddresses of [[], [home, home6]]) {
    const tracker = await startTracker({ port: 0, trustedProxies: ['127.0.0.1'], externalAddresses });
    try {
      const ask = async (from: string, port: number, fields: string) => {
        const url = `${tracker.announceUrl}?${announceQuery(hashOf('album'), port, fields)}`;
        const response = await fetch(url, { headers: { 'x-forwarded-for': from } });
        const reply = parseAnnounceReply(new Uint8Array(await response.arrayBuffer()));
        if (!('peers' in reply)) throw new Error('refused');
        return replyEndpoints(reply);
      };
      await ask('192.168.1.20', 7001, '&left=0');
      await ask('[fd00::20]:4000', 7002, '&left=0');
      expect(await ask('198.51.100.9', 7003, '&left=5')).toEqual(
        externalAddresses.length === 0 ? [] : [{ host: home, port: 7001 }],
      );
      expect(await ask('192.168.1.30', 7004, '&left=5')).toHaveLength(3);
    } finally {
      await tracker.close();
    }
  }
});

describe('an external address', () => {
  it('an external address is a global IPv4 or IPv6 address, at most one of each', () => {
    expect(checkExternalAddresses([])).toEqual({});
    expect(checkExternalAddresses([home6, home])).toEqual({
      ipv4: packAddress(home),
      ipv6: packAddress(home6),
    });
  });

  it('an external address that outside hosts cannot dial is refused, with the reason', () => {
    for (const [texts, why] of [
      [['music.example.org'], /no IP address/],
      [['203.0.113.7:6969'], /no IP address/],
      [['[2001:db8::1]'], /no IP address/],
      [['2001:db8::1%eth0'], /no IP address/],
      [[''], /no IP address/],
      [['192.168.1.5'], /one network only/],
      [['fd00::1'], /one network only/],
      [['127.0.0.1'], /machine itself/],
      [['100.64.1.1'], /provider/],
      [['0.0.0.0'], /no host/],
      [['224.0.0.1'], /no host/],
      [[home, '203.0.113.8'], /second IPv4/],
    ] as const)
      expect(() => checkExternalAddresses(texts), texts.join()).toThrow(
        expect.objectContaining({ code: 'external-address-invalid', message: expect.stringMatching(why) }),
      );
  });
});
