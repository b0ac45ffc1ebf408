import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../../client/host/client.ts';
import { openClient } from '../../client/host/open-client.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import { magnetOf, parseMagnet } from '../../torrents/magnet.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { noise } from '../torrents/folder-fixture.ts';

let root: string;
let source: string;
let metainfo: Metainfo;
let client: Client;

beforeEach(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-client-'));
  source = path.join(root, 'source', 'album');
  fs.mkdirSync(source, { recursive: true });
  fs.writeFileSync(path.join(source, 'a.flac'), noise(200_000, 1));
  fs.writeFileSync(path.join(source, 'empty.log'), '');
  ({ metainfo } = await createTorrent(source, { format: 'v1', pieceLength: 16_384 }));
  client = await openClient({ port: 0, host: '127.0.0.1', threads: 1 });
});

afterEach(async () => {
  await client.close();
  fs.rmSync(root, { recursive: true, force: true });
});

const download = (folder = path.join(root, 'download')) => client.download(metainfo, { folder });

describe('downloads', () => {
  it('a stopped download rejects its completion and still has its final status', async () => {
    const torrent = await download();
    await torrent.stop();
    await expect(torrent.completed).rejects.toMatchObject({ code: 'stopped' });
    expect(torrent.status()).toMatchObject({ complete: false, pieceCount: 13 });
    await torrent.stop();
  });

  it('a closed client settles all its downloads', async () => {
    const torrent = await download();
    await client.close();
    await expect(torrent.completed).rejects.toMatchObject({ code: 'stopped' });
    expect(torrent.status()).toMatchObject({ complete: false, pieceCount: 13 });
  });

  it('a download whose files are already there is complete at once', async () => {
    const torrent = await download(path.join(root, 'source'));
    await torrent.completed;
    expect(torrent.status()).toMatchObject({ complete: true, haveCount: 13 });
    expect(torrent.path).toBe(source);
  });

  it('a torrent of empty files is complete at once', async () => {
    const empty = path.join(root, 'empty', 'nothing');
    fs.mkdirSync(empty, { recursive: true });
    fs.writeFileSync(path.join(empty, 'a.log'), '');
    for (const format of ['v1', 'v2', 'hybrid'] as const) {
      const created = await createTorrent(empty, { format });
      const torrent = await client.download(created.metainfo, { folder: path.join(root, format) });
      await torrent.completed;
      expect(fs.readdirSync(torrent.path)).toEqual(['a.log']);
      expect(torrent.status()).toMatchObject({ complete: true, pieceCount: 0 });
      await torrent.stop();
    }
  });

  it('a torrent is refused a second time while it runs, and not afterwards', async () => {
    const first = await download();
    await expect(download(path.join(root, 'elsewhere'))).rejects.toMatchObject({ code: 'already-added' });
    await expect(client.seed(metainfo, { path: source })).rejects.toMatchObject({ code: 'already-added' });
    await first.stop();
    const again = await download();
    await again.stop();
  });

  it('a refused download leaves the client ready for another try', async () => {
    const folder = path.join(root, 'download');
    fs.mkdirSync(path.join(folder, 'album'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'album', 'a.flac'), 'other');
    await expect(download(folder)).rejects.toMatchObject({ code: 'exists' });
    const torrent = await download(path.join(root, 'elsewhere'));
    await torrent.stop();
  });
});

describe('shares', () => {
  it('a share is checked, and the first file that differs is named', async () => {
    const at = path.join(source, 'a.flac');
    const bytes = fs.readFileSync(at);
    bytes[100] = bytes[100]! ^ 1;
    fs.writeFileSync(at, bytes);
    await expect(client.seed(metainfo, { path: source })).rejects.toMatchObject({
      code: 'data-mismatch',
      path: at,
    });
    const believed = await client.seed(metainfo, { path: source, verify: false });
    expect(believed.status().complete).toBe(true);
  });

  it('an incomplete share is refused', async () => {
    fs.rmSync(path.join(source, 'a.flac'));
    await expect(client.seed(metainfo, { path: source })).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('two clients', () => {
  it('one client downloads from another byte for byte, and both close in the end', async () => {
    const seeder = await openClient({ port: 0, host: '127.0.0.1', threads: 1 });
    await seeder.seed(metainfo, { path: source });
    const folder = path.join(root, 'download');
    const peers = [{ host: '127.0.0.1', port: seeder.port }];
    const torrent = await client.download(metainfo, { folder, peers });
    await torrent.completed;
    const copy = fs.readFileSync(path.join(folder, 'album', 'a.flac'));
    expect(copy.equals(fs.readFileSync(path.join(source, 'a.flac')))).toBe(true);
    expect(fs.readdirSync(path.join(folder, 'album')).sort()).toEqual(['a.flac', 'empty.log']);
    await seeder.close();
  });

  it('a client gets the metadata of a magnet link from another, then downloads', async () => {
    const seeder = await openClient({ port: 0, host: '127.0.0.1', threads: 1 });
    await seeder.seed(metainfo, { path: source });
    const peers = [{ host: '127.0.0.1', port: seeder.port }];
    const found = await client.openMagnet(parseMagnet(magnetOf(metainfo)), { peers }).found;
    expect(found.metainfo.infoHash).toEqual(metainfo.infoHash);
    const folder = path.join(root, 'download');
    const torrent = await client.download(found.metainfo, { folder, peers: [...found.peers, ...peers] });
    await torrent.completed;
    await seeder.close();
  });
});
