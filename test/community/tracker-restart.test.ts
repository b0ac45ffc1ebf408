/**
 * A tracker that stops and starts again, over real sockets: which peers its first replies list, and when
 * peers return.
 */
import { once } from 'node:events';
import fs from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAccount, register } from '../../client/account/account.ts';
import { openIdentity } from '../../client/account/identity.ts';
import type { Action, Fact } from '../../client/engine/contract.ts';
import { Engine } from '../../client/engine/engine.ts';
import { HttpAnnouncer } from '../../client/host/network/http-announcer.ts';
import { SharedPieceMemory } from '../../client/host/storage/shared-piece-memory.ts';
import { publishRelease } from '../../client/sharing/publishing.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { readRelease } from '../../torrents/release/release.ts';
import { parseAnnounceReply, replyEndpoints } from '../../tracker/protocol/announce-reply.ts';
import { type RunningTracker, startTracker, type TrackerOptions } from '../../tracker/server.ts';
import { makeFolder } from '../torrents/folder-fixture.ts';
import { announceQuery } from '../tracker/tracker-fixtures.ts';

let home: string;
let metainfo: Metainfo;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  home = await fs.mkdtemp(path.join(tmpdir(), 'cicada-restart-'));
  const folder = makeFolder('Album', { 'song.flac': 40_000 });
  ({ metainfo } = await createTorrent(folder, { trackers: [] }, { threads: 1 }));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await fs.rm(home, { recursive: true, force: true });
});

async function start(options: TrackerOptions): Promise<RunningTracker> {
  const tracker = await startTracker({ host: '127.0.0.1', port: 0, ...options });
  ends.push(() => tracker.close());
  return tracker;
}

async function portsNamed(tracker: RunningTracker, port: number, more = ''): Promise<number[]> {
  const url = `${tracker.announceUrl}?${announceQuery(metainfo.infoHash, port, more)}`;
  const [response] = await once(get(url, { agent: false }), 'response');
  const reply = parseAnnounceReply(Buffer.concat(await response.toArray()));
  if (!('peers' in reply)) throw new Error(JSON.stringify(reply));
  return replyEndpoints(reply)
    .map((peer) => peer.port)
    .sort();
}

/** A tracker with a public release and three seeds of it. */
async function sharingTracker(dataFolder: string): Promise<RunningTracker> {
  const tracker = await start({ dataFolder });
  const place = { stateFolder: path.join(home, 'ada'), tracker: tracker.url };
  await register(place, { name: 'ada', mayShare: true });
  const ada = await openAccount(place);
  ends.push(() => ada.close());
  const release = await readRelease(metainfo, () => undefined);
  const publication = { metainfo, release, releaseId: undefined, access: undefined };
  await publishRelease(ada, await openIdentity(place.stateFolder), publication);
  for (const port of [7001, 7002, 7003]) await portsNamed(tracker, port);
  return tracker;
}

it('a tracker with a data folder lists all peers in its first reply after a clean stop', async () => {
  const dataFolder = path.join(home, 'data');
  await (await sharingTracker(dataFolder)).close();
  const again = await start({ dataFolder });
  expect(again.restoredPeers).toBe(3);
  expect(await portsNamed(again, 7009, '&left=5')).toEqual([7001, 7002, 7003]);
});

it('a tracker with a data folder lists all peers in its first reply after a kill', async () => {
  const dataFolder = path.join(home, 'data');
  await sharingTracker(dataFolder);
  const snapshot = path.join(dataFolder, 'swarms.snapshot');
  // Header, one swarm of three peers, and the HMAC.
  const whole = 26 + (20 + 4 + 24 + 3 * 8 + 4) + 32;
  const bytes = () =>
    fs.stat(snapshot).then(
      ({ size }) => size,
      () => 0,
    );
  await expect.poll(bytes, { timeout: 20_000, interval: 100 }).toBe(whole);
  // A killed program leaves only what is on disk.
  const left = path.join(home, 'left');
  await fs.cp(dataFolder, left, { recursive: true });
  const again = await start({ dataFolder: left });
  expect(await portsNamed(again, 7009, '&left=5')).toEqual([7001, 7002, 7003]);
}, 30_000);

it('a tracker without a data folder lists a Cicada seed again within a minute after its restart', async () => {
  const first = await start({});
  const tracker = first.announceUrl;
  const engine = new Engine({
    ...{ peerId: Buffer.from('-CI0100-123456789012'), port: 7001, seed: 1, memory: new SharedPieceMemory() },
    ...{ uploadBpsMax: 0, downloadBpsMax: 0 },
  });
  let nowMs = 0;
  let returned = 0;
  const announcer = new HttpAnnouncer((fact) => handle(fact));
  ends.push(() => announcer.stop());
  const carryOut = (actions: readonly Action[]) => {
    for (const action of actions) if (action.type === 'announce') announcer.announce(action.request);
  };
  const handle = (fact: Fact) => {
    if (fact.type === 'tracker-returned') returned += 1;
    carryOut(engine.handle(fact, nowMs));
  };
  announcer.trust(1, { trackers: [tracker] });
  const have = new Uint8Array(Math.ceil(metainfo.geometry.pieceCount / 8)).fill(0xff);
  const { infoHash, geometry } = metainfo;
  handle({
    type: 'added',
    spec: { torrent: 1, infoHash, geometry, have, trackers: [[tracker]], private: false },
  });
  await expect.poll(() => first.stats().seeds).toBe(1);
  await expect.poll(() => returned).toBe(1);
  nowMs = 100_000;
  await first.close();
  const second = await start({ port: first.port });
  await expect.poll(() => returned, { timeout: 20_000 }).toBe(2);
  expect(second.stats().seeds).toBe(0);
  for (; nowMs <= 160_000; nowMs += 500) handle({ type: 'woke' });
  await expect.poll(() => second.stats().seeds).toBe(1);
}, 30_000);
