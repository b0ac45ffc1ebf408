/**
 * The same tests for every other client: it downloads from Cicada, and Cicada downloads from it, with a
 * torrent file and with only a magnet link. Every copy must be identical. The tests run in parallel, because
 * Transmission acts only every ten seconds.
 */
import { describe, expect, it } from 'vitest';
import { type Host, Lab, loopback } from './lab.ts';
import type { ForeignClient } from './peers.ts';
import { type Format, requirePeers, Swarm } from './swarm.ts';

const albumBytes = 24 * 1024 * 1024;

const noHashMessages =
  'a magnet link of format v2 alone needs the hash messages of BEP 52, which we do not speak';

export function testBothWays(client: ForeignClient, formats: readonly Format[]): void {
  // Other clients decide themselves when to announce, so a failed test may be repeated twice.
  describe.concurrent.each(formats)('%s', { timeout: 60_000, retry: 2 }, (format) => {
    it(`${client.name} downloads from Cicada seeders through the Cicada tracker`, async (context) => {
      requirePeers(context, [client], client.needsLab);
      using place = new Place(client.needsLab, 4);
      const [trackerHost, ...hosts] = place.hosts;
      await using swarm = await Swarm.open(format, albumBytes, trackerHost!);
      swarm.requireReader(context, client);
      const seeders = await Promise.all([swarm.ourSeed(hosts[0]!), swarm.ourSeed(hosts[1]!)]);
      await swarm.foreignDownload(client, hosts[2]!);
      await swarm.seedsKnown(3);
      const given = await Promise.all(
        seeders.map(async (seeder) => Number((await seeder.nextEvent('progress')).uploaded)),
      );
      expect(given[0]! + given[1]!).toBeGreaterThanOrEqual(albumBytes);
      expect(await swarm.differences()).toEqual([]);
    });

    it(`${client.name} downloads with only a magnet link`, async (context) => {
      if (format === 'v2') context.skip(noHashMessages);
      requirePeers(context, [client], client.needsLab);
      using place = new Place(client.needsLab, 3);
      const [trackerHost, ...hosts] = place.hosts;
      await using swarm = await Swarm.open(format, albumBytes, trackerHost!);
      swarm.requireReader(context, client);
      const seeder = await swarm.ourSeed(hosts[0]!);
      await swarm.foreignDownload(client, hosts[1]!, swarm.magnet);
      // Without the metadata, aria2 announces itself as a seed. So it counts as one only after it has
      // received everything.
      await seeder.event('progress', ({ uploaded }) => Number(uploaded) >= albumBytes);
      await swarm.seedsKnown(2);
      expect(await swarm.differences()).toEqual([]);
    });

    it.for(['a torrent file', 'a magnet link'])(
      `Cicada downloads from ${client.name} with %s`,
      async (what, context) => {
        const isMagnet = what === 'a magnet link';
        if (isMagnet && format === 'v2') context.skip(noHashMessages);
        requirePeers(context, [client], client.needsLab);
        using place = new Place(client.needsLab, 3);
        const [trackerHost, ...hosts] = place.hosts;
        await using swarm = await Swarm.open(format, albumBytes, trackerHost!);
        swarm.requireReader(context, client);
        await swarm.foreignSeed(client, hosts[0]!);
        await swarm.peersKnown(1);
        const download = swarm.ourDownload(hosts[1]!, { torrent: isMagnet ? swarm.magnet : swarm.torrent });
        await download.success();
        expect(await download.event('done')).toMatchObject({ peers: 1, wasted: 0 });
        expect(await swarm.differences()).toEqual([]);
      },
    );
  });
}

/** The hosts of a test: a lab, or loopback for each. */
class Place implements Disposable {
  readonly hosts: readonly Host[];
  readonly #lab: Lab | undefined;

  constructor(needsLab: boolean, hostCount: number) {
    this.#lab = needsLab ? new Lab(hostCount) : undefined;
    this.hosts = this.#lab?.hosts ?? Array.from({ length: hostCount }, () => loopback);
  }

  [Symbol.dispose](): void {
    this.#lab?.[Symbol.dispose]();
  }
}
