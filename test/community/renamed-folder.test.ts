/**
 * A folder that is published again under another name, at a real tracker. It is recognized by the v2 pieces
 * roots of its music.
 */
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import {
  type AccountPlace,
  openAccount,
  register,
  type TrackerAccount,
} from '../../client/account/account.ts';
import { openIdentity } from '../../client/account/identity.ts';
import { publishFolder } from '../../client/session/shares/publishing-folder.ts';
import type { AccessBody, Published } from '../../client/sharing/publishing.ts';
import { type RunningTracker, startTracker } from '../../tracker/server.ts';
import { makeFolder, noise } from '../torrents/folder-fixture.ts';

const home = fs.mkdtempSync(path.join(tmpdir(), 'cicada-renamed-'));
let tracker: RunningTracker;
let place: AccountPlace;
let account: TrackerAccount;

beforeAll(async () => {
  tracker = await startTracker({ port: 0, dataFolder: path.join(home, 'tracker') });
  place = { stateFolder: path.join(home, 'ada'), tracker: tracker.url };
  await register(place, { name: 'ada', mayShare: true });
  account = await openAccount(place);
});
afterAll(async () => {
  await account?.close();
  await tracker?.close();
  fs.rmSync(home, { recursive: true, force: true });
});

let seeds = 0;
/** Songs that no other album has. */
function album(name: string, songs: Record<string, number>): string {
  const folder = makeFolder(name, {});
  for (const [song, bytes] of Object.entries(songs))
    fs.writeFileSync(path.join(folder, song), noise(bytes, ++seeds));
  return folder;
}

async function publish(
  folder: string,
  access?: AccessBody,
  create: { format?: 'v1' | 'v2' } = {},
): Promise<Published> {
  let last: Published | undefined;
  const shared = await publishFolder({
    ...{ folder, place, account, create, access, threads: 1, includeSecrets: undefined, isAsked: true },
    identity: await openIdentity(place.stateFolder),
    onLeftOut: () => {},
    onHash: () => {},
    onTrouble: (error) => expect.unreachable(String(error)),
    onPublished: async (_version, published) => {
      last = published;
    },
  });
  onTestFinished(() => shared.close());
  await shared.close();
  return last!;
}

function renamed(folder: string, name: string): string {
  const to = path.join(path.dirname(folder), name);
  fs.renameSync(folder, to);
  return to;
}

const songs = { '01 Dawn.flac': 50_000, '02 Noon.flac': 60_000, '03 Dusk.flac': 70_000 };

it('a renamed folder is a new version of its release', async () => {
  const folder = album('Evening', songs);
  const first = await publish(folder);
  const second = await publish(renamed(folder, 'Evening (2004) [FLAC]'));
  expect(second.release).toMatchObject({ id: first.release.id, version: 2 });
  const third = await publish(renamed(path.join(path.dirname(folder), 'Evening (2004) [FLAC]'), 'Evening'));
  expect(third.release).toMatchObject({ id: first.release.id, version: 3 });
});

it('a folder with renamed files, a new song or another torrent format is a new version of its release', async () => {
  const folder = album('Names', songs);
  const { release } = await publish(folder);
  const moved = renamed(folder, 'Other names');
  for (const song of fs.readdirSync(moved))
    fs.renameSync(path.join(moved, song), path.join(moved, `x${song}`));
  expect((await publish(moved)).release).toMatchObject({ id: release.id, version: 2 });
  const more = renamed(moved, 'With more');
  fs.writeFileSync(path.join(more, '04 Night.flac'), noise(40_000, ++seeds));
  expect((await publish(more)).release).toMatchObject({ id: release.id, version: 3 });
  expect((await publish(renamed(more, 'v2 alone'), undefined, { format: 'v2' })).release).toMatchObject({
    id: release.id,
    version: 4,
  });
});

it('a copy beside a folder that still exists is a separate release', async () => {
  const folder = album('Original', songs);
  const copy = path.join(path.dirname(folder), 'Copy');
  fs.cpSync(folder, copy, { recursive: true });
  const first = await publish(folder);
  const second = await publish(copy);
  expect(second.release.id).not.toBe(first.release.id);
  expect(second.release.version).toBe(1);
});

it('a sampler with one song of an album, or an album with the same cover, is a separate release', async () => {
  const cover = { 'cover.jpg': 90_000 };
  const folder = album('Source', { ...songs, ...cover });
  const { release } = await publish(folder);
  const sampler = album('Sampler', { 'a.flac': 60_000, 'b.flac': 60_000 });
  fs.copyFileSync(path.join(folder, '01 Dawn.flac'), path.join(sampler, 'c.flac'));
  const other = album('Same cover', { 'a.flac': 10_000 });
  fs.copyFileSync(path.join(folder, 'cover.jpg'), path.join(other, 'cover.jpg'));
  fs.rmSync(folder, { recursive: true });
  expect((await publish(sampler)).release).toMatchObject({ version: 1 });
  expect((await publish(other)).release).toMatchObject({ version: 1 });
  expect((await publish(sampler)).release.id).not.toBe(release.id);
});

it('a restricted folder stays restricted under its new name, with a private torrent', async () => {
  const folder = album('Secret', songs);
  const first = await publish(folder, { visibility: 'nobody' });
  const second = await publish(renamed(folder, 'Secret again'));
  expect(second.release).toMatchObject({ id: first.release.id, version: 2, visibility: 'nobody' });
  const opened = await publish(renamed(path.join(path.dirname(folder), 'Secret again'), 'Open'), {
    visibility: 'everyone',
  });
  expect(opened.release).toMatchObject({ id: first.release.id, version: 3, visibility: 'everyone' });
});

it('a folder that another account has published is a separate release', async () => {
  const folder = album('Shared', songs);
  const { release } = await publish(folder);
  const other = { ...place, stateFolder: path.join(home, 'ben') };
  await register(other, { name: 'ben', mayShare: true });
  const [mine, before] = [await openAccount(other), account];
  onTestFinished(() => mine.close());
  [place, account] = [other, mine];
  const copy = await publish(renamed(folder, 'By Ben')).finally(() => {
    account = before;
    place = { ...other, stateFolder: path.join(home, 'ada') };
  });
  expect(copy.release).toMatchObject({ version: 1, publisher: 'ben' });
  expect(copy.release.id).not.toBe(release.id);
});
