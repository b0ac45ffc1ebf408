/** A torrent in several swarms, and peers that are removed from one by access changes. */
import { expect, it } from 'vitest';
import { replyEndpoints } from '../../../tracker/protocol/announce-reply.ts';
import { Registry, type RegistryOptions } from '../../../tracker/registry.ts';

const hash = (byte: number) => new Uint8Array(20).fill(byte);
const [torrent, closed] = [hash(1), hash(2)];
const remotes = {
  one: Uint8Array.of(10, 0, 0, 1),
  other: Uint8Array.of(10, 0, 0, 2),
  six: Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? 32 : at)),
  local: Uint8Array.of(127, 0, 0, 1),
};

function open(options: Partial<RegistryOptions> = {}) {
  const registry = new Registry({ hashSeed: 1, ...options });
  const announce = (
    swarm: Uint8Array | undefined,
    remote: Uint8Array,
    port: number,
    more: { left?: number; event?: 'stopped' | 'completed' } = {},
  ) => {
    const request = {
      ...{ infoHash: torrent, peerId: hash(9), port, uploaded: 1, downloaded: 1 },
      ...{ left: 1, event: undefined, numWant: 200, compact: true, ...more },
    };
    const reply = registry.announce(request, { remote }, 0, () => 0, swarm);
    if ('failureReason' in reply) return reply.failureReason;
    return replyEndpoints(reply)
      .map(({ host, port }) => `${host}:${port}`)
      .sort();
  };
  const counts = (swarm?: Uint8Array) => {
    const [scraped] = registry.scrape([torrent], () => swarm ?? torrent);
    return [scraped!.complete, scraped!.incomplete, scraped!.downloaded];
  };
  return { registry, announce, counts };
}

it('swarms of one torrent are separate, even for a peer that is in both with the same port', () => {
  const { announce, counts, registry } = open();
  announce(undefined, remotes.one, 1);
  announce(closed, remotes.one, 1, { left: 0 });
  expect(announce(undefined, remotes.other, 2)).toEqual(['10.0.0.1:1']);
  expect([counts(), counts(closed)]).toEqual([
    [0, 2, 0],
    [1, 0, 0],
  ]);
  announce(undefined, remotes.one, 1, { event: 'stopped' });
  expect([counts(), counts(closed)]).toEqual([
    [0, 1, 0],
    [1, 0, 0],
  ]);
  // A scrape is answered under the torrent's hash, and reveals nothing of a swarm that the asking peer may
  // not know.
  expect(registry.scrape([torrent], () => undefined)).toEqual([
    { infoHash: torrent, complete: 0, incomplete: 0, downloaded: 0 },
  ]);
});

it('whether a torrent is served depends on its info-hash, not on its swarm', () => {
  const { announce, counts } = open({ isAllowed: (infoHash) => infoHash[0] === 2 });
  expect(announce(closed, remotes.one, 1)).toBe('this tracker does not serve that torrent');
  expect(counts(closed)).toEqual([0, 0, 0]);
});

it('a removed peer is no longer listed and may announce again, and removing an unknown peer is harmless', () => {
  const { registry, announce, counts } = open();
  for (const remote of [remotes.one, remotes.six, remotes.local]) announce(closed, remote, 7);
  announce(undefined, remotes.one, 7);
  for (const remote of [remotes.one, remotes.six, remotes.local]) registry.remove(closed, remote, 7);
  registry.remove(closed, remotes.one, 7);
  registry.remove(hash(5), remotes.one, 7);
  registry.remove(torrent, remotes.one, 8);
  expect(announce(closed, remotes.other, 8)).toEqual([]);
  expect(counts()).toEqual([0, 1, 0]);
  expect(announce(closed, remotes.one, 7)).toEqual(['10.0.0.2:8']);
});

it('a swarm that is dropped starts empty, and its peers no longer count', () => {
  const { registry, announce, counts } = open({ peersPerAddressMax: 300 });
  for (let port = 1; port <= 200; port++) {
    const remote = Uint8Array.of(10, 0, port, 1);
    announce(closed, remote, port, { left: port % 2 });
    announce(closed, remote, port, { left: 0, event: 'completed' });
  }
  announce(closed, remotes.six, 5);
  announce(undefined, remotes.one, 5);
  expect(counts(closed)).toEqual([200, 1, 100]);
  registry.drop(closed);
  registry.drop(hash(5));
  expect(registry.counts).toMatchObject({ torrents: 1, seeds: 0, leechers: 1 });
  expect(counts(closed)).toEqual([0, 0, 0]);
  expect(announce(closed, remotes.six, 5)).toEqual([]);
  expect(counts(closed)).toEqual([0, 1, 0]);
});

it('a kept swarm remains when it is dropped, with its counters reset', () => {
  const { registry, announce, counts } = open();
  registry.keep(torrent);
  announce(undefined, remotes.one, 1);
  announce(undefined, remotes.one, 1, { left: 0, event: 'completed' });
  expect(counts()).toEqual([1, 0, 1]);
  registry.drop(torrent);
  expect([counts(), registry.counts.torrents]).toEqual([[0, 0, 0], 1]);
});
