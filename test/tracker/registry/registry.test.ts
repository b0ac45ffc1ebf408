import { describe, expect, it } from 'vitest';
import { addressText } from '../../../tracker/protocol/address.ts';
import { Registry } from '../../../tracker/registry.ts';
import { hashOf, swarmWorld } from './swarm-world.ts';

const seed = { left: 0, uploaded: 1 };

describe('a swarm', () => {
  it('a reply lists the other peers and never the asking peer', () => {
    const world = swarmWorld();
    expect(world.peersFor('10.0.0.1/1')).toEqual([]);
    expect(world.peersFor('10.0.0.2/2')).toEqual(['10.0.0.1/1']);
    expect(world.peersFor('10.0.0.1/1')).toEqual(['10.0.0.2/2']);
  });

  it('peers of one torrent are not listed in another', () => {
    const world = swarmWorld();
    world.announce('10.0.0.1/1', { torrent: 'one' });
    expect(world.peersFor('10.0.0.2/2', { torrent: 'other' })).toEqual([]);
  });

  it('a peer is one record per address and port, however often it announces', () => {
    const world = swarmWorld();
    for (let time = 0; time < 5; time++) world.announce('10.0.0.1/1', { peerId: hashOf(`id ${time}`) });
    expect(world.counts()).toMatchObject({ complete: 0, incomplete: 1 });
    expect(world.registry.counts).toMatchObject({ torrents: 1, leechers: 1 });
  });

  it('two clients behind one address are separate peers by their ports', () => {
    const world = swarmWorld();
    world.announce('10.0.0.1/1');
    expect(world.peersFor('10.0.0.1/2')).toEqual(['10.0.0.1/1']);
  });

  it('a reply to a seed lists no seeds', () => {
    const world = swarmWorld();
    world.announce('10.0.0.1/1', seed);
    world.announce('10.0.0.2/2');
    expect(world.peersFor('10.0.0.3/3', seed)).toEqual(['10.0.0.2/2']);
    expect(world.peersFor('10.0.0.1/1', seed)).toEqual(['10.0.0.2/2']);
    expect(world.peersFor('10.0.0.2/2')).toEqual(['10.0.0.1/1', '10.0.0.3/3']);
  });

  it('a reply to a partial seed lists no seeds, and it counts as a leecher', () => {
    const world = swarmWorld();
    world.announce('10.0.0.1/1', seed);
    world.announce('10.0.0.2/2');
    expect(world.peersFor('10.0.0.3/3', { left: 7, event: 'paused' })).toEqual(['10.0.0.2/2']);
    expect(world.counts()).toMatchObject({ complete: 1, incomplete: 2 });
  });

  it('a reply to a seed that has transferred no byte lists five seeds, because it may be a magnet without metadata', () => {
    const world = swarmWorld();
    for (let n = 0; n < 100; n++) world.announce(`10.0.0.${n}/1`, seed);
    const silent = { left: 0, uploaded: 0, downloaded: 0 };
    expect(world.peersFor('10.9.9.9/1', { ...silent, event: 'started' })).toHaveLength(5);
    expect(world.peersFor('10.9.9.9/1', { ...silent, numWant: 2 })).toHaveLength(2);
    expect(world.peersFor('10.9.9.9/1', { ...silent, downloaded: 1 })).toEqual([]);
    expect(world.peersFor('10.9.9.9/1', { ...silent, event: 'completed' })).toEqual([]);
    // Leechers can give it the metadata too, and need it more if it is a seed after all.
    for (let n = 0; n < 9; n++) world.announce(`10.1.0.${n}/1`);
    const named = world.peersFor('10.9.9.9/1', silent);
    expect(named).toHaveLength(9);
    expect(named.every((peer) => peer.startsWith('10.1.'))).toBe(true);
  });

  it('a peer that completes becomes a seed, and a leecher again if it must download again', () => {
    const world = swarmWorld();
    world.announce('10.0.0.1/1');
    world.announce('10.0.0.1/1', { left: 0, event: 'completed' });
    expect(world.counts()).toEqual({ complete: 1, incomplete: 0, downloaded: 1 });
    world.announce('10.0.0.1/1', { left: 5 });
    expect(world.counts()).toEqual({ complete: 0, incomplete: 1, downloaded: 1 });
  });

  it('a completion counts once per peer, and not at all for a peer that lacks something', () => {
    const world = swarmWorld();
    world.announce('10.0.0.1/1', { left: 0, event: 'completed' });
    world.announce('10.0.0.1/1', { left: 0, event: 'completed' });
    world.announce('10.0.0.2/2', { left: 9, event: 'completed' });
    world.announce('10.0.0.3/3', { left: 0, event: 'started' });
    expect(world.counts().downloaded).toBe(1);
  });

  it('a peer that stops is dropped at once, and its reply lists no peers', () => {
    const world = swarmWorld();
    world.announce('10.0.0.1/1', seed);
    world.announce('10.0.0.2/2');
    expect(world.peersFor('10.0.0.2/2', { event: 'stopped' })).toEqual([]);
    expect(world.counts()).toMatchObject({ complete: 1, incomplete: 0 });
    expect(world.peersFor('10.0.0.3/3')).toEqual(['10.0.0.1/1']);
  });

  it('a peer whose first announce is `stopped` is not added', () => {
    const world = swarmWorld();
    world.announce('10.0.0.1/1', { event: 'stopped' });
    expect(world.registry.counts).toMatchObject({ torrents: 0, seeds: 0, leechers: 0 });
  });

  it('a reply lists as many peers as requested, at most 200', () => {
    const world = swarmWorld();
    for (let n = 0; n < 300; n++) world.announce(`10.0.${n >> 8}.${n & 255}/1`);
    expect(world.peersFor('10.9.9.9/1', { numWant: 0 })).toHaveLength(0);
    expect(world.peersFor('10.9.9.9/1', { numWant: 7 })).toHaveLength(7);
    expect(new Set(world.peersFor('10.9.9.9/1', { numWant: 5000 })).size).toBe(200);
  });

  it('a reply to a leecher lists seeds and leechers in equal parts if there are enough of both', () => {
    const world = swarmWorld();
    for (let n = 0; n < 100; n++) world.announce(`10.0.0.${n}/1`, seed);
    for (let n = 0; n < 1000; n++) world.announce(`10.1.${n >> 8}.${n & 255}/1`);
    const seeds = (peers: string[]) => peers.filter((peer) => peer.startsWith('10.0.')).length;
    expect(seeds(world.peersFor('10.9.9.9/1', { numWant: 50 }))).toBe(25);
    world.announce('10.9.9.9/1', { event: 'stopped' });
    const scarce = swarmWorld();
    scarce.announce('10.0.0.1/1', seed);
    for (let n = 0; n < 1000; n++) scarce.announce(`10.1.${n >> 8}.${n & 255}/1`);
    expect(seeds(scarce.peersFor('10.9.9.9/1', { numWant: 50 }))).toBe(1);
  });

  it('every peer of a swarm is listed with the same probability, for any kind of address', () => {
    const world = swarmWorld();
    for (let n = 1; n <= 20; n++) {
      world.announce(`10.0.0.${n}/1`);
      world.announce(`127.0.0.1/${n}`);
    }
    const told = new Map<string, number>();
    for (let first = 0; first < 39; first++) {
      world.random = (bound) => first % bound;
      for (const peer of world.peersFor('127.0.0.1/1', { numWant: 10 }))
        told.set(peer, (told.get(peer) ?? 0) + 1);
    }
    expect([...told.values()]).toEqual(Array(39).fill(10));
  });
});

describe('addresses', () => {
  it("a reply lists peers of both address families, the asking peer's own family first", () => {
    const world = swarmWorld();
    for (let n = 1; n <= 4; n++) {
      world.announce(`10.0.0.${n}/1`);
      world.announce(`2001:db8::${n}/1`);
    }
    expect(world.peersFor('10.9.9.9/1', { numWant: 4 }).every((peer) => peer.startsWith('10.'))).toBe(true);
    expect(world.peersFor('2001:db8::9/1', { numWant: 4 }).every((peer) => peer.startsWith('2001:'))).toBe(
      true,
    );
    expect(world.peersFor('10.9.9.9/1')).toHaveLength(9);
  });

  it('an IPv4-mapped IPv6 address is the same peer as the IPv4 address', () => {
    const world = swarmWorld();
    world.announce('::ffff:10.0.0.1/1');
    world.announce('10.0.0.1/1');
    expect(world.counts().incomplete).toBe(1);
  });

  it("a reply contains the asking peer's external address, except for loopback", () => {
    const world = swarmWorld();
    expect(addressText(world.announce('10.0.0.1/1').externalAddress!)).toBe('10.0.0.1');
    expect(addressText(world.announce('2001:db8::1/1').externalAddress!)).toBe('2001:db8::1');
    expect(world.announce('127.0.0.1/1').externalAddress).toBeUndefined();
  });
});

describe('a peer on the tracker`s own machine', () => {
  it("a peer on the tracker's own machine is listed to others under the address at which they reached the tracker", () => {
    const world = swarmWorld();
    world.announce('127.0.0.1/7', seed);
    expect(world.peersFor('192.168.1.20/1', { via: '192.168.1.5' })).toEqual(['192.168.1.5/7']);
    expect(world.peersFor('172.16.0.20/1', { via: '172.16.0.1' })).toContain('172.16.0.1/7');
    expect(world.peersFor('2001:db8::20/1', { via: '2001:db8::5' })).toContain('2001:db8::5/7');
  });

  it("a peer on the tracker's own machine is listed as 127.0.0.1 to others on that machine", () => {
    const world = swarmWorld();
    world.announce('127.0.0.1/7', seed);
    expect(world.peersFor('127.0.0.1/8', { via: '127.0.0.1' })).toEqual(['127.0.0.1/7']);
    expect(world.peersFor('::1/9', { via: '::1' })).toEqual(['127.0.0.1/7', '127.0.0.1/8']);
  });

  it("a peer on the tracker's own machine is one peer, by ::1 or by 127.0.0.1", () => {
    const world = swarmWorld();
    world.announce('127.0.0.1/7');
    expect(world.peersFor('::1/7')).toEqual([]);
    expect(world.counts().incomplete).toBe(1);
  });

  it("a peer on the tracker's own machine is left out if the tracker's address is unknown behind a proxy", () => {
    const world = swarmWorld();
    world.announce('127.0.0.1/7', seed);
    world.announce('10.0.0.2/2');
    expect(world.peersFor('10.0.0.1/1')).toEqual(['10.0.0.2/2']);
  });

  it("a peer on the tracker's own machine is not listed to itself when it asks from its outer address", () => {
    const world = swarmWorld();
    world.announce('127.0.0.1/7');
    expect(world.peersFor('192.168.1.5/7', { via: '192.168.1.5' })).toEqual([]);
  });

  it("a peer on the tracker's own machine receives other peers under their own addresses", () => {
    const world = swarmWorld();
    world.announce('192.168.1.20/1', { via: '192.168.1.5' });
    expect(world.peersFor('127.0.0.1/7')).toEqual(['192.168.1.20/1']);
  });
});

describe('time', () => {
  it('a peer that is silent for the timeout is dropped, and one that announces is kept', () => {
    const world = swarmWorld({ intervalSeconds: 100, peerTimeoutSeconds: 250 });
    world.announce('10.0.0.1/1');
    world.announce('10.0.0.2/2');
    world.nowMs = 200_000;
    world.announce('10.0.0.1/1');
    world.nowMs = 250_000;
    expect(world.registry.expire(world.nowMs)).toBe(0);
    world.nowMs = 251_000;
    expect(world.registry.expire(world.nowMs)).toBe(1);
    expect(world.peersFor('10.0.0.3/3')).toEqual(['10.0.0.1/1']);
  });

  it('no more than 20,000 peers are dropped at once, so that announces do not wait', () => {
    const world = swarmWorld({ intervalSeconds: 100, peerTimeoutSeconds: 250, peersPerTorrentMax: 30_000 });
    for (let n = 0; n < 20_010; n++) world.announce(`10.0.${n >> 8}.${n & 255}/1`, { numWant: 0 });
    expect(world.registry.expire(251_000)).toBe(20_000);
    expect(world.registry.expire(251_000)).toBe(10);
  });

  it('a torrent is forgotten with its last peer, unless it is kept', () => {
    const world = swarmWorld({ intervalSeconds: 100, peerTimeoutSeconds: 250 });
    world.registry.keep(hashOf('kept'));
    for (const torrent of ['kept', 'other']) {
      world.announce('10.0.0.1/1', { torrent, left: 0, event: 'completed' });
    }
    world.registry.expire(251_000);
    expect(world.registry.counts).toEqual({ torrents: 1, seeds: 0, leechers: 0, expired: 2 });
    expect(world.counts('kept').downloaded).toBe(1);
    expect(world.counts('other').downloaded).toBe(0);
  });

  it('intervals are spread: up to a tenth longer, at random', () => {
    const world = swarmWorld({ intervalSeconds: 900, minIntervalSeconds: 60 });
    expect(world.announce('10.0.0.1/1')).toMatchObject({ intervalSeconds: 900, minIntervalSeconds: 60 });
    world.random = (bound) => bound - 1;
    expect(world.announce('10.0.0.1/1').intervalSeconds).toBe(990);
  });

  it('a registry with a timeout not longer than its interval is refused', () => {
    expect(() => new Registry({ intervalSeconds: 900, peerTimeoutSeconds: 900 })).toThrow(RangeError);
    expect(() => new Registry({ intervalSeconds: 10 })).toThrow(RangeError);
    expect(() => new Registry({ intervalSeconds: 5, minIntervalSeconds: 5 })).not.toThrow();
  });
});

describe('limits', () => {
  const unlisted = /not listed/;

  it('a peer above the limit per torrent gets peers and a warning, but is not listed', () => {
    const world = swarmWorld({ peersPerTorrentMax: 2 });
    world.announce('10.0.0.1/1');
    world.announce('10.0.0.2/2');
    const reply = world.announce('10.0.0.3/3');
    expect(reply.warning).toMatch(unlisted);
    expect(reply.peers).toHaveLength(12);
    expect(world.counts().incomplete).toBe(2);
    expect(world.announce('10.0.0.1/1').warning).toBeUndefined();
  });

  it('the limit per address and torrent keeps one host from filling a swarm with ports', () => {
    const world = swarmWorld({ peersPerAddressAndTorrentMax: 3 });
    for (let port = 1; port <= 9; port++) world.announce(`10.0.0.1/${port}`);
    expect(world.counts().incomplete).toBe(3);
    expect(world.announce('10.0.0.1/10').warning).toMatch(unlisted);
    expect(world.announce('10.0.0.2/10').warning).toBeUndefined();
  });

  it('the limit per address covers all torrents, and a stopped peer makes room', () => {
    const world = swarmWorld({ peersPerAddressMax: 1 });
    world.announce('10.0.0.1/1', { torrent: 'a' });
    expect(world.announce('10.0.0.1/1', { torrent: 'b' }).warning).toMatch(unlisted);
    expect(world.registry.counts.torrents).toBe(1);
    world.announce('10.0.0.1/1', { torrent: 'a', event: 'stopped' });
    expect(world.announce('10.0.0.1/1', { torrent: 'b' }).warning).toBeUndefined();
    expect(world.announce('10.0.0.1/1', { torrent: 'c' }).warning).toMatch(unlisted);
  });

  it('an IPv6 /64 counts as one address for limits', () => {
    const world = swarmWorld({ peersPerAddressMax: 2, peersPerAddressAndTorrentMax: 2 });
    for (let n = 1; n <= 9; n++) world.announce(`2001:db8:0:7::${n}/1`);
    expect(world.counts().incomplete).toBe(2);
    expect(world.announce('2001:db8:0:8::1/1').warning).toBeUndefined();
  });

  it('loopback addresses are not limited', () => {
    const world = swarmWorld({ peersPerAddressMax: 2, peersPerAddressAndTorrentMax: 2 });
    for (let port = 1; port <= 9; port++) world.announce(`127.0.0.1/${port}`);
    expect(world.counts().incomplete).toBe(9);
  });

  it('torrents and peers are limited in total', () => {
    const torrents = swarmWorld({ torrentsMax: 1 });
    torrents.announce('10.0.0.1/1', { torrent: 'a' });
    expect(torrents.announce('10.0.0.1/1', { torrent: 'b' }).warning).toMatch(unlisted);
    expect(torrents.announce('10.0.0.2/1', { torrent: 'a' }).warning).toBeUndefined();
    const peers = swarmWorld({ peersMax: 1 });
    peers.announce('10.0.0.1/1');
    expect(peers.announce('10.0.0.2/1').warning).toMatch(unlisted);
    expect(peers.registry.counts.leechers).toBe(1);
  });
});

describe('a tracker that serves some torrents only', () => {
  const isAllowed = (infoHash: Uint8Array) => infoHash[0] !== 0x78;

  it('a tracker that serves some torrents only refuses the others', () => {
    const world = swarmWorld({ isAllowed });
    expect(() => world.announce('10.0.0.1/1', { torrent: 'x' })).toThrow('does not serve that torrent');
    expect(world.announce('10.0.0.1/1', { torrent: 'a' }).warning).toBeUndefined();
  });

  it('a scrape of a torrent that is not served is answered like one of an unknown torrent', () => {
    const world = swarmWorld({ isAllowed });
    expect(world.counts('x')).toEqual(world.counts('never seen'));
  });
});
