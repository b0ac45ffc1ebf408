/**
 * One Cicada seeder, and two downloaders of each client, which all download from the seeder and from each
 * other at the same time.
 */
import { expect, it } from 'vitest';
import { Lab } from './lab.ts';
import { aria2, libtorrent, transmission } from './peers.ts';
import { requirePeers, Swarm } from './swarm.ts';

const albumBytes = 24 * 1024 * 1024;

it('a swarm with two of each client completes, and every copy is identical', {
  timeout: 60_000,
}, async (context) => {
  const clients = [aria2, libtorrent, transmission];
  requirePeers(context, clients, true);
  using lab = new Lab(10);
  const [trackerHost, seedHost, ...hosts] = lab.hosts;
  await using swarm = await Swarm.open('v1', albumBytes, trackerHost!);
  await swarm.ourSeed(seedHost!);
  for (const client of [...clients, ...clients]) await swarm.foreignDownload(client, hosts.pop()!);
  for (const host of hosts) swarm.ourDownload(host, { stay: true });
  await swarm.seedsKnown(1 + 8);
  expect(await swarm.differences()).toEqual([]);
});
