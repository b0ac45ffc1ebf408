/** Several torrents in one engine share its limits fairly. */
import { expect, it } from 'vitest';
import type { TorrentId } from '../../../client/engine/contract.ts';
import { EngineLab } from '../engine-lab.ts';

const dialsMax = 3;
const deadPerTorrent = 60;

it.each([
  ['all torrents together have few seats', { connectionsMax: dialsMax, connectionsPerTorrentMax: dialsMax }],
  ['few dials may be under way', { dialsMax }],
  ['there is room for few half-open connections', { halfOpenMax: dialsMax, halfOpenPerHostMax: 1 }],
])('every torrent can dial, however many dead addresses the others know, when %s', (_why, limits) => {
  const lab = new EngineLab({ limits });
  const torrents: TorrentId[] = [1, 2, 3];
  for (const torrent of torrents.slice(1)) {
    const infoHash = new Uint8Array(20).fill(torrent);
    lab.tell({ type: 'added', spec: { ...lab.spec, torrent, infoHash } });
  }
  const dialed = new Map<TorrentId, number>();
  const refuseAll = () => {
    for (const { connection, address } of lab.dials.splice(0)) {
      const torrent = Number(address.host.split('.')[1]);
      dialed.set(torrent, (dialed.get(torrent) ?? 0) + 1);
      lab.tell({ type: 'closed', connection, reason: 'refused' });
    }
  };
  for (const torrent of torrents) {
    const peers = Array.from({ length: deadPerTorrent }, (_, i) => ({
      host: `10.${torrent}.${i}.1`,
      port: 6881,
    }));
    lab.tell({ type: 'peers-found', torrent, peers, origin: 'user' });
  }
  for (let i = 0; i < 20; i++) {
    refuseAll();
    lab.pass(500);
  }
  const least = Math.min(...torrents.map((torrent) => dialed.get(torrent) ?? 0));
  expect(least).toBeGreaterThanOrEqual(10);
});
