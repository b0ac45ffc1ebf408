/** A session with many torrents: an event of one torrent costs nothing for the others. */
import { expect, it } from 'vitest';
import { Session } from '../../client/session/session.ts';
import type { TorrentHost } from '../../client/session/torrent-host.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';

const albums = 200;

/** A host whose torrents are complete at once, and a counter of status() calls. */
function countingHost() {
  let asked = 0;
  const status = () => {
    asked += 1;
    return { complete: true, uploaded: 0, downloaded: 0, wantedBytes: 1, haveWantedBytes: 1 };
  };
  const host = {
    port: 1,
    seed: async (metainfo: Metainfo) => ({
      ...{ metainfo, path: '/x', status, hasFile: () => true },
      ...{ completed: Promise.resolve(), stop: async () => {}, remove: async () => {} },
    }),
    setLimits: () => {},
    close: async () => {},
  };
  return { host: host as unknown as TorrentHost, asked: () => asked };
}

function torrent(index: number): Metainfo {
  const infoHash = Buffer.alloc(20);
  infoHash.writeUInt32BE(index);
  return { infoHash, name: `${index}`, files: [], layout: { rootName: 'x' } } as unknown as Metainfo;
}

it.each([0, albums])(
  'the status of a complete torrent is asked for at most 5 times, and at no look (shares at once: %i)',
  async (most) => {
    const { host, asked } = countingHost();
    let look = () => {};
    const after = (_: number, run: () => void) => {
      look = run;
      return () => {};
    };
    const ports = { host, timers: { nowMs: () => 0, after }, wallMs: () => 0, resolvePeers: async () => [] };
    const session = new Session(ports, {
      uploadBpsMax: 0,
      downloadBpsMax: 0,
      downloadsMax: 0,
      sharesMax: most,
    });
    for (let i = 0; i < albums; i++) {
      const wanted = { metainfo: torrent(i) };
      await session.add({ wanted, kind: 'share', place: '/x', verify: false }).started;
    }
    await Promise.all(session.transfers.map(({ completed }) => completed));
    expect(asked()).toBeLessThanOrEqual(5 * albums);
    const before = asked();
    for (let i = 0; i < 100; i++) look();
    expect(asked()).toBe(before);
    expect(session.transfers.every(({ state }) => state === 'sharing')).toBe(true);
  },
);
