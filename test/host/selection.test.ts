/**
 * A part of a torrent on a real disk: what is stored, what is not, and what happens when the selection grows.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Prng } from '../../client/engine/prng.ts';
import type { Client } from '../../client/host/client.ts';
import { openClient } from '../../client/host/open-client.ts';
import { createTorrent } from '../../torrents/create/create.ts';
import type { TorrentFile } from '../../torrents/metainfo/file-layout.ts';
import type { Metainfo } from '../../torrents/metainfo/metainfo.ts';
import { TemporaryFolder } from '../e2e/shared-folder.ts';

const pieceLength = 32 * 1024;
/** No file ends where a piece ends. The third lies in one piece with parts of its neighbours. */
const sizes = { 'a.flac': 150_001, 'b.flac': 100_003, 'c.txt': 777, 'd.flac': 200_017, 'e.txt': 0 };

let temporary: TemporaryFolder;
let metainfo: Metainfo;
let seeder: Client;
const open: Client[] = [];

async function client(name: string): Promise<Client> {
  const opened = await openClient({ port: 0, host: '127.0.0.1', stateFolder: temporary.in(name) });
  open.push(opened);
  return opened;
}

beforeEach(async () => {
  temporary = new TemporaryFolder();
  const random = new Prng(1);
  mkdirSync(temporary.in('Album'));
  for (const [name, bytes] of Object.entries(sizes)) {
    writeFileSync(
      temporary.in('Album', name),
      Uint8Array.from({ length: bytes }, () => random.below(256)),
    );
  }
  ({ metainfo } = await createTorrent(temporary.in('Album'), { pieceLength, format: 'v1' }));
  seeder = await client('seeder');
  await seeder.seed(metainfo, { path: temporary.in('Album') });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((opened) => opened.close()));
  temporary[Symbol.dispose]();
});

const only =
  (...names: readonly string[]) =>
  (file: TorrentFile) =>
    names.includes(file.components.at(-1)!);
const peers = () => [{ host: '127.0.0.1', port: seeder.port }];
const there = (folder = 'out') => readdirSync(temporary.in(folder, 'Album')).sort();
const visible = (folder = 'out') => there(folder).filter((name) => !name.startsWith('.'));
const isSame = (name: string, folder = 'out') =>
  readFileSync(temporary.in(folder, 'Album', name)).equals(readFileSync(temporary.in('Album', name)));

it('only selected files are on the disk, and the rest of shared pieces lies in one hidden part file', async () => {
  const leech = await client('leech');
  const folder = temporary.in('out');
  const active = await leech.download(metainfo, { folder, peers: peers(), select: only('b.flac') });
  await active.completed;
  expect(visible()).toEqual(['b.flac']);
  expect(isSame('b.flac')).toBe(true);
  expect(there().filter((name) => name.endsWith('.cicada-parts'))).toHaveLength(1);
  const { haveBytes, wantedBytes, haveWantedBytes, complete, downloaded } = active.status();
  expect({ complete, haveBytes, haveWantedBytes }).toEqual({
    complete: true,
    haveBytes: wantedBytes,
    haveWantedBytes: wantedBytes,
  });
  expect(downloaded).toBeLessThan(100_003 + 2 * pieceLength);

  // The part file is served: another client gets every piece of this one, with the neighbours' parts.
  await seeder.close();
  const second = await client('second');
  const copy = await second.download(metainfo, {
    folder: temporary.in('copy'),
    peers: [{ host: '127.0.0.1', port: leech.port }],
    select: only('b.flac'),
  });
  await copy.completed;
  expect(isSame('b.flac', 'copy')).toBe(true);

  await active.remove();
  expect(there()).toEqual(['b.flac']);
});

it('files selected later are downloaded then, and get their parts from the part file', async () => {
  const leech = await client('leech');
  const active = await leech.download(metainfo, {
    folder: temporary.in('out'),
    peers: peers(),
    select: only('a.flac'),
  });
  const { completed } = active;
  await completed;
  active.select(only('a.flac', 'c.txt', 'e.txt'));
  expect(active.completed).not.toBe(completed);
  await active.completed;
  expect(visible()).toEqual(['a.flac', 'c.txt', 'e.txt']);
  active.select(() => true);
  await active.completed;
  expect(visible()).toEqual(Object.keys(sizes));
  for (const name of Object.keys(sizes)) expect(isSame(name)).toBe(true);
  const { downloaded, totalBytes } = active.status();
  expect(downloaded).toBe(totalBytes);
  await active.stop();
  expect(there()).toEqual(Object.keys(sizes));
});

it.each(['with its record', 'without a record'])(
  'another run continues with another selection, %s, and downloads nothing twice',
  async (how) => {
    const folder = temporary.in('out');
    const first = await client('leech');
    const one = await first.download(metainfo, { folder, peers: peers(), select: only('b.flac') });
    await one.completed;
    await first.close();

    const second = await client(how === 'with its record' ? 'leech' : 'other');
    const two = await second.download(metainfo, { folder, peers: peers(), select: only('b.flac') });
    await two.completed;
    expect(two.status().downloaded).toBe(0);
    await two.stop();
    const three = await second.download(metainfo, {
      folder,
      peers: peers(),
      select: only('b.flac', 'd.flac'),
    });
    await three.completed;
    expect(visible()).toEqual(['b.flac', 'd.flac']);
    const { haveBytes, downloaded } = three.status();
    expect(downloaded).toBe(haveBytes - one.status().haveBytes);
    for (const name of visible()) expect(isSame(name)).toBe(true);
    await three.stop();

    const four = await second.download(metainfo, { folder, peers: peers() });
    await four.completed;
    await four.stop();
    expect(there()).toEqual(Object.keys(sizes));
    for (const name of there()) expect(isSame(name)).toBe(true);
  },
);

it('an unselected file of another program is left alone', async () => {
  const folder = temporary.in('out');
  mkdirSync(join(folder, 'Album'), { recursive: true });
  writeFileSync(join(folder, 'Album', 'a.flac'), 'mine');
  writeFileSync(join(folder, 'Album', 'd.flac'), Buffer.alloc(sizes['d.flac'], 1));
  const leech = await client('leech');
  const active = await leech.download(metainfo, { folder, peers: peers(), select: only('b.flac') });
  await active.completed;
  expect(readFileSync(join(folder, 'Album', 'a.flac'), 'utf8')).toBe('mine');
  expect(readFileSync(join(folder, 'Album', 'd.flac')).every((byte) => byte === 1)).toBe(true);
  expect(isSame('b.flac')).toBe(true);
});

it('a deselected file that was begun stays as it is, and is not downloaded further', async () => {
  const leech = await client('leech');
  const folder = temporary.in('out');
  const active = await leech.download(metainfo, { folder, select: only('a.flac', 'd.flac') });
  active.select(only('d.flac'));
  active.select(() => false);
  await active.completed;
  expect(existsSync(join(folder, 'Album'))).toBe(false);
  expect(active.status()).toMatchObject({ complete: true, wantedBytes: 0 });
});
