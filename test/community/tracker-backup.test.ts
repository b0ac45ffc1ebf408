/**
 * A tracker's data folder, copied as docs/operating.md says and opened on another machine: all its data is
 * there.
 */
import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openAccount, ownAccount, register, type TrackerAccount } from '../../client/account/account.ts';
import { openIdentity } from '../../client/account/identity.ts';
import { publishRelease } from '../../client/sharing/publishing.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import { readRelease } from '../../torrents/release/release.ts';
import { page } from '../../tracker/protocol/api/api-shapes.ts';
import { releaseHit } from '../../tracker/protocol/api/release-shapes.ts';
import { type RunningTracker, startTracker } from '../../tracker/server.ts';
import { makeFolder } from '../torrents/folder-fixture.ts';

let home: string;
let data: string;
let tracker: RunningTracker;
let ada: TrackerAccount;
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  home = await fs.mkdtemp(path.join(tmpdir(), 'cicada-backup-'));
  data = path.join(home, 'data');
  tracker = await startTracker({ host: '127.0.0.1', port: 0, dataFolder: data });
  const place = { stateFolder: path.join(home, 'ada'), tracker: tracker.url };
  await register(place, { name: 'ada', mayShare: true });
  ada = await openAccount(place);
  ends.push(() => ada.close());
  await publish('First Album');
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await tracker.close();
  await fs.rm(home, { recursive: true, force: true });
});

async function publish(name: string): Promise<void> {
  const folder = makeFolder(name, { 'song.flac': 40_000 });
  const { metainfo } = await createTorrent(folder, { trackers: [] }, { threads: 1 });
  const release = await readRelease(metainfo, () => undefined);
  await publishRelease(ada, await openIdentity(path.join(home, 'ada')), {
    metainfo,
    release,
    releaseId: undefined,
    access: undefined,
  });
}

/** Restores as an operator does: another machine at the same address, with `copy` as its data folder. */
async function restore(copy: string): Promise<void> {
  const { port } = tracker;
  await tracker.close();
  tracker = await startTracker({ host: '127.0.0.1', port, dataFolder: copy });
}

/** Titles of the releases that Ada finds and whose torrent can be fetched. */
async function fetchable(): Promise<string[]> {
  const answer = page(releaseHit);
  const { rows } = await ada.call({ path: '/search', query: { q: 'album', kind: 'releases' }, answer });
  const titles: string[] = [];
  for (const { id, album } of rows) {
    const torrent = await ada.bytes(`/releases/${id}/torrent`);
    if (torrent.length > 0) titles.push(album);
  }
  return titles.sort();
}

it('a tracker restored from the data folder of a stopped one has its accounts, sessions, releases and torrents', async () => {
  const { port } = tracker;
  await tracker.close();
  const copy = path.join(home, 'restored');
  await fs.cp(data, copy, { recursive: true });
  tracker = await startTracker({ host: '127.0.0.1', port, dataFolder: copy });
  expect(tracker.isKeyReplaced).toBe(false);
  expect((await ownAccount(ada)).name).toBe('ada');
  expect(await fetchable()).toEqual(['First Album']);
});

it('a tracker restored from a backup made while it ran has what was published until then', async () => {
  const copy = path.join(home, 'restored');
  await fs.mkdir(copy);
  const database = new DatabaseSync(path.join(data, 'tracker.db'), { readOnly: true });
  await backup(database, path.join(copy, 'tracker.db'));
  database.close();
  await fs.cp(path.join(data, 'tracker.db-torrents'), path.join(copy, 'tracker.db-torrents'), {
    recursive: true,
  });
  await fs.copyFile(path.join(data, 'tracker.key'), path.join(copy, 'tracker.key'));
  await publish('Second Album');
  await restore(copy);
  expect(tracker.isKeyReplaced).toBe(false);
  expect((await ownAccount(ada)).name).toBe('ada');
  expect(await fetchable()).toEqual(['First Album']);
});

it('a tracker restored without its key continues with a new one and reports it', async () => {
  const copy = path.join(home, 'restored');
  await fs.cp(data, copy, { recursive: true });
  await fs.rm(path.join(copy, 'tracker.key'));
  await restore(copy);
  expect(tracker.isKeyReplaced).toBe(true);
  expect((await ownAccount(ada)).name).toBe('ada');
});
