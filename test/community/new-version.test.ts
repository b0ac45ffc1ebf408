/** A publisher and a follower without a tracker, using the parts of the community directly. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openIdentity } from '../../client/account/identity.ts';
import type { ActiveTorrent } from '../../client/host/active-torrent.ts';
import { openClient } from '../../client/host/open-client.ts';
import type { FolderVersion } from '../../client/sharing/folder-version.ts';
import { shareFolder } from '../../client/sharing/shared-folder.ts';
import { parseMetainfo } from '../../torrents/metainfo/metainfo.ts';
import { latestVersion, type SignedVersion, versionOf } from '../../torrents/release/version-signature.ts';
import { makeFolder, noise } from '../torrents/folder-fixture.ts';

async function newClient(stateFolder: string) {
  const client = await openClient({ port: 0, host: '127.0.0.1', threads: 1, stateFolder });
  onTestFinished(() => client.close());
  return client;
}

it('a changed track reaches a follower as a new version, and nothing else is fetched', async () => {
  const album = makeFolder('album', { '1.flac': 100_000, '2.flac': 60_000, '3.flac': 40_000 });
  const home = makeFolder('home', {});
  const publisher = await newClient(path.join(home, 'publisher'));
  const identity = await openIdentity(path.join(home, 'publisher'));

  // What a tracker would store: torrents with their signed versions.
  const published: (SignedVersion & { readonly torrent: Uint8Array })[] = [];
  let seeding: ActiveTorrent | undefined;
  let wake = () => {};
  const shared = await shareFolder(album, {
    stateFolder: path.join(home, 'publisher'),
    create: { pieceLength: 16_384 },
    settleMs: 20,
    control: { threads: 1 },
    onVersion: async ({ metainfo, torrent }: FolderVersion) => {
      await seeding?.stop();
      // The folder has just been hashed.
      seeding = await publisher.seed(metainfo, { path: album, verify: false });
      const version = versionOf(metainfo, {
        releaseId: 'r1',
        version: published.length + 1,
        publishedAtMs: 1,
      });
      published.push({ ...identity.signVersion(version), torrent });
      wake();
    },
    onTrouble: (error) => expect.unreachable(String(error)),
  });
  onTestFinished(() => shared.close());

  const follower = await newClient(path.join(home, 'follower'));
  const folder = path.join(home, 'music');
  const peers = [{ host: '127.0.0.1', port: publisher.port }];
  const latest = () => parseMetainfo(latestVersion('r1', published, identity.publicKey)!.torrent);
  const first = latest();
  const one = await follower.download(first, { folder, peers });
  await one.completed;

  const news = new Promise<void>((resolve) => (wake = resolve));
  fs.writeFileSync(path.join(album, '2.flac'), noise(60_000, 99));
  await news;

  const second = latest();
  expect(second.infoHash).not.toEqual(first.infoHash);
  await one.stop();
  const two = await follower.download(second, {
    folder,
    peers,
    upgradeFrom: { metainfo: first, path: one.path },
  });
  const { pieceCount, haveCount } = two.status();
  expect(pieceCount - haveCount).toBe(Math.ceil(60_000 / 16_384));
  await two.completed;
  for (const name of ['1.flac', '2.flac', '3.flac']) {
    expect(
      fs.readFileSync(path.join(two.path, name)).equals(fs.readFileSync(path.join(album, name))),
      name,
    ).toBe(true);
  }
});
