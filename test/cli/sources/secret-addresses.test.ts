/** User names and passwords in web addresses are used, and never printed. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { encode } from '../../../torrents/bencode/bencode-encode.ts';
import { runHere, temporaryFolder } from '../run-cicada.ts';

let place: string;
beforeEach(() => {
  place = temporaryFolder();
});

const torrent = (announce: string) =>
  encode({ announce, info: { name: 'a', length: 1, 'piece length': 16_384, pieces: Buffer.alloc(20) } });

/** Serves a compressed torrent only to the user ada. */
async function protectedTorrent(): Promise<string> {
  const server = createServer((request, response) => {
    const isAda = request.headers.authorization === `Basic ${Buffer.from('ada:hush').toString('base64')}`;
    response.writeHead(isAda ? 200 : 401, isAda ? { 'content-encoding': 'gzip' } : {});
    response.end(isAda ? gzipSync(torrent('http://eve:hush@tracker.example/announce')) : '');
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}/x.torrent`;
}

it('a torrent behind a password is fetched, unpacked and described without the password', async () => {
  const address = await protectedTorrent();
  for (const more of [[], ['--json'], ['--magnet'], ['--magnet', '--json'], ['-v']]) {
    const { code, stdout, stderr } = await runHere(['info', `http://ada:hush@${address}`, ...more], place);
    expect(code).toBe(0);
    expect(stdout).toContain('tracker.example');
    expect(stdout + stderr).not.toContain('hush');
  }
});

it.each([
  ['a wrong password', (address: string) => ['info', `http://ada:hush2@${address}`], 24],
  ['a server that is not there', () => ['get', 'http://ada:hush@127.0.0.1:1/x.torrent'], 6],
  ['an invalid tracker', () => ['get', 'x.torrent', '--tracker', 'gopher://ada:hush@host/'], 28],
  ['an invalid web seed', () => ['create', 'x.torrent', '-w', 'ftp://ada:hush@host/'], 28],
])('%s is reported without the password', async (_, args, code) => {
  writeFileSync(join(place, 'x.torrent'), torrent('http://tracker.example/announce'));
  const outcome = await runHere(args(await protectedTorrent()), place);
  expect(outcome.stdout + outcome.stderr).not.toContain('hush');
  expect(outcome.stderr).not.toBe('');
  expect(outcome.code).toBe(code);
});
