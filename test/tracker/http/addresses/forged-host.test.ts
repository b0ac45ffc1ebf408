/** Everything that a tracker hands out, requested under hosts that are not its own. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseMetainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { type RunningTracker, startTracker, type TrackerOptions } from '../../../../tracker/server.ts';
import { torrentFile } from '../../tracker-fixtures.ts';
import { type Person, publishBody } from '../api/api-scene.ts';

interface Asked {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: object;
  readonly address?: string;
}

async function ask(tracker: RunningTracker, path: string, asked: Asked = {}) {
  const { method = 'GET', headers = {}, body, address = '127.0.0.1' } = asked;
  const answer = Promise.withResolvers<{ status: number; text: string; bytes: Buffer }>();
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const options = {
    host: address,
    port: tracker.port,
    path,
    method,
    headers: { ...type, ...headers },
    agent: false,
  };
  const request = http.request(options, (response) => {
    const parts: Buffer[] = [];
    response.on('data', (part) => parts.push(part));
    response.on('end', () => {
      const bytes = Buffer.concat(parts);
      const text = `${JSON.stringify(response.headers)}\n${bytes.toString('latin1')}`;
      answer.resolve({ status: response.statusCode!, text, bytes });
    });
  });
  request.on('error', answer.reject).end(body === undefined ? '' : JSON.stringify(body));
  return await answer.promise;
}

const evil = 'evil.example';
/** Headers besides Host that may name a host, sent by a proxy or forged. */
const forged = (host: string): http.OutgoingHttpHeaders => ({
  host,
  ...{ 'x-forwarded-host': evil, 'x-forwarded-proto': 'https', 'x-forwarded-port': '666' },
  ...{
    'x-original-host': evil,
    'x-host': evil,
    'x-forwarded-server': evil,
    'x-original-url': `http://${evil}/`,
  },
  ...{ forwarded: `host=${evil};proto=https`, 'x-forwarded-prefix': '/evil', origin: `http://${evil}` },
});
const forgedHosts = (port: number) => [
  ...[
    evil,
    `${evil}:${port}`,
    `127.0.0.1.${evil}:${port}`,
    `127.0.0.1:${port}@${evil}`,
    `10.66.66.66:${port}`,
  ],
  ...[`${hostname()}.${evil}:${port}`, '127.0.0.1:666'],
];
const hasForged = /evil|10\.66\.66\.66|:666\b|https:/i;
const torrent = torrentFile('Salt Marsh', [['1.flac', 5]]);

let folder: string;
let bare: RunningTracker;
let catalogue: RunningTracker;
let closed: RunningTracker;
let pia: Person;
let releaseId: string;

const start = (options: TrackerOptions) => startTracker({ host: '127.0.0.1', port: 0, ...options });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cicada-forged-'));
  const proxied = { trustedProxies: ['127.0.0.1'] };
  bare = await start({ torrents: [torrent], ...proxied });
  catalogue = await start({ dataFolder: join(folder, 'open'), ...proxied });
  const policy = { signInRequired: true, newcomerRole: undefined };
  closed = await start({ dataFolder: join(folder, 'closed'), policy });
  const { publicKey, privateKey: key } = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64');
  const body = { name: 'Pia', publicKey: raw, password: 'a long enough password', mayShare: true };
  const entered = JSON.parse(
    (await ask(catalogue, '/api/v1/accounts', { method: 'POST', body })).bytes.toString(),
  );
  pia = { name: 'Pia', token: entered.session.token, accountId: 1, feedKey: entered.account.feedKey, key };
  const album = publishBody({ album: 'Low Tide', tracks: ['Song'] }, pia);
  releaseId = album.releaseId;
  const headers = { authorization: `Bearer ${pia.token}` };
  const published = await ask(catalogue, '/api/v1/releases', { method: 'POST', body: album, headers });
  expect(published.status, published.text).toBe(201);
});

afterAll(async () => {
  await Promise.all([bare, catalogue, closed].map((tracker) => tracker.close()));
  rmSync(folder, { recursive: true, force: true });
});

interface HandedOut {
  readonly path: string;
  readonly of: () => RunningTracker;
  /** The answer contains the tracker's own address. */
  readonly names: boolean;
  readonly asked?: () => Asked;
}

const handedOut: readonly HandedOut[] = [
  { path: '/', of: () => bare, names: true },
  { path: '/announce', of: () => bare, names: false },
  {
    path: `/${Buffer.from(parseMetainfo(torrent).infoHash).toString('hex')}.torrent`,
    of: () => bare,
    names: false,
  },
  { path: '/nowhere', of: () => bare, names: false },
  { path: '/', of: () => catalogue, names: false },
  { path: '/', of: () => closed, names: true },
  { path: '/releases/ID', of: () => catalogue, names: true },
  { path: '/api/v1/releases/ID/torrent', of: () => catalogue, names: true },
  { path: '/api/v1/releases/ID/torrent', of: () => catalogue, names: true, asked: signedIn },
  { path: '/api/v1/releases/ID', of: () => catalogue, names: true },
  { path: '/api/v1/server', of: () => catalogue, names: true, asked: signedIn },
  { path: '/api/v1/accounts/me', of: () => catalogue, names: false, asked: signedIn },
  { path: '/api/v1/sessions', of: () => catalogue, names: false, asked: signIn },
  { path: '/rss/search?q=tide', of: () => catalogue, names: true },
  { path: '/rss/users/Pia', of: () => catalogue, names: true },
  { path: '/rss/rooms/lobby', of: () => catalogue, names: false },
  { path: '/api', of: () => catalogue, names: false },
  { path: '/api/', of: () => catalogue, names: false },
  { path: '/api/v1/openapi.json', of: () => catalogue, names: false },
  { path: '/metrics', of: () => catalogue, names: false },
];

function signedIn(): Asked {
  return { headers: { authorization: `Bearer ${pia.token}` } };
}

function signIn(): Asked {
  return { method: 'POST', body: { name: 'Pia', password: 'a long enough password' } };
}

describe.each(handedOut)('$path', ({ path, of, names, asked: more = (): Asked => ({}) }) => {
  it("an answer names the tracker's own address and no forged host", async () => {
    const tracker = of();
    const at = path.replace('ID', releaseId);
    for (const host of forgedHosts(tracker.port)) {
      const asked = more();
      const headers = { accept: 'text/html, */*', ...forged(host), ...asked.headers };
      const { text, status } = await ask(tracker, at, { ...asked, headers });
      expect(status, text).toBeLessThan(500);
      expect(text, host).not.toMatch(hasForged);
      if (names)
        expect(decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'))).toContain(
          `http://127.0.0.1:${tracker.port}`,
        );
    }
  });
});

describe('a signature for signing in', () => {
  it('a challenge is refused under a forged host', async () => {
    for (const host of forgedHosts(catalogue.port)) {
      const { status } = await ask(catalogue, '/api/v1/challenge?name=Pia', { headers: forged(host) });
      expect(status, host).toBe(421);
    }
    const own = { headers: { host: `127.0.0.1:${catalogue.port}` } };
    expect((await ask(catalogue, '/api/v1/challenge?name=Pia', own)).text).toContain(
      `127.0.0.1:${catalogue.port}`,
    );
  });
});

describe('a client in the local network', () => {
  const announceOf = async (tracker: RunningTracker, host: string, address?: string) => {
    const asked = { headers: { host }, ...(address !== undefined && { address }) };
    const { bytes } = await ask(tracker, `/api/v1/releases/${releaseId}/torrent`, asked);
    return parseMetainfo(bytes).trackers.flat();
  };

  it('links use the name or address of the Host header when it names the tracker', async () => {
    for (const host of [
      '127.0.0.1',
      'localhost',
      hostname().toLowerCase(),
      `${hostname().toLowerCase()}.local`,
    ]) {
      const called = `${host}:${catalogue.port}`;
      expect(await announceOf(catalogue, called)).toEqual([`http://${called}/announce`]);
    }
  });

  it('a tracker that listens on all addresses hands out the one at which the client connected', async () => {
    const tracker = await start({ host: '0.0.0.0', torrents: [torrent] });
    onTestFinished(() => tracker.close());
    for (const address of ['127.0.0.1', '127.0.0.2'])
      for (const host of [`${address}:${tracker.port}`, evil]) {
        const { text } = await ask(tracker, '/', { headers: { host }, address });
        expect(text).toContain(`http://${address}:${tracker.port}/announce<`);
      }
  });

  it('a tracker with a public URL hands it out for every Host header', async () => {
    const tracker = await start({ publicUrl: 'https://tracker.example/', torrents: [torrent] });
    onTestFinished(() => tracker.close());
    for (const host of [evil, `127.0.0.1:${tracker.port}`]) {
      const { text } = await ask(tracker, '/', { headers: forged(host) });
      expect(text).toContain('https://tracker.example/announce<');
      expect(text).not.toContain('evil');
    }
  });
});

it('the operator is told once of requests for an unknown host, and not at all with a public URL', async () => {
  let told = 0;
  const onUnknownHost = () => (told += 1);
  const tracker = await start({ torrents: [torrent], onUnknownHost });
  const named = await start({ publicUrl: 'https://tracker.example', onUnknownHost });
  onTestFinished(async () => void (await Promise.all([tracker.close(), named.close()])));
  await ask(tracker, '/', { headers: { host: `127.0.0.1:${tracker.port}` } });
  await ask(named, '/', { headers: { host: evil } });
  expect(told).toBe(0);
  for (const host of [evil, 'other.example']) await ask(tracker, '/', { headers: { host } });
  expect(told).toBe(1);
});

describe('a request line', () => {
  const raw = async (lines: readonly string[]) => {
    const socket = net.connect(bare.port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    socket.end(`${lines.join('\r\n')}\r\n\r\n`);
    let text = '';
    for await (const part of socket) text += part;
    return text;
  };

  it('an HTTP/1.0 request without a Host header gets the address at which it arrived', async () => {
    const text = await raw(['GET / HTTP/1.0', `X-Forwarded-Host: ${evil}`]);
    expect(text).toContain(`http://127.0.0.1:${bare.port}/announce<`);
  });

  it.each([
    [`GET http://${evil}/ HTTP/1.1`, `Host: ${evil}`],
    [`GET http://${evil}/ HTTP/1.1`, 'Host: 127.0.0.1'],
    ['GET / HTTP/1.1', `Host: ${evil}`, 'Host: 127.0.0.1'],
    [`GET //${evil}/ HTTP/1.1`, `Host: ${evil}`],
    [`GET /announce HTTP/1.1`, `Host: ${evil}`],
    ['GET /api HTTP/1.1', `Host: ${evil}`],
  ])('no answer contains a foreign host of the request line (%s, %s)', async (...lines) => {
    const text = await raw([...lines, 'Accept: text/html', 'Connection: close']);
    expect(text).toMatch(/^HTTP\/1\.1 /);
    expect(text).not.toMatch(/evil/);
  });
});
