import http from 'node:http';
import type net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnnounceRequest, Fact } from '../../../client/engine/contract.ts';
import { HttpAnnouncer } from '../../../client/host/network/http-announcer.ts';

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void;

let server: http.Server;
let handler: Handler;
let origin: string;
let announcer: HttpAnnouncer;
let facts: Fact[];
let onFact: () => void;
const heard: string[] = [];

beforeEach(async () => {
  heard.length = 0;
  facts = [];
  onFact = () => {};
  server = http.createServer((request, response) => {
    heard.push(request.url ?? '');
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  announcer = new HttpAnnouncer((fact) => {
    facts.push(fact);
    onFact();
  });
});

afterEach(async () => {
  await announcer.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const request: Omit<AnnounceRequest, 'tracker'> = {
  torrent: 7,
  infoHash: Uint8Array.from({ length: 20 }, (_, i) => i * 13),
  peerId: new Uint8Array(20).fill(0x2d),
  port: 6881,
  uploaded: 1,
  downloaded: 2,
  left: 3,
  event: 'started',
  peersWanted: 50,
};

function nextFact(): Promise<Fact> {
  const before = facts.length;
  return new Promise((resolve) => {
    onFact = () => facts.length > before && resolve(facts[before]!);
  });
}

async function ask(answer: Handler, tracker = `${origin}/announce`, more = {}): Promise<Fact> {
  handler = answer;
  const fact = nextFact();
  announcer.announce({ ...request, tracker, ...more });
  return fact;
}

const reply =
  (body: string | Uint8Array, status = 200, headers: http.OutgoingHttpHeaders = {}): Handler =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

const good =
  'd8:completei3e10:incompletei4e8:intervali900e12:min intervali60e5:peers6:\x0a\x00\x00\x01\x1a\xe1e';
const goodBytes = Buffer.from(good, 'latin1');

describe('valid replies', () => {
  it('a valid reply becomes peers, intervals and counts', async () => {
    expect(await ask(reply(goodBytes))).toEqual({
      type: 'announced',
      torrent: 7,
      tracker: `${origin}/announce`,
      answer: {
        peers: [{ host: '10.0.0.1', port: 6881 }],
        intervalSeconds: 900,
        minIntervalSeconds: 60,
        seeds: 3,
        leechers: 4,
      },
    });
  });

  it('an announce contains everything a tracker needs, with the info-hash byte for byte', async () => {
    await ask(reply(goodBytes));
    const query = new Map(
      heard[0]!
        .split('?')[1]!
        .split('&')
        .map((pair) => pair.split('=') as [string, string]),
    );
    const raw = (name: string) =>
      Buffer.from(
        query.get(name)!.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      );
    expect(raw('info_hash')).toEqual(Buffer.from(request.infoHash));
    expect(raw('peer_id')).toEqual(Buffer.from(request.peerId));
    const plain = ['port', 'uploaded', 'downloaded', 'left', 'event', 'numwant', 'compact'];
    expect(plain.map((name) => query.get(name))).toEqual(['6881', '1', '2', '3', 'started', '50', '1']);
  });

  it('an announce keeps the query of its tracker URL, such as a passkey', async () => {
    announcer.trust(7, { trackers: [`${origin}/announce?passkey=s3cret`] });
    await ask(reply(goodBytes), `${origin}/announce?passkey=s3cret`);
    expect(heard[0]).toMatch(/^\/announce\?passkey=s3cret&/);
  });

  it('a regular announce has no event', async () => {
    await ask(reply(goodBytes), undefined, { event: undefined });
    expect(heard[0]).not.toContain('event');
  });

  it('a reply may contain a warning', async () => {
    const fact = await ask(reply('d8:intervali900e5:peers0:15:warning message5:hurrye'));
    expect(fact).toMatchObject({ type: 'announced', answer: { warning: 'hurry' } });
  });

  it('a reply may contain the client’s external address as packed bytes (BEP 24)', async () => {
    const bytes = Buffer.from('d11:external ip4:____8:intervali900e5:peers0:e', 'latin1');
    bytes.set([203, 0, 113, 9], bytes.indexOf('____'));
    expect(await ask(reply(bytes))).toMatchObject({ answer: { ownHost: '203.0.113.9' } });
  });

  it('a reply may arrive in many pieces', async () => {
    const fact = await ask((_, response) => {
      response.writeHead(200);
      for (const byte of goodBytes) response.write(Uint8Array.of(byte));
      response.end();
    });
    expect(fact.type).toBe('announced');
  });
});

describe('invalid replies and failures', () => {
  const failed = async (answer: Handler, tracker?: string) => {
    const fact = await ask(answer, tracker);
    expect(fact.type).toBe('announce-failed');
    return fact as Extract<Fact, { type: 'announce-failed' }>;
  };

  it('a refusal has the failure reason of the tracker', async () => {
    const fact = await failed(reply('d14:failure reason12:unregisterede'));
    expect(fact).toMatchObject({ torrent: 7, reason: 'unregistered' });
    expect(fact.retryInSeconds).toBeUndefined();
  });

  it('a refusal with an HTTP error status has the failure reason of the tracker', async () => {
    expect((await failed(reply('d14:failure reason4:busye', 503))).reason).toBe('busy');
  });

  it('a refusal passes on the retry time in seconds, or never', async () => {
    expect((await failed(reply('d14:failure reason1:x8:retry ini5ee'))).retryInSeconds).toBe(300);
    expect((await failed(reply('d14:failure reason1:x8:retry in5:nevere'))).retryInSeconds).toBe('never');
  });

  it('a web page as reply fails with one sentence', async () => {
    const { reason } = await failed(reply('<!DOCTYPE html><html><body>Welcome!</body></html>'));
    expect(reason).toMatch(/web page|HTML|not a tracker|no tracker/i);
    expect(reason).not.toContain('\n');
  });

  it('an HTTP error fails with its status', async () => {
    expect((await failed(reply('<html>Not found</html>', 404))).reason).toContain('404');
    expect((await failed(reply('', 500))).reason).toContain('500');
  });

  it.each(['', 'd', 'i1e', 'le', 'd8:interval', 'l-3:e', '\x00\xff\x00'])(
    'a broken reply (%j) fails and does no harm',
    async (body) => {
      const { reason } = await failed(reply(Buffer.from(body, 'latin1')));
      expect(reason.length).toBeGreaterThan(3);
    },
  );

  it('a reply larger than any valid one is not read to its end', async () => {
    let written = 0;
    const { reason } = await failed((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024))) written += 64 * 1024;
      };
      response
        .writeHead(200)
        .on('drain', more)
        .on('error', () => {});
      more();
    });
    expect(reason).toContain('1 MiB');
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  it('a connection closed without a reply fails', async () => {
    const { reason } = await failed((incoming) => incoming.socket.destroy());
    expect(reason).toContain('without an answer');
  });

  it('a truncated reply fails', async () => {
    const fact = await failed((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('d8:inter');
      setImmediate(() => response.destroy());
    });
    expect(fact.reason.length).toBeGreaterThan(3);
  });

  it('a refused connection fails', async () => {
    const { reason } = await failed(() => {}, 'http://127.0.0.1:9/announce');
    expect(reason).toContain('refused');
  });

  it.each(['ftp://example.org/announce', 'nonsense', 'file:///etc/passwd', ''])(
    'an invalid tracker URL (%j) fails without a request and is never retried',
    async (tracker) => {
      expect((await failed(() => {}, tracker)).retryInSeconds).toBe('never');
      expect(heard).toEqual([]);
    },
  );
});

describe('a redirect', () => {
  it('a redirect of a tracker is followed', async () => {
    announcer.trust(7, { origin });
    const fact = await ask((incoming, response) => {
      if (incoming.url!.startsWith('/announce')) {
        response.writeHead(302, { location: incoming.url!.replace('/announce', '/elsewhere') }).end();
      } else reply(goodBytes)(incoming, response);
    });
    expect(fact.type).toBe('announced');
    expect(heard).toHaveLength(2);
  });

  it('a redirect loop is given up after a few redirects', async () => {
    const fact = await ask((incoming, response) =>
      response.writeHead(302, { location: incoming.url! }).end(),
    );
    expect(fact).toMatchObject({ type: 'announce-failed' });
    expect(heard.length).toBeLessThanOrEqual(4);
  });

  it('a redirect to another protocol is refused', async () => {
    const fact = await ask(reply('', 302, { location: 'file:///etc/passwd' }));
    expect(fact).toMatchObject({ type: 'announce-failed' });
  });
});

describe('trackers in a private network', () => {
  const forged = '/api/admin?action=wipe';

  it('a tracker in a private network that the torrent names gets plain announces only', async () => {
    for (const path of [forged, '/announce?passkey=k', '/announce.php', '/']) {
      const fact = await ask(reply(goodBytes), origin + path);
      expect(fact).toMatchObject({ type: 'announce-failed' });
      expect((fact as Extract<Fact, { type: 'announce-failed' }>).reason).toMatch(/private network/);
    }
    expect(heard).toEqual([]);
    expect((await ask(reply(goodBytes), `${origin}/music/KEY/announce`)).type).toBe('announced');
  });

  it('a tracker that the user typed may have any address, but only that address', async () => {
    announcer.trust(7, { trackers: [`${origin}/announce.php?passkey=k`] });
    expect((await ask(reply(goodBytes), `${origin}/announce.php?passkey=k`)).type).toBe('announced');
    expect((await ask(reply(goodBytes), origin + forged)).type).toBe('announce-failed');
    expect(heard).toHaveLength(1);
  });

  it('a tracker of a torrent that came from its own address may have any address', async () => {
    announcer.trust(7, { origin });
    expect((await ask(reply(goodBytes), `${origin}/announce.php?passkey=k`)).type).toBe('announced');
    const elsewhere = await ask(reply(goodBytes), origin.replace('127.0.0.1', '127.0.0.2') + forged);
    expect(elsewhere.type).toBe('announce-failed');
  });

  it('a trusted tracker address is trusted for one torrent only, until it is forgotten', async () => {
    announcer.trust(8, { origin });
    expect((await ask(reply(goodBytes), origin + forged)).type).toBe('announce-failed');
    announcer.trust(7, { origin });
    handler = reply(goodBytes);
    const farewell = nextFact();
    announcer.announce({ ...request, tracker: `${origin}/announce.php`, event: 'stopped' });
    announcer.forget(7);
    expect((await farewell).type).toBe('announced');
    expect((await ask(reply(goodBytes), origin + forged)).type).toBe('announce-failed');
  });
});

describe('announces', () => {
  it('announces to one tracker are answered once each, in their order', async () => {
    const waiting: http.ServerResponse[] = [];
    handler = (_, response) => void waiting.push(response);
    announcer.announce({ ...request, tracker: `${origin}/announce` });
    announcer.announce({ ...request, tracker: `${origin}/announce`, event: 'stopped' });
    while (waiting.length < 1) await new Promise((resolve) => setImmediate(resolve));
    // The announce with `stopped` waits until the one with `started` is answered.
    expect(heard).toHaveLength(1);
    const first = nextFact();
    waiting[0]!.end(goodBytes);
    await first;
    while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(heard[1]).toContain('event=stopped');
    const second = nextFact();
    waiting[1]!.end(goodBytes);
    await second;
    expect(facts).toHaveLength(2);
  });

  it('a stop waits for announces under way', async () => {
    handler = (incoming, response) => setImmediate(() => reply(goodBytes)(incoming, response));
    announcer.announce({ ...request, tracker: `${origin}/announce`, event: 'stopped' });
    await announcer.stop();
    expect(facts).toHaveLength(1);
  });
});
