/**
 * A tracker with addresses of both families, on this machine: 127.0.0.1 and ::1 stand for two public
 * addresses, and `dual.example` has both.
 */
import http from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AnnounceRequest, Fact } from '../../../client/engine/contract.ts';
import { HttpAnnouncer } from '../../../client/host/network/http-announcer.ts';
import { OtherFamily } from '../../../client/host/network/other-family.ts';
import type { WebWorld } from '../../../client/host/network/web-request.ts';

const lookup = ((_name, _options, callback) =>
  callback(null, [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ])) as LookupFunction;
const world: WebWorld = { kindOf: () => 'public', lookup: lookup as unknown as WebWorld['lookup'] };

const request: AnnounceRequest = {
  torrent: 7,
  tracker: '',
  infoHash: new Uint8Array(20).fill(5),
  peerId: new Uint8Array(20).fill(0x2d),
  port: 6881,
  uploaded: 1,
  downloaded: 2,
  left: 3,
  event: 'started',
  peersWanted: 50,
};

const replyOf = (fields: string) => Buffer.from(`d8:intervali900e${fields}e`, 'latin1');
const overIpv4 = replyOf('5:peers6:\x0a\x00\x00\x01\x1a\xe1');
/** 2001:db8::1 and 2001:db8::2, both at port 6881; the requester is told that it is the second. */
const [one, two] = [1, 2].map((last) => `\x20\x01\x0d\xb8${'\x00'.repeat(11)}${String.fromCharCode(last)}`);
const overIpv6 = Buffer.from(
  `d11:external ip16:${two}8:intervali900e5:peers0:6:peers636:${one}\x1a\xe1${two}\x1a\xe1e`,
  'latin1',
);

/** The events that each address has received; `undefined`: a regular announce. */
interface Heard {
  readonly ipv4: (string | null)[];
  readonly ipv6: (string | null)[];
}

async function listen(host: string, port: number, events: (string | null)[], reply: Buffer): Promise<number> {
  const server = http.createServer(({ url }, response) => {
    events.push(new URL(url!, 'http://host').searchParams.get('event'));
    response.end(reply);
  });
  server.listen(port, host);
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Waits for this many facts after each announce. */
async function dualTracker() {
  const heard: Heard = { ipv4: [], ipv6: [] };
  const port = await listen('127.0.0.1', 0, heard.ipv4, overIpv4);
  await listen('::1', port, heard.ipv6, overIpv6);
  const facts: Fact[] = [];
  let onFact = () => {};
  const announcer = new HttpAnnouncer((fact) => {
    facts.push(fact);
    onFact();
  }, world);
  onTestFinished(() => announcer.stop());
  const say = (event: AnnounceRequest['event']) =>
    announcer.announce({ ...request, tracker: `http://dual.example:${port}/announce`, event });
  const announce = async (event: AnnounceRequest['event'], factCount: number) => {
    facts.length = 0;
    const enough = new Promise<void>((resolve) => {
      onFact = () => facts.length === factCount && resolve();
    });
    say(event);
    await enough;
    return facts.map(({ type }) => type).sort();
  };
  return { heard, facts, announce, announcer, say };
}

/** Containers may lack IPv6. */
const hasIpv6 = Object.values(networkInterfaces()).some((nets) =>
  nets?.some(({ address }) => address === '::1'),
);

describe.runIf(hasIpv6)('a tracker with addresses of both families', () => {
  it('a tracker with both families is announced to over both, and its peers of both are used once, without the client itself', async () => {
    const { heard, facts, announce } = await dualTracker();
    expect(await announce('started', 2)).toEqual(['announced', 'peers-found']);
    expect(heard).toEqual({ ipv4: ['started'], ipv6: ['started'] });
    const peers = facts.flatMap((fact) => {
      if (fact.type === 'announced') return fact.answer.peers;
      return fact.type === 'peers-found' ? fact.peers : [];
    });
    const hosts = peers.map(({ host }) => host).sort();
    // IPv6 may come first or second: only the second reply omits the client itself; the engine filters the
    // first.
    expect(hosts.filter((host) => host !== '2001:db8::2')).toEqual(['10.0.0.1', '2001:db8::1']);
    const second = facts.find((fact) => fact.type === 'peers-found');
    expect(second?.peers).not.toContainEqual({ host: '2001:db8::2', port: 6881 });
  });

  it('a tracker with both families gets `completed` once, and `stopped` over both', async () => {
    const { heard, announce, announcer } = await dualTracker();
    await announce('started', 2);
    await announce('completed', 2);
    await announce(undefined, 2);
    const events = [...heard.ipv4, ...heard.ipv6];
    expect(events.filter((event) => event === 'completed')).toHaveLength(1);
    expect(events.filter((event) => event === 'started')).toHaveLength(2);
    expect(events.filter((event) => event === null)).toHaveLength(3);
    await announce('stopped', 1);
    await announcer.stop();
    expect([heard.ipv4.at(-1), heard.ipv6.at(-1)]).toEqual(['stopped', 'stopped']);
    expect(heard.ipv4).toHaveLength(4);
    expect(heard.ipv6).toHaveLength(4);
  });

  it('a tracker with both families gets `stopped` after `started`, however soon the torrent stops', async () => {
    for (const isAtOnce of [true, false]) {
      const { heard, announce, announcer, say } = await dualTracker();
      if (isAtOnce) {
        say('started');
        say('stopped');
      } else {
        await announce('started', 1);
        say('stopped');
      }
      await announcer.stop();
      for (const events of [heard.ipv4, heard.ipv6])
        expect([[], ['started', 'stopped']]).toContainEqual(events);
      expect(heard.ipv4.length + heard.ipv6.length).toBe(isAtOnce ? 2 : 4);
    }
  });

  it('a tracker whose other family is not reachable works over one', async () => {
    const heard: (string | null)[] = [];
    const port = await listen('127.0.0.1', 0, heard, overIpv4);
    const facts: Fact[] = [];
    const announcer = new HttpAnnouncer((fact) => facts.push(fact), world);
    const announced = { ...request, tracker: `http://dual.example:${port}/announce` };
    announcer.announce(announced);
    announcer.announce({ ...announced, event: 'stopped' });
    await expect.poll(() => facts.length).toBe(2);
    await announcer.stop();
    expect(facts.map(({ type }) => type)).toEqual(['announced', 'announced']);
    expect(heard).toEqual(['started', 'stopped']);
  });
});

describe('the second family of a tracker', () => {
  /** Every request fails until `isUp`. */
  function failing() {
    const asked: string[] = [];
    const waiting: (() => void)[] = [];
    const state = { nowMs: 0, isUp: false };
    const answer = { peers: [], intervalSeconds: 900 };
    const other = new OtherFamily({
      sink: () => {},
      nowMs: () => state.nowMs,
      ask: ({ torrent, tracker, event }, _isTyped, family, done) => {
        asked.push(`${event ?? 'regular'} ${family}`);
        if (state.isUp) waiting.push(() => done({ type: 'announced', torrent, tracker, answer }));
        else done({ type: 'announce-failed', torrent, tracker, reason: 'test' });
      },
    });
    const announced = { ...request, tracker: 'http://dual.example/announce' };
    const answerAll = () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) next();
      return asked.splice(0);
    };
    const announce = (event: AnnounceRequest['event'] = undefined) => {
      other.onAnswered({ ...announced, event }, false, 4);
      return answerAll();
    };
    const stop = () => other.stop({ ...announced, event: 'stopped' }, false);
    return { state, other, announced, announce, stop, answerAll };
  }

  it('the second family is left alone after a failure, twice as long each time, up to six hours', () => {
    const { state, announce } = failing();
    const minutes = [10, 20, 40, 80, 160, 320, 360, 360];
    for (const minute of minutes) {
      expect(announce()).toEqual(['started 6']);
      state.nowMs += minute * 60_000 - 1;
      expect(announce()).toEqual([]);
      state.nowMs += 1;
    }
    state.isUp = true;
    expect(announce()).toEqual(['started 6']);
    expect(announce()).toEqual(['regular 6']);
    state.isUp = false;
    expect(announce('paused')).toEqual(['paused 6']);
    state.nowMs += 10 * 60_000;
    state.isUp = true;
    expect(announce()).toEqual(['regular 6']);
  });

  it('`stopped` goes to the second family only where it has listed the client, after all earlier announces', () => {
    const { state, other, announced, announce, stop, answerAll } = failing();
    announce();
    stop();
    expect(answerAll()).toEqual([]);
    state.nowMs += 1e9;
    state.isUp = true;
    other.onAnswered(announced, false, 4);
    stop();
    expect(answerAll()).toEqual(['started 6', 'stopped 6']);
    stop();
    expect(answerAll()).toEqual([]);
  });
});
