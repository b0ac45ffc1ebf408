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

describe('a good answer', () => {
  it('becomes peers, intervals and counts', async () => {
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

  it('is asked for with everything a tracker needs, the hash byte for byte', async () => {
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

  it('is asked for with what the tracker’s own address carries, a passkey say', async () => {
    announcer.trust(7, { trackers: [`${origin}/announce?passkey=s3cret`] });
    await ask(reply(goodBytes), `${origin}/announce?passkey=s3cret`);
    expect(heard[0]).toMatch(/^\/announce\?passkey=s3cret&/);
  });

  it('names no event in a regular announce', async () => {
    await ask(reply(goodBytes), undefined, { event: undefined });
    expect(heard[0]).not.toContain('event');
  });

  it('may bring a warning', async () => {
    const fact = await ask(reply('d8:intervali900e5:peers0:15:warning message5:hurrye'));
    expect(fact).toMatchObject({ type: 'announced', answer: { warning: 'hurry' } });
  });

  it('may tell where the tracker saw us, as packed bytes (BEP 24)', async () => {
    const bytes = Buffer.from('d11:external ip4:____8:intervali900e5:peers0:e', 'latin1');
    bytes.set([203, 0, 113, 9], bytes.indexOf('____'));
    expect(await ask(reply(bytes))).toMatchObject({ answer: { ownHost: '203.0.113.9' } });
  });

  it('may come in many pieces', async () => {
    const fact = await ask((_, response) => {
      response.writeHead(200);
      for (const byte of goodBytes) response.write(Uint8Array.of(byte));
      response.end();
    });
    expect(fact.type).toBe('announced');
  });
});

describe('an answer that is none', () => {
  const failed = async (answer: Handler, tracker?: string) => {
    const fact = await ask(answer, tracker);
    expect(fact.type).toBe('announce-failed');
    return fact as Extract<Fact, { type: 'announce-failed' }>;
  };

  it('says what the tracker said when it refuses', async () => {
    const fact = await failed(reply('d14:failure reason12:unregisterede'));
    expect(fact).toMatchObject({ torrent: 7, reason: 'unregistered' });
    expect(fact.retryInSeconds).toBeUndefined();
  });

  it('also when the refusal comes with an HTTP error', async () => {
    expect((await failed(reply('d14:failure reason4:busye', 503))).reason).toBe('busy');
  });

  it('passes on when to come again, in seconds, or that it is never', async () => {
    expect((await failed(reply('d14:failure reason1:x8:retry ini5ee'))).retryInSeconds).toBe(300);
    expect((await failed(reply('d14:failure reason1:x8:retry in5:nevere'))).retryInSeconds).toBe('never');
  });

  it('is a web page: says so in one sentence', async () => {
    const { reason } = await failed(reply('<!DOCTYPE html><html><body>Welcome!</body></html>'));
    expect(reason).toMatch(/web page|HTML|not a tracker|no tracker/i);
    expect(reason).not.toContain('\n');
  });

  it('is an HTTP error: says its number', async () => {
    expect((await failed(reply('<html>Not found</html>', 404))).reason).toContain('404');
    expect((await failed(reply('', 500))).reason).toContain('500');
  });

  it.each(['', 'd', 'i1e', 'le', 'd8:interval', 'l-3:e', '\x00\xff\x00'])(
    'is broken (%j), and does no harm',
    async (body) => {
      const { reason } = await failed(reply(Buffer.from(body, 'latin1')));
      expect(reason.length).toBeGreaterThan(3);
    },
  );

  it('is larger than any answer: it is not read to its end', async () => {
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

  it('is none at all: the connection is closed', async () => {
    const { reason } = await failed((incoming) => incoming.socket.destroy());
    expect(reason).toContain('without an answer');
  });

  it('is cut off in the middle', async () => {
    const fact = await failed((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('d8:inter');
      setImmediate(() => response.destroy());
    });
    expect(fact.reason.length).toBeGreaterThan(3);
  });

  it('is not to be had: nobody listens there', async () => {
    const { reason } = await failed(() => {}, 'http://127.0.0.1:9/announce');
    expect(reason).toContain('refused');
  });

  it.each(['ftp://example.org/announce', 'nonsense', 'file:///etc/passwd', ''])(
    'is not asked for from %j, ever',
    async (tracker) => {
      expect((await failed(() => {}, tracker)).retryInSeconds).toBe('never');
      expect(heard).toEqual([]);
    },
  );
});

describe('a redirect', () => {
  it('is followed', async () => {
    announcer.trust(7, { origin });
    const fact = await ask((incoming, response) => {
      if (incoming.url!.startsWith('/announce')) {
        response.writeHead(302, { location: incoming.url!.replace('/announce', '/elsewhere') }).end();
      } else reply(goodBytes)(incoming, response);
    });
    expect(fact.type).toBe('announced');
    expect(heard).toHaveLength(2);
  });

  it('in circles is given up after a few', async () => {
    const fact = await ask((incoming, response) =>
      response.writeHead(302, { location: incoming.url! }).end(),
    );
    expect(fact).toMatchObject({ type: 'announce-failed' });
    expect(heard.length).toBeLessThanOrEqual(4);
  });

  it('to another protocol is refused', async () => {
    const fact = await ask(reply('', 302, { location: 'file:///etc/passwd' }));
    expect(fact).toMatchObject({ type: 'announce-failed' });
  });
});

describe('a tracker in a private network', () => {
  const forged = '/api/admin?action=wipe';

  it('that the torrent names is asked for plain announces only', async () => {
    for (const path of [forged, '/announce?passkey=k', '/announce.php', '/']) {
      const fact = await ask(reply(goodBytes), origin + path);
      expect(fact).toMatchObject({ type: 'announce-failed' });
      expect((fact as Extract<Fact, { type: 'announce-failed' }>).reason).toMatch(/private network/);
    }
    expect(heard).toEqual([]);
    expect((await ask(reply(goodBytes), `${origin}/music/KEY/announce`)).type).toBe('announced');
  });

  it('is asked whatever its address when the user typed it, and only at that address', async () => {
    announcer.trust(7, { trackers: [`${origin}/announce.php?passkey=k`] });
    expect((await ask(reply(goodBytes), `${origin}/announce.php?passkey=k`)).type).toBe('announced');
    expect((await ask(reply(goodBytes), origin + forged)).type).toBe('announce-failed');
    expect(heard).toHaveLength(1);
  });

  it('is asked whatever its address when the torrent came from there', async () => {
    announcer.trust(7, { origin });
    expect((await ask(reply(goodBytes), `${origin}/announce.php?passkey=k`)).type).toBe('announced');
    const elsewhere = await ask(reply(goodBytes), origin.replace('127.0.0.1', '127.0.0.2') + forged);
    expect(elsewhere.type).toBe('announce-failed');
  });

  it('is trusted for one torrent alone, and until that is forgotten', async () => {
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
  it('to one tracker are answered once each, in their order', async () => {
    const waiting: http.ServerResponse[] = [];
    handler = (_, response) => void waiting.push(response);
    announcer.announce({ ...request, tracker: `${origin}/announce` });
    announcer.announce({ ...request, tracker: `${origin}/announce`, event: 'stopped' });
    while (waiting.length < 1) await new Promise((resolve) => setImmediate(resolve));
    // The farewell waits until the greeting is answered.
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

  it('under way are waited for when everything stops', async () => {
    handler = (incoming, response) => setImmediate(() => reply(goodBytes)(incoming, response));
    announcer.announce({ ...request, tracker: `${origin}/announce`, event: 'stopped' });
    await announcer.stop();
    expect(facts).toHaveLength(1);
  });
});
