/** Request lines with a whole URL (RFC 9112 3.2.2), over real sockets, because `fetch` never sends them. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TargetedRequest, toOriginForm } from '../../../../tracker/http/addresses/request-target.ts';
import { type RunningTracker, startTracker } from '../../../../tracker/server.ts';
import { announceQuery, torrentFile } from '../../tracker-fixtures.ts';

const evil = 'evil.example';
const infoHash = Uint8Array.from({ length: 20 }, (_, at) => (at * 53 + 0x80) & 0xff);
const folder = mkdtempSync(join(tmpdir(), 'cicada-absolute-form-'));
let open: RunningTracker;
let catalogue: RunningTracker;
let torrentPath: string;
beforeAll(async () => {
  [open, catalogue] = await Promise.all([
    startTracker({ port: 0 }),
    startTracker({ port: 0, dataFolder: folder }),
  ]);
  torrentPath = new URL(open.addTorrent(torrentFile('Salt Marsh', [['01.flac', 5]])).torrentUrl).pathname;
});
afterAll(async () => {
  await Promise.all([open.close(), catalogue.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Returns the status, and the text after the status line, once `isEnough` holds or the connection ends. */
async function ask(tracker: RunningTracker, line: string, host = evil, isEnough = (_: string) => false) {
  const socket = connect(tracker.port, '127.0.0.1');
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    if (isEnough(text)) socket.destroy();
  });
  socket.write(`${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  await once(socket, 'close');
  return { status: Number(text.slice(9, 12)), text: text.slice(text.indexOf('\r\n')) };
}

describe('a request line with the whole URL is answered like its path', () => {
  const passkey = 'a'.repeat(48);
  it.each([
    ['an announce', `/announce?${announceQuery(infoHash, 7001)}`, 'd8:complete'],
    ['a scrape', `/scrape?info_hash=${'a'.repeat(20)}`, 'd5:files'],
    ['the page', '/', '<!doctype html>'],
    ['metrics', '/metrics', 'cicada_tracker_torrents'],
    ['health', '/health', '"status":"ok"'],
  ])(
    'a whole URL is answered like its path by a tracker without a catalogue: %s',
    async (_, path, answer) => {
      const { status, text } = await ask(open, `GET http://127.0.0.1:${open.port}${path}`);
      expect([status, text]).toEqual([200, expect.stringContaining(answer)]);
    },
  );
  it('a torrent file requested by its whole URL is answered', async () => {
    const { status, text } = await ask(open, `GET http://127.0.0.1:${open.port}${torrentPath}`);
    expect([status, text]).toEqual([200, expect.stringContaining('10:Salt Marsh')]);
  });
  it.each([
    [
      'an announce under a passkey',
      `/${passkey}/announce?${announceQuery(infoHash, 7001)}`,
      'failure reason',
    ],
    ['a scrape under a passkey', `/${passkey}/scrape?info_hash=${'a'.repeat(20)}`, 'd5:files'],
    ['a call of the API', '/api/v1/rooms', '"name":"lobby"'],
    ['a search', '/api/v1/search?q=salt', '"rows":[]'],
    ['the documentation of the API', '/api/v1/openapi.json', '"openapi":"3.1.0"'],
    ['a page with a query', '/?q=salt', '<!doctype html>'],
    ['a feed', '/rss/search?q=salt', '<rss version="2.0"'],
  ])('a whole URL is answered like its path by a tracker with a catalogue: %s', async (_, path, answer) => {
    const { status, text } = await ask(catalogue, `GET http://127.0.0.1:${catalogue.port}${path}`);
    expect([status, text]).toEqual([200, expect.stringContaining(answer)]);
  });
  it('a stream of events requested by its whole URL is answered', async () => {
    const isOpen = (text: string) => text.includes('text/event-stream');
    const url = `http://127.0.0.1:${catalogue.port}/api/v1/events`;
    expect((await ask(catalogue, `GET ${url}`, evil, isOpen)).status).toBe(200);
  });
});

describe('a request line with the whole URL', () => {
  it.each([
    ['in upper case', (at: string) => `HTTP://${at}`],
    ['of https over plain HTTP', (at: string) => `https://${at}`],
    ['with a name and a password', (at: string) => `http://ada:secret@${at}`],
    ['with a foreign host', () => `http://${evil}`],
  ])('an announce to a whole URL %s is answered', async (_, base) => {
    const url = `${base(`127.0.0.1:${open.port}`)}/announce?${announceQuery(infoHash, 7001)}`;
    const { status, text } = await ask(open, `GET ${url}`);
    expect([status, text]).toEqual([200, expect.stringContaining('8:interval')]);
  });

  it('a whole URL without a path requests the home page', async () => {
    for (const rest of ['', '?q=salt']) {
      const { status, text } = await ask(open, `GET http://127.0.0.1:${open.port}${rest}`);
      expect([status, text]).toEqual([200, expect.stringContaining('<!doctype html>')]);
    }
  });

  it('a whole URL with a foreign host puts that host into no answer', async () => {
    const own = `127.0.0.1:${catalogue.port}`;
    for (const authority of [evil, `${own}@${evil}`, `${evil}:${catalogue.port}`, `${own}.${evil}`]) {
      for (const path of ['/api/v1/server', '/rss/search?q=x']) {
        const { status, text } = await ask(catalogue, `GET http://${authority}${path}`, own);
        expect([status, text]).toEqual([200, expect.stringContaining(`http://${own}`)]);
        expect(text).not.toContain(evil);
      }
      const { status } = await ask(catalogue, `GET http://${authority}/api/v1/challenge?name=ada`, own);
      expect(status).toBe(421);
    }
  });

  it('a whole URL overrides the Host header', async () => {
    const { status, text } = await ask(
      catalogue,
      `GET http://127.0.0.1:${catalogue.port}/api/v1/challenge?name=ada`,
    );
    expect([status, text]).toEqual([200, expect.stringContaining(`"host":"127.0.0.1:${catalogue.port}"`)]);
  });

  it.each(['ftp://t/announce?x', 'http:///announce?x', 'http://ada@/announce?x', 'announce?x', '*'])(
    'a request target that is no URL of a tracker is refused: %s',
    async (target) => {
      const answers = await Promise.all([open, catalogue].map((tracker) => ask(tracker, `GET ${target}`)));
      expect(answers.map(({ status }) => status)).toEqual([400, 400]);
    },
  );
});

it('OPTIONS * is answered with the methods of the server', async () => {
  const { status, text } = await ask(open, 'OPTIONS *');
  expect([status, text]).toEqual([204, expect.stringMatching(/\r\nAllow: GET, HEAD, /)]);
});

it.each([
  ['/a?b', 'h', '/a?b'],
  ['http://t:1/a?b=http://c/d', 't:1', '/a?b=http://c/d'],
  ['http://t?b', 't', '/?b'],
  ['http://t#x', 't', '/#x'],
  ['http://a@b@t/', 't', '/'],
  ['hTTps://[::1]:2//a', '[::1]:2', '//a'],
])('the request target %s names the host %s and the path %s', (url, host, path) => {
  const request: TargetedRequest = { method: 'GET', url, headers: { host: 'h' } };
  expect([toOriginForm(request), request.headers.host, request.url]).toEqual([true, host, path]);
});
