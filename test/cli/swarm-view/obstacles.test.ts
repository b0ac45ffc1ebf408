/**
 * Why no data arrives, with a code, a reason and advice: from a status, and from real programs on real
 * sockets.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dropReason } from '../../../client/cli/swarm-view/drop-reasons.ts';
import {
  missingSources,
  obstaclesOf,
  obstacleWords,
  unsupportedSources,
} from '../../../client/cli/swarm-view/obstacles.ts';
import { unansweredWords } from '../../../client/cli/swarm-view/waiting-reason.ts';
import type { TrackerStatus } from '../../../client/engine/status.ts';
import { FailedDials } from '../../../client/session/following/failed-dials.ts';
import { Child, Children } from '../../e2e/child.ts';
import { noise } from '../../torrents/folder-fixture.ts';
import { mainFile, runHere } from '../run-cicada.ts';

const http = 'http://good.example/announce';
const udp = 'udp://old.example:1337/announce';
const sources = (trackers: readonly string[], webSeeds: readonly string[] = []) => ({ trackers, webSeeds });
const codes = (obstacles: readonly { code: string }[]) => obstacles.map(({ code }) => code);

describe('sources that are not supported', () => {
  it.each<[string, readonly string[], readonly string[], RegExp]>([
    ['udp-trackers', [udp], [], /^UDP trackers \(udp:\/\/\) are not supported yet: old\.example:1337$/],
    ['udp-trackers', ['UDP://old.example:1337'], [], /not supported yet: old\.example:1337/],
    [
      'websocket-trackers',
      ['wss://ws.example/'],
      [],
      /^WebSocket trackers .* not supported yet: ws\.example$/,
    ],
    ['trackers-invalid', ['gopher://g.example/'], [], /gopher:\/\/ trackers are not supported yet/],
    ['web-seeds', [], ['https://web.example/music/'], /^web seeds are not supported yet: web\.example$/],
    ['web-seeds', [], ['ftp://web.example/'], /^web seeds are not supported yet: web\.example$/],
  ])(
    'unsupported sources are reported with a code and their hosts: %s',
    (code, trackers, webSeeds, words) => {
      const [obstacle, ...more] = missingSources(sources(trackers, webSeeds));
      expect([obstacle!.code, more]).toEqual([code, []]);
      expect(obstacle!.message).toMatch(words);
      expect(obstacle!.advice).toMatch(/--tracker http:.*--peer/);
    },
  );

  it('unsupported sources are named once per kind, with the hosts of the first three', () => {
    const many = [1, 2, 3, 4, 5].map((n) => `udp://u${n}.example:80`);
    const found = missingSources(sources([...many, 'wss://ws.example'], ['https://web.example/']));
    expect(codes(found)).toEqual(['udp-trackers', 'websocket-trackers', 'web-seeds']);
    expect(found[0]!.message).toContain('u1.example:80, u2.example:80, u3.example:80, 2 more');
    expect(obstacleWords(found).match(/--peer/g)).toHaveLength(1);
  });

  it('unsupported sources are no obstacle beside a supported one', () => {
    expect(missingSources(sources([udp, http], ['https://web.example/']))).toEqual([]);
    expect(codes(unsupportedSources(sources([udp, http])))).toEqual(['udp-trackers']);
  });

  it('unsupported sources never show the secret part of an address', () => {
    expect(obstacleWords(missingSources(sources(['udp://u.example/passkey'])))).not.toContain('passkey');
  });

  it('a torrent without any source is reported', () => {
    expect(codes(missingSources(sources([])))).toEqual(['no-trackers']);
  });
});

describe('why nothing moves', () => {
  const tracker = (url: string, peers?: number) => ({ url, peers }) as TrackerStatus;
  const none = { closed: 0, dialed: 0 };

  it('a torrent with a connected peer has no obstacles', () => {
    const peers = [{}] as never;
    expect(obstaclesOf({ peers, peersKnown: 1, trackers: [] }, [], { closed: 3, dialed: 3 })).toEqual([]);
  });

  it('a torrent has no other peers when every usable tracker says so', () => {
    const of = (...trackers: TrackerStatus[]) =>
      codes(obstaclesOf({ peers: [], peersKnown: 0, trackers }, [], none));
    expect(of(tracker(http, 0))).toEqual(['no-other-peers']);
    expect(of(tracker(http, 0), tracker(udp))).toEqual(['no-other-peers']);
    expect(of(tracker(http))).toEqual([]);
  });

  it("the count of closed handshakes counts peers, not dials, and only each peer's last dial", () => {
    const dials = new FailedDials();
    const news = [
      dials.isNews('10.0.0.1:1', 'closed-at-handshake'),
      dials.isNews('10.0.0.1:1', 'closed-at-handshake'),
      dials.isNews('10.0.0.2:1', 'ECONNREFUSED'),
      dials.isNews('10.0.0.3:1', 'closed-at-handshake'),
      dials.isNews('10.0.0.3:1', 'dial-timeout'),
    ];
    expect([news, dials.closers]).toEqual([[true, false, true, true, true], { closed: 1, dialed: 3 }]);
    dials.onConnected('10.0.0.1:1');
    expect(dials.closers.closed).toBe(0);
  });

  it('the count of unanswered peers names the two most frequent reasons, by the last dial of each peer', () => {
    const dials = new FailedDials();
    const words = () => unansweredWords(dials.reasons);
    expect(words()).toBe('');
    dials.isNews('10.0.0.1:1', 'ECONNREFUSED');
    expect(words()).toBe(' (no program listens there)');
    dials.isNews('10.0.0.2:1', 'dial-timeout');
    dials.isNews('10.0.0.2:1', 'ECONNREFUSED');
    expect(words()).toBe(' (2 × no program listens there)');
    dials.isNews('10.0.0.3:1', 'not-bittorrent');
    dials.isNews('10.0.0.4:1', 'not-bittorrent');
    dials.isNews('10.0.0.5:1', 'dial-timeout');
    dials.onConnected('10.0.0.1:1');
    expect(words()).toBe(' (2 × it does not speak BitTorrent, 1 × no program listens there)');
  });

  it('the obstacle of peers that close at the handshake says what to change, and where', () => {
    const [obstacle] = obstaclesOf({ peers: [], peersKnown: 2, trackers: [] }, [], { closed: 2, dialed: 5 });
    expect(obstacle).toMatchObject({
      code: 'closed-at-handshake',
      message: '2 of 5 peers closed at the handshake: they may require encryption, or not have this torrent',
      advice: expect.stringMatching(/other client.*encryption.*"allow" or "prefer" instead of "require"/),
    });
    expect(dropReason('closed-at-handshake')).toMatch(/encryption/);
  });
});

describe('real programs', () => {
  const place = mkdtempSync(join(tmpdir(), 'cicada-obstacles-'));
  let children: Children;
  let closing: Server;
  const named = new Set<string>();
  /** A tracker whose peer list contains only the peer that asks. */
  const foreignTracker = createHttpServer((request, response) => {
    const port = Number(new URL(request.url!, 'http://t').searchParams.get('port'));
    named.add(String(port));
    const peer = Buffer.from([127, 0, 0, 1, port >> 8, port & 255]);
    response.end(Buffer.concat([Buffer.from('d8:intervali60e5:peers6:'), peer, Buffer.from('e')]));
  });
  const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;

  beforeAll(async () => {
    children = new Children();
    mkdirSync(join(place, 'Album'));
    writeFileSync(join(place, 'Album/1.flac'), noise(70_000, 1));
    // A client that requires encryption: it reads the plain handshake and closes.
    closing = createServer((socket) => {
      socket.on('error', () => {}).once('data', () => socket.end());
    });
    closing.listen(0, '127.0.0.1');
    foreignTracker.listen(0, '127.0.0.1');
    await Promise.all([once(closing, 'listening'), once(foreignTracker, 'listening')]);
    const create = (name: string, ...more: string[]) =>
      runHere(['create', 'Album', '-o', `${name}.torrent`, '-q', ...more], place);
    await create('none');
    await create('udp', '-a', udp);
    await create('web', '--web-seed', 'https://web.example/music/');
    await create('mixed', '-a', udp, '-a', http);
  });
  afterAll(async () => {
    await children[Symbol.asyncDispose]();
    closing.close();
    foreignTracker.close();
    rmSync(place, { recursive: true, force: true });
  });

  const start = (...args: string[]) =>
    children.add(new Child([process.execPath, mainFile, ...args, '--port', '0', '--json'], { cwd: place }));
  const progressWith = (child: Child, code: string) =>
    child.line(`told of ${code}`, (line) => {
      const { event, obstacles, waitingFor, outlook } = JSON.parse(line);
      const found =
        event === 'progress' && obstacles.find((obstacle: { code: string }) => obstacle.code === code);
      return found ? { waitingFor, outlook, found } : undefined;
    });

  it('get names a peer that closes at the handshake, with its reason', async () => {
    const peer = `127.0.0.1:${portOf(closing)}`;
    const child = start('get', 'none.torrent', '--peer', peer, '-o', 'out-1');
    expect(await child.event('dial-failed')).toMatchObject({ peer, reason: 'closed-at-handshake' });
    const { waitingFor } = await progressWith(child, 'closed-at-handshake');
    expect(waitingFor).toMatch(/the only peer closed at the handshake: it may require encryption.*"allow"/);
  });

  it('get asks a tracker that the user adds; one that returns only this client knows no other peers', async () => {
    const announce = `http://127.0.0.1:${portOf(foreignTracker)}/announce`;
    const child = start('get', 'none.torrent', '--tracker', announce, '-o', 'out-2');
    const { found } = await progressWith(child, 'no-other-peers');
    expect(found.message).toMatch(/^no other peers: 127\.0\.0\.1:\d+ knows none yet$/);
    expect(named.size).toBe(1);
  });

  it.each([
    ['udp', 'udp-trackers'],
    ['web', 'web-seeds'],
  ])('get says at once that %s.torrent has no usable source', async (name, code) => {
    const { outlook } = await progressWith(start('get', `${name}.torrent`, '-o', `out-${name}`), code);
    expect(outlook).toBe('fatal');
  });

  it('seed without a usable tracker says that no peer finds it', async () => {
    expect(await start('seed', 'udp.torrent', 'Album').event('unsupported')).toMatchObject({
      code: 'udp-trackers',
      message: expect.stringContaining('old.example:1337'),
    });
  });

  it.each([
    ['a UDP tracker', `magnet:?xt=urn:btih:${'a'.repeat(40)}&tr=${encodeURIComponent(udp)}`, /UDP trackers/],
    ['a web seed', `magnet:?xt=urn:btih:${'a'.repeat(40)}&ws=https%3A%2F%2Fw.example%2F`, /web seeds/],
    ['a UDP tracker (v2)', `magnet:?xt=urn:btmh:1220${'a'.repeat(64)}&tr=${encodeURIComponent(udp)}`, /UDP/],
  ])(
    'get and info refuse a link whose only source is %s: the search would never end',
    async (_, link, words) => {
      for (const command of ['get', 'info']) {
        const { code, stdout } = await runHere([command, link, '--json'], place);
        expect([code, JSON.parse(stdout)]).toEqual([
          28,
          { event: 'error', code: 'sources-unsupported', message: expect.stringMatching(words) },
        ]);
      }
    },
  );

  it('info names unsupported sources, only with -v where another source is supported', async () => {
    const told = async (name: string, ...more: string[]) => {
      const { stderr } = await runHere(['info', `${name}.torrent`, ...more], place);
      return stderr;
    };
    expect(await told('udp')).toMatch(/Note: UDP trackers .*old\.example:1337.*--peer/s);
    expect(await told('web')).toMatch(/Note: web seeds are not supported yet: web\.example/);
    expect(await told('mixed')).toBe('');
    expect(await told('mixed', '-v')).toMatch(/Note: UDP trackers/);
    const { stdout } = await runHere(['info', 'mixed.torrent', '--json'], place);
    expect(JSON.parse(stdout).unsupported).toMatchObject([{ code: 'udp-trackers' }]);
  });
});
