import { describe, expect, it } from 'vitest';
import { clientAddresses } from '../../../tracker/http/addresses/client-address.ts';
import { trackerApp } from '../../../tracker/http/app.ts';
import { httpLimits } from '../../../tracker/http/limits.ts';
import { ListedTorrents } from '../../../tracker/http/listed-torrents.ts';
import { parseAnnounceReply, replyEndpoints } from '../../../tracker/protocol/announce-reply.ts';
import { encodeBytes } from '../../../tracker/protocol/query.ts';
import { parseScrapeReply } from '../../../tracker/protocol/scrape-reply.ts';
import { Registry } from '../../../tracker/registry.ts';
import { announceQuery, torrentFile } from '../tracker-fixtures.ts';

/** Bytes that a form parser would corrupt. */
const infoHash = Uint8Array.from({ length: 20 }, (_, at) => (at * 53 + 0x80) & 0xff);

function unexpected(error: unknown): void {
  expect.fail(String(error));
}

function tracker({ trustedProxies = [] as string[], onError = unexpected } = {}) {
  const registry = new Registry();
  const torrents = new ListedTorrents();
  const app = trackerApp({
    registry,
    torrents,
    addresses: clientAddresses(trustedProxies),
    limits: httpLimits,
    publicUrl: undefined,
    nowMs: () => 5000,
    wallMs: () => 0,
    random: () => 0,
    onError,
  });
  const get = (url: string, headers: Record<string, string> = {}, remoteAddress = '10.0.0.1') =>
    app.fastify.inject({ method: 'GET', url, headers, remoteAddress });
  const announce = async (query: string, remoteAddress: string, headers: Record<string, string> = {}) => {
    const response = await get(`/announce?${query}`, headers, remoteAddress);
    expect(response.statusCode).toBe(200);
    return parseAnnounceReply(response.rawPayload);
  };
  return { app, registry, torrents, get, announce };
}

const asBrowser = { accept: 'text/html,application/xhtml+xml' };

describe('/announce', () => {
  it("an announce lists the peer by its socket's address, under the raw bytes of its info-hash", async () => {
    const { announce, registry } = tracker();
    await announce(announceQuery(infoHash, 7001), '10.0.0.1');
    const reply = await announce(announceQuery(infoHash, 7002, '&left=5&ip=9.9.9.9'), '10.0.0.2');
    expect('peers' in reply && replyEndpoints(reply)).toEqual([{ host: '10.0.0.1', port: 7001 }]);
    expect(registry.scrape([infoHash])).toEqual([{ infoHash, complete: 1, incomplete: 1, downloaded: 0 }]);
  });

  it('an announce is answered compact unless the client asks otherwise', async () => {
    const { get } = tracker();
    const payload = async (fields: string) =>
      (await get(`/announce?${announceQuery(infoHash, 1, fields)}`)).payload;
    expect(await payload('')).toContain('5:peers0:');
    expect(await payload('&compact=0')).toContain('5:peersle');
  });

  it('an invalid announce is answered with a failure reason and status 200', async () => {
    const { announce, app } = tracker();
    expect(await announce('info_hash=short', '10.0.0.1')).toEqual({
      failureReason: 'info_hash must be 20 bytes',
    });
    expect(app.stats()).toMatchObject({ announces: 1, refused: 1 });
  });

  it('an announce uses X-Forwarded-For from a trusted proxy, and is refused if the header is missing', async () => {
    const { announce } = tracker({ trustedProxies: ['10.9.0.0/16'] });
    await announce(announceQuery(infoHash, 7001), '10.9.0.1', { 'x-forwarded-for': '1.1.1.1, 8.8.8.8' });
    await announce(announceQuery(infoHash, 7002), '10.0.0.7', { 'x-forwarded-for': '6.6.6.6' });
    const reply = await announce(announceQuery(infoHash, 7003, '&left=5'), '10.0.0.3');
    const told = 'peers' in reply ? replyEndpoints(reply).map(({ host, port }) => `${host}/${port}`) : [];
    expect(told.sort()).toEqual(['10.0.0.7/7002', '8.8.8.8/7001']);
    expect(await announce(announceQuery(infoHash, 7004), '10.9.0.1')).toHaveProperty('failureReason');
  });

  it('/announce without a query answers a client with a failure, and redirects a browser to the home page', async () => {
    const { get } = tracker();
    expect((await get('/announce')).payload).toMatch(/^d14:failure reason/);
    const response = await get('/announce', asBrowser);
    expect([response.statusCode, response.headers.location]).toEqual([303, '/']);
  });
});

describe('/scrape', () => {
  it('a scrape counts the swarms that it names', async () => {
    const { announce, get } = tracker();
    await announce(announceQuery(infoHash, 7001), '10.0.0.1');
    const unknown = new Uint8Array(20);
    const query = `info_hash=${encodeBytes(unknown)}&info_hash=${encodeBytes(infoHash)}`;
    expect(parseScrapeReply((await get(`/scrape?${query}`)).rawPayload)).toEqual([
      { infoHash: unknown, complete: 0, incomplete: 0, downloaded: 0 },
      { infoHash, complete: 1, incomplete: 0, downloaded: 0 },
    ]);
  });

  it('a scrape without hashes does not list all torrents', async () => {
    const { announce, get } = tracker();
    await announce(announceQuery(infoHash, 7001), '10.0.0.1');
    for (const url of ['/scrape', '/scrape?', '/scrape?passkey=x']) {
      expect(parseScrapeReply((await get(url)).rawPayload)).toHaveProperty('failureReason');
    }
  });
});

describe('a listed torrent', () => {
  const bytes = torrentFile('Salt Marsh', [['01 Low Tide.flac', 5_000_000]]);

  it('a listed torrent is served byte for byte, by its hash in either case', async () => {
    const { get, torrents } = tracker();
    const hash = torrents.add(bytes).infoHash;
    for (const name of [hash, hash.toUpperCase()]) {
      const response = await get(`/${name}.torrent`);
      expect(response.statusCode).toBe(200);
      expect(response.headers['content-type']).toBe('application/x-bittorrent');
      expect(new Uint8Array(response.rawPayload)).toEqual(bytes);
    }
  });

  it.each(['0'.repeat(40), 'x'.repeat(40), '..%2f..%2fetc%2fpasswd', '%00'])(
    'no torrent is served at /%s.torrent',
    async (name) => {
      const { get, torrents } = tracker();
      torrents.add(bytes);
      expect((await get(`/${name}.torrent`)).statusCode).toBe(404);
    },
  );

  it('the file name of a listed torrent cannot break out of its header', async () => {
    const { get, torrents } = tracker();
    const { infoHash: hash } = torrents.add(torrentFile('a"; filename="evil.exe\u00e9', [['x', 1]]));
    const header = (await get(`/${hash}.torrent`)).headers['content-disposition'];
    expect(header).toBe(
      `attachment; filename="a__ filename__evil.exe_.torrent"; filename*=UTF-8''a%22%3B%20filename%3D%22evil.exe%C3%A9.torrent`,
    );
  });
});

describe('every other request', () => {
  it('an unknown path is answered with a page for a browser and with JSON for a program', async () => {
    const { get } = tracker();
    const page = await get('/nothing', asBrowser);
    expect([page.statusCode, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    const json = await get('/nothing');
    expect([json.statusCode, json.json().error.code]).toEqual([404, 'not-found']);
  });

  it('a malformed request is answered with JSON and a code', async () => {
    const { get, app } = tracker();
    expect((await get('/%zz')).json()).toMatchObject({ error: { code: 'bad-request' } });
    const post = await app.fastify.inject({ method: 'POST', url: '/announce', payload: 'x'.repeat(5000) });
    expect(post.statusCode).toBeGreaterThanOrEqual(400);
    expect(post.json()).toHaveProperty('error.code');
  });

  it('a fault of the tracker is reported to the operator and not to the client', async () => {
    const seen: unknown[] = [];
    const { app, get } = tracker({
      onError: (error) => {
        seen.push(error);
      },
    });
    app.fastify.get('/fault', () => {
      throw new Error('secret detail');
    });
    const response = await get('/fault');
    expect(response.statusCode).toBe(500);
    expect(response.payload).not.toContain('secret');
    expect(seen).toHaveLength(1);
  });

  it.each(['/', '/metrics', '/health', '/nothing', '/icon.svg'])(
    'the answer at %s carries the security headers',
    async (url) => {
      const { headers } = await tracker().get(url);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'none'; style-src 'sha256-[^ ']+'; img-src 'self';/,
      );
    },
  );

  it('health and metrics contain no info-hash, name or address', async () => {
    const { get, announce, torrents } = tracker();
    const { infoHash: hash } = torrents.add(torrentFile('Quiet', [['x', 1]]));
    await announce(announceQuery(infoHash, 7001), '10.20.30.40');
    expect((await get('/health')).json()).toEqual({ status: 'ok', uptimeSeconds: 0 });
    const metrics = (await get('/metrics')).payload;
    expect(metrics).toMatch(/^cicada_tracker_seeds 1$/m);
    expect(metrics).toMatch(/^cicada_tracker_announces_total 1$/m);
    for (const line of metrics.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) )?cicada_tracker_[a-z_]+ /);
    for (const secret of [hash, Buffer.from(infoHash).toString('hex'), '10.20.30.40', 'Quiet', '{']) {
      expect(metrics).not.toContain(secret);
    }
  });
});
