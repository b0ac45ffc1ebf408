/**
 * Addresses in a torrent or a magnet link are not requested inside the user's own network, but addresses that
 * the user typed are: from the command line to a loopback server that records each request.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { createTorrent } from '../../../torrents/create/create.ts';
import { Child } from '../../e2e/child.ts';
import { noise } from '../../torrents/folder-fixture.ts';
import { mainFile, temporaryFolder } from '../run-cicada.ts';

const forged = '/api/admin?action=wipe';
const paths: string[] = [];
let origin: string;
let torrent: Uint8Array = new Uint8Array();
const server = http.createServer((request, response) => {
  if (request.url === '/x.torrent') return void response.end(torrent);
  paths.push((request.url ?? '').replace(/([?&])info_hash=.*/, '$1…'));
  response.end('d8:intervali900e5:peers0:e');
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close().closeAllConnections());

let place: string;
let infoHash: string;

async function make(...trackers: string[]): Promise<void> {
  const made = await createTorrent(join(place, 'Album'), { trackers: trackers.map((url) => [url]) });
  infoHash = Buffer.from(made.infoHash).toString('hex');
  torrent = made.bytes;
  writeFileSync(join(place, 'x.torrent'), torrent);
}

beforeEach(() => {
  paths.length = 0;
  place = temporaryFolder();
  mkdirSync(join(place, 'Album'));
  writeFileSync(join(place, 'Album/1.flac'), noise(40_000, 1));
});

function start(...args: string[]): Child {
  const child = new Child([process.execPath, mainFile, ...args, '--port', '0', '--json'], { cwd: place });
  onTestFinished(() => child.kill());
  return child;
}

const get = (...args: string[]) => start('get', '-o', 'out', ...args);
const refused = { reason: expect.stringMatching(/private network.*--tracker/) };

it('a torrent’s tracker on the loopback gets a plain announce, and no other request', async () => {
  await make(origin + forged, `${origin}/key/announce`);
  const child = get('x.torrent');
  expect(await child.event('tracker-failed')).toMatchObject(refused);
  await child.event('tracker-answered');
  expect(paths).toEqual(['/key/announce?…']);
});

it('a magnet link’s tracker on the loopback gets only a plain announce', async () => {
  await make(`${origin}/announce`);
  const child = get(`magnet:?xt=urn:btih:${infoHash}&tr=${encodeURIComponent(origin + forged)}`);
  expect(await child.event('tracker-failed')).toMatchObject(refused);
  expect(paths).toEqual([]);
});

it('the tracker of a seeded torrent on the loopback gets only a plain announce', async () => {
  await make(origin + forged);
  const child = start('seed', 'x.torrent', 'Album');
  expect(await child.event('tracker-failed')).toMatchObject(refused);
  expect(paths).toEqual([]);
});

it('a tracker that the user typed is asked at any address', async () => {
  await make(`${origin}/announce.php?room=1`);
  await get('x.torrent', '--tracker', `${origin}/announce.php?room=1`).event('tracker-answered');
  await get(infoHash, '--tracker', `${origin}/announce.php?room=2`).event('tracker-answered');
  await start('seed', 'x.torrent', 'Album', '--tracker', `${origin}/announce.php?room=1`).event(
    'tracker-answered',
  );
  await start('share', 'Album', '--tracker', `${origin}/announce.php?room=3`).event('tracker-answered');
  expect(paths).toEqual([1, 2, 1, 3].map((room) => `/announce.php?room=${room}&…`));
});

it('a torrent may name any path at the server that the user fetched it from', async () => {
  await make(`${origin}/announce.php?room=1`);
  await get(`${origin}/x.torrent`).event('tracker-answered');
  expect(paths).toEqual(['/announce.php?room=1&…']);
});

it('a torrent may not name any path at another server than it came from', async () => {
  await make(`${origin.replace('127.0.0.1', 'localhost')}${forged}`);
  expect(await get(`${origin}/x.torrent`).event('tracker-failed')).toMatchObject(refused);
  expect(paths).toEqual([]);
});
