import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../client/host/client.ts';
import type { ClientOptions } from '../../client/host/open-client.ts';
import { openClient } from '../../client/host/open-client.ts';
import { leftBehind } from '../../client/host/upgrade.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import type { Metainfo, TorrentFormat } from '../../torrents/metainfo/metainfo.ts';
import { noise } from '../torrents/folder-fixture.ts';

const pieceLength = 16 * 1024;
let root: string;
let clients: Client[];
/** The publisher's folder with the new version. */
let source: string;
/** The follower's folder with version 1. */
let folder: string;
let album: string;
let first: Metainfo;

const firstFiles: Record<string, Uint8Array> = {
  '01 Same.flac': noise(100_000, 1),
  '02 Changed.flac': noise(90_000, 2),
  '03 Renamed.flac': noise(80_000, 3),
  '04 Gone.flac': noise(20_000, 4),
  'note.txt': noise(10, 5),
  'empty.log': new Uint8Array(),
};
/** As long as before, so that size alone proves nothing. */
const changed = noise(90_000, 22);
const secondFiles: Record<string, Uint8Array> = {
  '01 Same.flac': firstFiles['01 Same.flac']!,
  '02 Changed.flac': changed,
  '03 New name.flac': firstFiles['03 Renamed.flac']!,
  '05 New.flac': noise(30_000, 6),
  'note.txt': noise(12, 7),
  'empty.log': new Uint8Array(),
};

beforeEach(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-upgrade-'));
  source = path.join(root, 'source', 'album');
  folder = path.join(root, 'music');
  album = path.join(folder, 'album');
  clients = [];
  write(album, firstFiles);
  write(source, secondFiles);
  first = await torrentOf(album);
});

afterEach(async () => {
  for (const client of clients) await client.close();
  fs.rmSync(root, { recursive: true, force: true });
});

function write(at: string, files: Record<string, Uint8Array>): void {
  fs.mkdirSync(at, { recursive: true });
  for (const [name, bytes] of Object.entries(files)) fs.writeFileSync(path.join(at, name), bytes);
}

const torrentOf = async (at: string, format: TorrentFormat = 'hybrid') =>
  (await createTorrent(at, { format, pieceLength }, { threads: 1 })).metainfo;

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = await openClient({ port: 0, host: '127.0.0.1', threads: 1, ...options });
  clients.push(client);
  return client;
}

async function seeded(at = source, metainfo?: Metainfo) {
  const client = await open();
  const torrent = await client.seed(metainfo ?? (await torrentOf(at)), { path: at, verify: false });
  return { metainfo: torrent.metainfo, peers: [{ host: '127.0.0.1', port: client.port }] };
}

const read = (name: string) => fs.readFileSync(path.join(album, name));
const inodeOf = (name: string) => fs.statSync(path.join(album, name)).ino;
const names = () => fs.readdirSync(album).sort();

/** Expects the whole new version and nothing else. */
function expectSecond(): void {
  for (const [name, bytes] of Object.entries(secondFiles)) expect(read(name).equals(bytes), name).toBe(true);
  expect(names()).toEqual([...Object.keys(secondFiles), '03 Renamed.flac', '04 Gone.flac'].sort());
}

describe('upgrades to a new version', () => {
  it.each(['hybrid', 'v2'] as const)(
    'an upgrade of a %s torrent downloads only what has changed',
    async (format) => {
      first = await torrentOf(album, format);
      const { metainfo, peers } = await seeded(source, await torrentOf(source, format));
      const inodes = [inodeOf('01 Same.flac'), inodeOf('02 Changed.flac')];
      const client = await open();
      const active = await client.download(metainfo, {
        folder,
        peers,
        upgradeFrom: { metainfo: first, path: album },
      });
      const before = active.status();
      // 02, 05 and the note; no piece is shared with a neighbour.
      expect(before.pieceCount - before.haveCount).toBe(6 + 2 + 1);
      await active.completed;
      expectSecond();
      expect(inodeOf('01 Same.flac')).toBe(inodes[0]);
      expect(inodeOf('02 Changed.flac')).not.toBe(inodes[1]);
    },
  );

  it('an upgrade keeps the old file under its name until the new one is whole', async () => {
    const metainfo = await torrentOf(source);
    const client = await open();
    const upgradeFrom = { metainfo: first, path: album };
    const alone = await client.download(metainfo, { folder, upgradeFrom });
    expect(read('02 Changed.flac').equals(firstFiles['02 Changed.flac']!)).toBe(true);
    await alone.stop();
    expect(read('02 Changed.flac').equals(firstFiles['02 Changed.flac']!)).toBe(true);
    const { peers } = await seeded();
    const active = await client.download(metainfo, { folder, peers, upgradeFrom });
    await active.completed;
    expectSecond();
  });

  it('an upgrade hashes no recorded, unchanged file', async () => {
    const stateFolder = path.join(root, 'state');
    const client = await open({ stateFolder });
    const seed = await client.seed(first, { path: album });
    await seed.stop();
    const checked: number[] = [];
    const active = await client.download(await torrentOf(source), {
      folder,
      upgradeFrom: { metainfo: first, path: folder },
      onCheck: ({ totalBytes }) => checked.push(totalBytes),
    });
    // Only the copy of the renamed file is new on this disk, with its pad.
    expect(new Set(checked)).toEqual(new Set([5 * pieceLength]));
    expect(active.status().haveCount).toBe(7 + 5);
  });

  it('an upgrade resumes, also after the program has ended', async () => {
    const stateFolder = path.join(root, 'state');
    const { metainfo, peers } = await seeded();
    const upgradeFrom = { metainfo: first, path: album };
    const one = await open({ stateFolder });
    const active = await one.download(metainfo, { folder, peers, upgradeFrom });
    await active.completed;
    await one.close();
    clients = clients.filter((client) => client !== one);
    const two = await open({ stateFolder });
    const again = await two.download(metainfo, { folder, upgradeFrom });
    expect(again.status().complete).toBe(true);
    expectSecond();
  });

  it('an upgrade in which songs have swapped names copies both before it replaces either', async () => {
    const swapped = path.join(root, 'swapped', 'album');
    const files = { '1.flac': noise(50_000, 1), '2.flac': noise(60_000, 2) };
    write(swapped, { '1.flac': files['2.flac'], '2.flac': files['1.flac'] });
    const mine = path.join(root, 'mine');
    write(path.join(mine, 'album'), files);
    const upgradeFrom = { metainfo: await torrentOf(path.join(mine, 'album')), path: mine };
    const active = await (await open()).download(await torrentOf(swapped), { folder: mine, upgradeFrom });
    await active.completed;
    expect(fs.readFileSync(path.join(mine, 'album', '1.flac')).equals(files['2.flac'])).toBe(true);
    expect(fs.readFileSync(path.join(mine, 'album', '2.flac')).equals(files['1.flac'])).toBe(true);
    expect(fs.readdirSync(path.join(mine, 'album'))).toEqual(['1.flac', '2.flac']);
  });

  it('an upgrade of an incomplete download drops the parts of changed files', async () => {
    const stateFolder = path.join(root, 'state');
    const mine = path.join(root, 'mine');
    const part = path.join(mine, 'album', '02 Changed.flac.part');
    write(path.dirname(part), { [path.basename(part)]: firstFiles['02 Changed.flac']!.subarray(0, 40_000) });
    const one = await open({ stateFolder });
    const begun = await one.download(first, { folder: mine });
    expect(begun.status().haveCount).toBe(2);
    await begun.stop();

    // Shorter than its existing part.
    fs.writeFileSync(path.join(source, '02 Changed.flac'), noise(15_000, 8));
    const next = await seeded();
    const active = await one.download(next.metainfo, {
      ...{ folder: mine, peers: next.peers },
      upgradeFrom: { metainfo: first, path: mine },
    });
    expect(fs.existsSync(part)).toBe(false);
    await active.stop();
    const two = await open({ stateFolder });
    const again = await two.download(next.metainfo, { folder: mine, peers: next.peers });
    await again.completed;
    for (const name of fs.readdirSync(source)) {
      const expected = fs.readFileSync(path.join(source, name));
      expect(fs.readFileSync(path.join(mine, 'album', name)).equals(expected), name).toBe(true);
    }
  });

  it('an upgrade into another folder reuses the old one, which stays as it is', async () => {
    const { metainfo, peers } = await seeded();
    const other = path.join(root, 'other');
    const active = await (await open()).download(metainfo, {
      ...{ folder: other, peers },
      upgradeFrom: { metainfo: first, path: album },
    });
    expect(active.status().haveCount).toBe(7 + 5);
    await active.completed;
    expect(names()).toEqual(Object.keys(firstFiles).sort());
    expect(fs.readdirSync(path.join(other, 'album')).sort()).toEqual(Object.keys(secondFiles).sort());
  });
});

describe('files that an upgrade does not replace', () => {
  it('an upgrade refuses a file that its user has changed, by name', async () => {
    const edited = noise(90_000, 77);
    fs.writeFileSync(path.join(album, '02 Changed.flac'), edited);
    const download = (await open()).download(await torrentOf(source), {
      folder,
      upgradeFrom: { metainfo: first, path: album },
    });
    await expect(download).rejects.toMatchObject({
      code: 'exists',
      path: path.join(album, '02 Changed.flac'),
    });
    expect(read('02 Changed.flac').equals(edited)).toBe(true);
  });

  it('an upgrade refuses a file that its user changes while it runs', async () => {
    const metainfo = await torrentOf(source);
    const client = await open();
    const active = await client.download(metainfo, { folder, upgradeFrom: { metainfo: first, path: album } });
    const edited = noise(90_000, 78);
    fs.writeFileSync(path.join(album, '02 Changed.flac'), edited);
    // The seed dials the client and uploads.
    const peers = [{ host: '127.0.0.1', port: client.port }];
    await (await open()).download(metainfo, { folder: path.dirname(source), peers });
    await expect(active.completed).rejects.toMatchObject({
      code: 'exists',
      message: expect.stringMatching(/was changed while its new version was fetched$/),
    });
    expect(read('02 Changed.flac').equals(edited)).toBe(true);
  });

  it('a differing file without an earlier version stays refused', async () => {
    const download = (await open()).download(await torrentOf(source), { folder });
    await expect(download).rejects.toMatchObject({ code: 'exists' });
  });
});

it('an upgrade is refused while the earlier version is being seeded', async () => {
  const client = await open();
  await client.seed(first, { path: album });
  const download = client.download(await torrentOf(source), {
    folder,
    upgradeFrom: { metainfo: first, path: album },
  });
  await expect(download).rejects.toMatchObject({ code: 'already-added' });
});

it('v1 torrents cannot be upgraded file by file', async () => {
  const download = (await open()).download(await torrentOf(source, 'v1'), {
    folder,
    upgradeFrom: { metainfo: first, path: album },
  });
  await expect(download).rejects.toMatchObject({ code: 'format-not-supported' });
});

it('an upgrade reports files that the new version lacks, and no others', async () => {
  const gone = leftBehind(first, await torrentOf(source)).map((file) => file.components.join('/'));
  expect(gone).toEqual(['03 Renamed.flac', '04 Gone.flac']);
});
