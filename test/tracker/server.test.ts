import { once } from 'node:events';
import { get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningTracker, startTracker, type TrackerOptions } from '../../tracker/api.ts';
import { listenError, urlOf } from '../../tracker/listening.ts';
import { parseAnnounceReply, replyEndpoints } from '../../tracker/protocol/announce-reply.ts';
import { announceQuery, torrentFile } from './tracker-fixtures.ts';

const infoHash = Uint8Array.from({ length: 20 }, (_, at) => 255 - at);
const running: RunningTracker[] = [];
const sockets: Socket[] = [];

async function start(options: TrackerOptions = {}): Promise<RunningTracker> {
  const tracker = await startTracker({ port: 0, ...options });
  running.push(tracker);
  return tracker;
}

function dial(tracker: RunningTracker): Socket {
  const socket = connect(tracker.port, tracker.host);
  sockets.push(socket);
  return socket;
}

/** Everything that arrives until the other side closes. */
async function readToEnd(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  await once(socket, 'close');
  return text;
}

async function announce(
  tracker: RunningTracker,
  query: string,
): Promise<ReturnType<typeof parseAnnounceReply>> {
  const [response] = await once(get(`${tracker.announceUrl}?${query}`, { agent: false }), 'response');
  return parseAnnounceReply(Buffer.concat(await response.toArray()));
}

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map((tracker) => tracker.close()));
});

describe('a running tracker', () => {
  it('a running tracker introduces peers to one another over real sockets', async () => {
    const tracker = await start();
    await announce(tracker, announceQuery(infoHash, 7001));
    const reply = await announce(tracker, announceQuery(infoHash, 7002, '&left=9'));
    expect('peers' in reply && replyEndpoints(reply)).toEqual([{ host: '127.0.0.1', port: 7001 }]);
    expect(tracker.stats()).toMatchObject({ torrents: 1, seeds: 1, leechers: 1, announces: 2, refused: 0 });
  });

  it('a running tracker answers pipelined requests in order', async () => {
    const tracker = await start();
    const socket = dial(tracker);
    const request = (query: string, more = '') => `GET /announce?${query} HTTP/1.1\r\nHost: t\r\n${more}\r\n`;
    socket.write(request(announceQuery(infoHash, 7001)) + request('x', 'Connection: close\r\n'));
    expect(await readToEnd(socket)).toMatch(
      /^HTTP\/1\.1 200 OK.*8:completei1e.*HTTP\/1\.1 200 OK.*14:failure reason/s,
    );
  });

  it('a running tracker reports its URL and serves its torrents', async () => {
    const bytes = torrentFile('Salt Marsh', [['01.flac', 5]]);
    const tracker = await start({ torrents: [{ bytes: torrentFile('Other', [['x', 1]]) }] });
    expect(tracker.url).toBe(`http://127.0.0.1:${tracker.port}`);
    const added = tracker.addTorrent(bytes);
    expect(added).toMatchObject({ name: 'Salt Marsh', bytes: 5, fileCount: 1 });
    expect(added.magnet).toContain(encodeURIComponent(tracker.announceUrl));
    const response = await fetch(added.torrentUrl);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
    const page = await (await fetch(tracker.url)).text();
    for (const text of ['Salt Marsh', 'Other', tracker.announceUrl]) expect(page).toContain(text);
  });

  it('a running tracker reports its public URL if it has one', async () => {
    const tracker = await start({ publicUrl: 'https://tracker.example/' });
    expect(tracker.announceUrl).toBe('https://tracker.example/announce');
    expect(await (await fetch(`http://127.0.0.1:${tracker.port}/`)).text()).toContain(
      'https://tracker.example/announce<',
    );
  });

  it('an invalid torrent is refused with its code', async () => {
    const tracker = await start();
    expect(() => tracker.addTorrent(Buffer.from('<html>'))).toThrow(
      expect.objectContaining({ code: 'metainfo-web-page' }),
    );
    await expect(startTracker({ port: 0, torrents: [Buffer.from('l-3:e')] })).rejects.toHaveProperty('code');
  });

  it('a tracker closes while connections are open, and frees its port', async () => {
    const tracker = await start();
    const socket = dial(tracker);
    await once(socket, 'connect');
    const ended = readToEnd(socket);
    await tracker.close();
    await ended;
    const again = await start({ port: tracker.port });
    expect(again.port).toBe(tracker.port);
  });
});

describe('a client that is slow, large or one of many', () => {
  it('a client whose headers do not end is cut off', async () => {
    const tracker = await start({ limits: { headersTimeoutMs: 30, checkIntervalMs: 10 } });
    const socket = dial(tracker);
    socket.write('GET /announce?info_hash=');
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('a client whose body does not arrive is cut off', async () => {
    const limits = { headersTimeoutMs: 30, requestTimeoutMs: 40, checkIntervalMs: 10 };
    const tracker = await start({ limits });
    const socket = dial(tracker);
    socket.write(
      'POST /announce HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{',
    );
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 4\d\d /);
  });

  it('a client that sends nothing is cut off', async () => {
    const tracker = await start({ limits: { idleTimeoutMs: 20 } });
    expect(await readToEnd(dial(tracker))).toBe('');
  });

  it('a request with headers above the limit is refused', async () => {
    const tracker = await start();
    const socket = dial(tracker);
    socket.write(`GET /announce?${'x'.repeat(9000)} HTTP/1.1\r\nHost: t\r\n\r\n`);
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('a client that does not speak HTTP is refused', async () => {
    const tracker = await start();
    const socket = dial(tracker);
    socket.write('\x13BitTorrent protocol\r\n\r\n');
    expect(await readToEnd(socket)).toMatch(/^HTTP\/1\.1 400 /);
    expect(tracker.stats().announces).toBe(0);
  });

  it('a connection above the limit is refused and counted', async () => {
    const tracker = await start({ limits: { connectionsMax: 1 } });
    const first = dial(tracker);
    // The answer shows that the tracker has accepted the connection.
    first.write('GET /health HTTP/1.1\r\nHost: t\r\n\r\n');
    await once(first, 'data');
    const second = dial(tracker);
    second.on('error', () => {});
    expect(await readToEnd(second)).toBe('');
    expect(tracker.stats()).toMatchObject({ connections: 1, connectionsDropped: 1 });
  });
});

describe('a port that is not available', () => {
  it('a port that is taken is reported with its number', async () => {
    const { port } = await start();
    const error = await startTracker({ port }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'port-in-use' });
    expect((error as Error).message).toBe(`port ${port} on 127.0.0.1 is taken`);
  });

  it('an address that is not of this machine is refused', async () => {
    // TEST-NET-3, assigned to no host (RFC 5737).
    await expect(startTracker({ host: '203.0.113.1', port: 0 })).rejects.toMatchObject({
      code: 'address-not-available',
    });
  });

  it.each([-1, 65536, 1.5, Number.NaN])('an invalid port %d is refused', async (port) => {
    await expect(startTracker({ port })).rejects.toMatchObject({ code: 'port-invalid' });
  });

  it.each([
    ['EACCES', 'port-not-permitted'],
    ['ENOTFOUND', 'host-not-found'],
    ['EMFILE', 'listen-failed'],
  ])('a failure to listen with %s has the code %s and keeps its cause', (system, code) => {
    const cause = Object.assign(new Error('listen'), { code: system });
    expect(listenError(cause, '0.0.0.0', 80)).toMatchObject({ code, cause });
  });
});

describe('the URL for others', () => {
  it('the URL contains the host, with IPv6 in brackets', () => {
    expect(urlOf('192.168.1.5', 80)).toBe('http://192.168.1.5:80');
    expect(urlOf('::1', 80)).toBe('http://[::1]:80');
  });

  it('the URL contains an address that can be dialed if the tracker listens on all', () => {
    expect(urlOf('0.0.0.0', 80)).toMatch(/^http:\/\/(?!0\.0)\d+\.\d+\.\d+\.\d+:80$/);
  });
});
