/** How simulated lines carry streams. The contract for all networks is in test/contract. */
import { describe, expect, it } from 'vitest';
import type { Fact, PeerAddress } from '../../../client/engine/contract.ts';
import { Randomness } from '../kernel/randomness.ts';
import { Scheduler } from '../kernel/scheduler.ts';
import type { SimHost } from './host.ts';
import { SimInternet } from './internet.ts';
import type { Link, Reachability } from './link.ts';

/** 100 bytes a millisecond up, ten times that down, 10 ms apart. */
const line: Link = { latencyMs: 10, up: 100, down: 1_000 };

class Net {
  readonly scheduler = new Scheduler();
  readonly internet = new SimInternet(this.scheduler, new Randomness(3));
  #dialed = 0;

  join(link: Link = line, reachability: Reachability = 'open'): Listener {
    return new Listener(this, ++this.#dialed, link, reachability);
  }

  /** Returns the connection ids of both ends. */
  connect(from: Listener, to: Listener): [number, number] {
    this.#dialed += 1;
    const connection = 2 * this.#dialed;
    from.host.dial(connection, to.address);
    this.pass(3_000);
    return [connection, to.facts.findLast((fact) => fact.type === 'connected')!.connection];
  }

  pass(ms: number): void {
    this.scheduler.run(() => false, this.scheduler.nowMs + ms);
  }
}

class Listener {
  readonly facts: Fact[] = [];
  readonly host: SimHost;
  readonly address: PeerAddress;
  /** When bytes arrived, and how many. */
  readonly heard: { atMs: number; bytes: number }[] = [];

  constructor(net: Net, number: number, link: Link, reachability: Reachability) {
    this.address = { host: `10.0.0.${number}`, port: 1 };
    const sink = (fact: Fact) => {
      if (fact.type === 'received') this.heard.push({ atMs: net.scheduler.nowMs, bytes: fact.count });
      this.facts.push(fact);
    };
    this.host = net.internet.join({ address: this.address, link, sink, reachability });
  }

  get bytesHeard(): number {
    return this.heard.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  of<T extends Fact['type']>(type: T): Extract<Fact, { type: T }>[] {
    return this.facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type);
  }
}

/** Two hosts and their connection. */
function pair(link: Link = line, other: Link = link) {
  const net = new Net();
  const [a, b] = [net.join(link), net.join(other)];
  const [from, to] = net.connect(a, b);
  const startMs = net.scheduler.nowMs;
  const lastHeardMs = () => b.heard.at(-1)!.atMs - startMs;
  return { net, a, b, from, to, lastHeardMs };
}

describe('a line', () => {
  it('a line takes the time of its rate and its latency', () => {
    const { net, a, b, from, lastHeardMs } = pair();
    a.host.send(from, new Uint8Array(100_000));
    net.pass(60_000);
    expect(b.bytesHeard).toBe(100_000);
    // 1,000 ms for the bytes, 10 ms for the way, and the last run once more at the other rate.
    expect(lastHeardMs()).toBeGreaterThanOrEqual(1_010);
    expect(lastHeardMs()).toBeLessThanOrEqual(1_012);
  });

  it('connections take turns on an uplink', () => {
    const { net, a, from } = pair();
    const [c, d] = [net.join(), net.join()];
    const [other] = net.connect(a, c);
    const [small] = net.connect(a, d);
    const startMs = net.scheduler.nowMs;
    a.host.send(from, new Uint8Array(1_000_000));
    a.host.send(other, new Uint8Array(1_000_000));
    a.host.send(small, new Uint8Array(17));
    net.pass(5_000);
    // At most a few turns of 16 KiB of the others come first, not everything they have.
    expect(d.heard[0]!.atMs - startMs).toBeLessThan(600);
    expect(c.bytesHeard).toBeGreaterThan(200_000);
  });

  it('all senders share a downlink', () => {
    const net = new Net();
    const slow = net.join({ latencyMs: 10, up: 100, down: 100 });
    const senders = [1, 2, 3, 4].map(() => net.join());
    for (const sender of senders) sender.host.send(net.connect(sender, slow)[0], new Uint8Array(50_000));
    const startMs = net.scheduler.nowMs;
    net.pass(60_000);
    expect(slow.bytesHeard).toBe(200_000);
    expect(slow.heard.at(-1)!.atMs - startMs).toBeGreaterThan(500);
  });

  it('a connection has at most its window in flight', () => {
    const { net, a, from, to, b } = pair({ latencyMs: 500, up: 1_000, down: 1_000, windowBytes: 50_000 });
    a.host.send(from, new Uint8Array(500_000));
    const inFlight: number[] = [];
    for (let i = 0; i < 100; i++) {
      net.pass(50);
      for (const end of a.host.ends) inFlight.push(end.inFlightBytes);
    }
    expect(Math.max(...inFlight)).toBeLessThanOrEqual(50_000);
    net.pass(60_000);
    expect(b.bytesHeard).toBe(500_000);
    expect(to % 2).toBe(1);
  });

  it('bytes are reported as flushed when the kernel has taken them, not before', () => {
    const { net, a, from } = pair({ ...line, socketBytes: 10_000 });
    a.host.send(from, new Uint8Array(100_000));
    net.pass(200);
    const flushed = a.of('flushed').reduce((sum, { bytes }) => sum + bytes, 0);
    expect(flushed).toBeGreaterThan(10_000);
    expect(flushed).toBeLessThan(50_000);
  });

  it.each([0, 1, 2, 3])(
    'a line with jitter, loss and random cuts keeps the order of a stream (seed %i)',
    (seed) => {
      const rough = { ...line, jitterMs: 50, lossPpm: 100_000, lossMs: 1_000, recut: seed % 2 === 0 };
      const { net, a, b, from } = pair(rough);
      const bytes = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 31 + seed) & 255);
      const got: number[] = [];
      const { push } = b.facts;
      b.facts.push = (fact: Fact) => {
        if (fact.type === 'received') got.push(...fact.bytes.subarray(0, fact.count));
        return push.call(b.facts, fact);
      };
      for (let at = 0; at < bytes.length; at += 500) {
        a.host.send(from, bytes.slice(at, at + 500));
        net.pass(3);
      }
      net.pass(60_000);
      expect(got).toEqual([...bytes]);
    },
  );

  it('a reset ends the connection for both hosts', () => {
    const { net, a, b, from } = pair();
    a.host.link = { ...line, resetPpm: 1_000_000 };
    a.host.send(from, new Uint8Array(100));
    net.pass(1_000);
    expect(a.of('closed').at(-1)).toMatchObject({ reason: 'reset' });
    expect(a.host.openCount + b.host.openCount).toBe(0);
  });

  it('sent bytes are always queued, in flight or received', () => {
    const { net, a, b, from } = pair({ ...line, jitterMs: 20, lossPpm: 50_000, recut: true });
    for (let i = 0; i < 50; i++) {
      a.host.send(from, new Uint8Array(1 + i * 700));
      net.pass(37);
      const [sender] = a.host.ends;
      const [receiver] = b.host.ends;
      expect(sender!.sentBytes).toBe(sender!.queuedBytes + sender!.inFlightBytes + receiver!.receivedBytes);
    }
  });
});

describe('a partition', () => {
  it('a partition holds sent bytes back until it ends', () => {
    const { net, a, b, from } = pair();
    net.internet.shut(a.address.host, b.address.host);
    a.host.send(from, new Uint8Array(1_000));
    net.pass(60_000);
    expect(b.bytesHeard).toBe(0);
    net.internet.open(a.address.host, b.address.host);
    net.pass(100);
    expect(b.bytesHeard).toBe(1_000);
  });

  it('a one-way partition leaves the other direction open', () => {
    const { net, a, b, from, to } = pair();
    net.internet.shut(a.address.host, b.address.host);
    a.host.send(from, new Uint8Array(1_000));
    b.host.send(to, new Uint8Array(1_000));
    net.pass(1_000);
    expect([a.bytesHeard, b.bytesHeard]).toEqual([1_000, 0]);
  });

  it('a partition made twice ends when both are ended', () => {
    const { net, a, b, from } = pair();
    const [here, there] = [a.address.host, b.address.host];
    net.internet.shut(here, there);
    net.internet.shut(here, there);
    a.host.send(from, new Uint8Array(10));
    net.internet.open(here, there);
    net.pass(1_000);
    expect(b.bytesHeard).toBe(0);
    net.internet.open(here, there);
    net.pass(1_000);
    expect(b.bytesHeard).toBe(10);
  });

  it('a partition stops dials, and the kernel gives them up after a minute', () => {
    const net = new Net();
    const [a, b] = [net.join(), net.join()];
    net.internet.shut(b.address.host, a.address.host);
    a.host.dial(2, b.address);
    net.pass(30_000);
    expect(a.facts).toEqual([]);
    net.pass(60_000);
    expect(a.facts).toMatchObject([{ type: 'closed', reason: 'timed out' }]);
    expect(b.facts).toEqual([]);
  });

  it('a partition holds back the end of a connection, too', () => {
    const { net, a, b, from } = pair();
    net.internet.shut(a.address.host, b.address.host);
    a.host.close(from);
    net.pass(60_000);
    expect(b.of('closed')).toEqual([]);
    net.internet.openAll();
    net.pass(100);
    expect(b.of('closed')).toHaveLength(1);
  });
});

describe('a host', () => {
  it.each([
    ['refuses', 'refused'],
    ['silent', 'timed out'],
  ] as const)(
    'an unreachable host (%s) gets no incoming connections but can dial',
    (reachability, reason) => {
      const net = new Net();
      const [a, b] = [net.join(), net.join(line, reachability)];
      a.host.dial(2, b.address);
      net.pass(120_000);
      expect(a.facts).toMatchObject([{ type: 'closed', connection: 2, reason }]);
      b.host.dial(2, a.address);
      net.pass(1_000);
      expect(b.of('connected')).toHaveLength(1);
    },
  );

  it('peers notice a crashed program at once, but not a power cut', () => {
    for (const silently of [false, true]) {
      const { net, a, b } = pair();
      a.host.crash(silently);
      net.pass(10_000);
      expect(b.of('closed')).toHaveLength(silently ? 0 : 1);
      expect(b.host.openCount).toBe(silently ? 1 : 0);
    }
  });

  it('a host that is back after a power cut resets its old connections when bytes arrive', () => {
    const { net, a, b, to } = pair();
    a.host.crash(true);
    b.host.send(to, new Uint8Array(10));
    net.pass(1_000);
    expect(b.of('closed')).toEqual([]);
    const { address } = a;
    net.internet.join({ address, link: line, sink: () => {} });
    b.host.send(to, new Uint8Array(10));
    net.pass(1_000);
    expect(b.of('closed')).toMatchObject([{ reason: 'reset' }]);
  });

  it('a frozen host receives nothing, and everything in order after the thaw', () => {
    const { net, a, b, from } = pair();
    b.host.freeze();
    for (let i = 1; i <= 5; i++) {
      a.host.send(from, new Uint8Array(i));
      net.pass(100);
    }
    a.host.close(from);
    net.pass(10_000);
    expect([b.bytesHeard, b.of('closed').length]).toEqual([0, 0]);
    b.host.thaw();
    expect(b.heard.map(({ bytes }) => bytes)).toEqual([1, 2, 3, 4, 5]);
    expect(b.of('closed')).toHaveLength(1);
  });

  it('a frozen host takes at most the window of a connection', () => {
    const { net, a, b, from } = pair({ ...line, windowBytes: 40_000, socketBytes: 10_000 });
    b.host.freeze();
    a.host.send(from, new Uint8Array(500_000));
    net.pass(60_000);
    const flushed = a.of('flushed').reduce((sum, { bytes }) => sum + bytes, 0);
    expect(flushed).toBeLessThanOrEqual(50_000);
    b.host.thaw();
    net.pass(60_000);
    expect(b.bytesHeard).toBe(500_000);
  });

  it('a cancelled dial is forgotten by both sides', () => {
    const net = new Net();
    const [a, b] = [net.join(), net.join()];
    a.host.dial(2, b.address);
    net.pass(12);
    a.host.close(2);
    net.pass(10_000);
    expect([a.facts, b.facts]).toEqual([[], []]);
    expect(a.host.openCount + b.host.openCount).toBe(0);
  });
});
