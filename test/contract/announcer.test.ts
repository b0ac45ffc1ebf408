/**
 * What every Announcer must do (client/host/ports.ts), tested with the real one, which uses a real tracker
 * over HTTP, and with the simulated one. Both trackers use the same registry.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnnounceRequest, Fact, PeerAddress } from '../../client/engine/contract.ts';
import { HttpAnnouncer } from '../../client/host/network/http-announcer.ts';
import type { Announcer, FactSink } from '../../client/host/ports.ts';
import { startTracker } from '../../tracker/server.ts';
import { Gate } from '../sim/kernel/gate.ts';
import { Randomness } from '../sim/kernel/randomness.ts';
import { Scheduler } from '../sim/kernel/scheduler.ts';
import { Trace } from '../sim/kernel/trace.ts';
import { simAnnouncer } from '../sim/world/announcer.ts';
import { SimTracker } from '../sim/world/tracker.ts';

const infoHash = new Uint8Array(20).fill(7);
const foreignHash = new Uint8Array(20).fill(9);
const registry = {
  intervalSeconds: 100,
  minIntervalSeconds: 20,
  isAllowed: (hash: Uint8Array) => hash[0] !== foreignHash[0],
};

interface AnnouncerBench {
  readonly trackerUrl: string;
  /** A URL without a tracker. */
  readonly deadUrl: string;
  join(sink: FactSink): { readonly announcer: Announcer; readonly address: PeerAddress };
  until(condition: () => boolean): Promise<void>;
  stop(): Promise<void>;
}

async function real(): Promise<AnnouncerBench> {
  const tracker = await startTracker({ host: '127.0.0.1', port: 0, registry });
  const gone = await startTracker({ host: '127.0.0.1', port: 0 });
  await gone.close();
  const announcers: HttpAnnouncer[] = [];
  return {
    trackerUrl: tracker.announceUrl,
    deadUrl: gone.announceUrl,
    join: (sink) => {
      const announcer = new HttpAnnouncer(sink);
      announcers.push(announcer);
      return { announcer, address: { host: '127.0.0.1', port: 7_000 + announcers.length } };
    },
    until: async (condition) => {
      const deadlineMs = performance.now() + 20_000;
      while (!condition()) {
        if (performance.now() > deadlineMs) throw new Error('it never came to this');
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
    stop: async () => {
      await Promise.all(announcers.map((announcer) => announcer.stop()));
      await tracker.close();
    },
  };
}

async function simulated(): Promise<AnnouncerBench> {
  const scheduler = new Scheduler();
  const trackerUrl = 'http://tracker.sim/announce';
  const trackers = new Map([
    [trackerUrl, new SimTracker({ scheduler, random: new Randomness(1).of('t') }, registry)],
  ]);
  let hosts = 0;
  return {
    trackerUrl,
    deadUrl: 'http://nobody.sim/announce',
    join: (sink) => {
      const self = { host: `10.0.0.${++hosts}`, port: 6881 };
      const announcer = simAnnouncer({
        scheduler,
        trace: new Trace(),
        gate: new Gate(),
        sink,
        self: [self],
        trackers,
      });
      return { announcer, address: self };
    },
    until: async (condition) => {
      if (!scheduler.run(condition, scheduler.nowMs + 60_000)) throw new Error('it never came to this');
    },
    stop: async () => {},
  };
}

describe.each([
  ['Announcing over HTTP', real],
  ['Announcing in the simulator', simulated],
] as const)('%s', (_, openBench) => {
  let bench: AnnouncerBench;
  beforeEach(async () => {
    bench = await openBench();
  });
  afterEach(() => bench.stop());

  class Peer {
    readonly facts: Fact[] = [];
    readonly address: PeerAddress;
    readonly #announcer: Announcer;

    constructor() {
      const { announcer, address } = bench.join((fact) => this.facts.push(fact));
      this.#announcer = announcer;
      this.address = address;
    }

    announce(more: Partial<AnnounceRequest> = {}): void {
      this.#announcer.announce({
        torrent: 3,
        tracker: bench.trackerUrl,
        infoHash,
        peerId: new Uint8Array(20).fill(this.address.port & 255),
        port: this.address.port,
        uploaded: 0,
        downloaded: 0,
        left: 10,
        event: 'started',
        peersWanted: 50,
        ...more,
      });
    }

    /** The answer to this announce. */
    async ask(more: Partial<AnnounceRequest> = {}): Promise<Fact> {
      const before = this.facts.length;
      this.announce(more);
      await bench.until(() => this.facts.length > before);
      return this.facts[before]!;
    }
  }

  it('an announce is answered with the other peers and the numbers of seeds and leechers', async () => {
    const [a, b, c] = [new Peer(), new Peer(), new Peer()];
    expect(await a.ask({ left: 0 })).toMatchObject({
      type: 'announced',
      torrent: 3,
      tracker: bench.trackerUrl,
      answer: { peers: [], minIntervalSeconds: 20, seeds: 1, leechers: 0 },
    });
    expect(await b.ask()).toMatchObject({ answer: { peers: [a.address], seeds: 1, leechers: 1 } });
    const fact = await c.ask();
    const peers = fact.type === 'announced' ? fact.answer.peers : [];
    expect(new Set(peers.map(({ host, port }) => `${host}:${port}`))).toEqual(
      new Set([a, b].map(({ address: { host, port } }) => `${host}:${port}`)),
    );
  });

  it("an announce is answered with the tracker's interval, or up to a tenth more", async () => {
    const fact = await new Peer().ask();
    const seconds = fact.type === 'announced' ? fact.answer.intervalSeconds : 0;
    expect(seconds).toBeGreaterThanOrEqual(100);
    expect(seconds).toBeLessThanOrEqual(110);
  });

  it('a peer that stops is no longer listed', async () => {
    const [a, b] = [new Peer(), new Peer()];
    await a.ask();
    await a.ask({ event: 'stopped' });
    expect(await b.ask()).toMatchObject({ answer: { peers: [] } });
  });

  it('each announce is answered once, and announces to one tracker are sent in order', async () => {
    const [a, b] = [new Peer(), new Peer()];
    a.announce();
    a.announce({ event: undefined });
    a.announce({ event: 'stopped' });
    await bench.until(() => a.facts.length === 3);
    expect(a.facts.map(({ type }) => type)).toEqual(['announced', 'announced', 'announced']);
    // The last announce, `stopped`, took effect.
    expect(await b.ask()).toMatchObject({ answer: { peers: [] } });
    expect(a.facts).toHaveLength(3);
  });

  it('an announce to a URL without a tracker fails with a reason', async () => {
    const fact = await new Peer().ask({ tracker: bench.deadUrl });
    expect(fact).toMatchObject({ type: 'announce-failed', torrent: 3, tracker: bench.deadUrl });
    expect(fact.type === 'announce-failed' && fact.reason).toMatch(/./);
  });

  it('an announce that the tracker refuses fails with its failure reason', async () => {
    expect(await new Peer().ask({ infoHash: foreignHash })).toMatchObject({
      type: 'announce-failed',
      reason: 'this tracker does not serve that torrent',
    });
  });
});
