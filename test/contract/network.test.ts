import net from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../client/engine/contract.ts';
import { TcpNetwork } from '../../client/host/network/tcp-network.ts';
import { Randomness } from '../sim/kernel/randomness.ts';
import { Scheduler } from '../sim/kernel/scheduler.ts';
import { SimInternet } from '../sim/world/internet.ts';
import type { Link } from '../sim/world/link.ts';
import { type NetworkBench, networkContract } from './network.contract.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Lets the event loop turn until the condition holds. */
async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('it never came to this');
    await turn();
  }
}

const calm: Link = { latencyMs: 20, up: 1_000, down: 1_000 };
/** Everything that can happen to a stream without ending it. */
const rough: Link = { ...calm, down: 700, jitterMs: 30, lossPpm: 50_000, windowBytes: 10_000, recut: true };

async function simulated(link: Link): Promise<NetworkBench> {
  const scheduler = new Scheduler();
  const internet = new SimInternet(scheduler, new Randomness(7));
  let hosts = 0;
  const pass = (condition: () => boolean) => scheduler.run(condition, scheduler.nowMs + 3_600_000);
  return {
    deadAddress: { host: '10.9.9.9', port: 1 },
    join: async (sink) => {
      const address = { host: `10.0.0.${++hosts}`, port: 6881 };
      return { address, network: internet.join({ address, link, sink }) };
    },
    until: async (condition) => {
      if (!pass(condition)) throw new Error('it never came to this');
    },
    settle: async () => void pass(() => false),
    stop: async () => {},
  };
}

async function real(): Promise<NetworkBench> {
  const networks: TcpNetwork[] = [];
  const join = async (sink: (fact: Fact) => void) => {
    const network = await TcpNetwork.listen(sink, '127.0.0.1', [0]);
    networks.push(network);
    return { network, address: { host: '127.0.0.1', port: network.port } };
  };
  // A port that was free a moment ago.
  const probe = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return {
    deadAddress: { host: '127.0.0.1', port },
    join,
    until,
    // Opens and closes connections on the same loop, which gives earlier data enough turns to arrive.
    settle: async () => {
      const facts: Fact[] = [];
      const { network, address } = await join((fact) => facts.push(fact));
      for (let id = 2; id <= 6; id += 2) {
        network.dial(id, address);
        await until(() => facts.filter((f) => f.type === 'connected').length === id);
        network.close(id);
        await until(() => facts.filter((f) => f.type === 'closed').length === id / 2);
      }
    },
    stop: async () => void (await Promise.all(networks.map((network) => network.stop()))),
  };
}

networkContract('The simulated internet', () => simulated(calm));
networkContract('The simulated internet on rough lines', () => simulated(rough));
networkContract('TCP', real);

describe('TCP', () => {
  it('a dial to an impossible port or host is reported as closed', async () => {
    const facts: Fact[] = [];
    const network = await TcpNetwork.listen((fact) => facts.push(fact), '127.0.0.1', [0]);
    network.dial(2, { host: '127.0.0.1', port: 70_000 });
    network.dial(4, { host: 'no such host', port: 1 });
    await until(() => facts.length === 2);
    expect(facts).toMatchObject([{ type: 'closed' }, { type: 'closed' }]);
    await network.stop();
  });

  it('more peers than may be connected at once can connect one after the other', async () => {
    const facts: Fact[] = [];
    const network = await TcpNetwork.listen((fact) => facts.push(fact), '127.0.0.1', [0]);
    const count = (type: Fact['type']) => facts.filter((fact) => fact.type === type).length;
    for (let i = 1; i <= 22; i++) {
      const clients = Array.from({ length: 20 }, () =>
        net.connect(network.port, '127.0.0.1').on('error', () => {}),
      );
      await until(() => count('connected') === i * 20);
      for (const client of clients) client.destroy();
      await until(() => count('closed') === i * 20);
    }
    expect(network.openCount).toBe(0);
    await network.stop();
  });

  it('every connection of a burst is reported to the engine, which decides which ones stay', async () => {
    let connected = 0;
    const network = await TcpNetwork.listen(
      (fact) => {
        if (fact.type === 'connected') connected += 1;
      },
      '127.0.0.1',
      [0],
    );
    const clients = Array.from({ length: 600 }, () =>
      net.connect(network.port, '127.0.0.1').on('error', () => {}),
    );
    await until(() => connected === clients.length);
    for (const client of clients) client.destroy();
    await network.stop();
  });

  it('an IPv4 peer on a dual-stack socket is reported under its IPv4 address', async () => {
    const facts: Fact[] = [];
    const network = await TcpNetwork.listen((fact) => facts.push(fact), undefined, [0]);
    const client = net.connect(network.port, '127.0.0.1');
    await until(() => facts.length === 1);
    expect(facts).toMatchObject([{ type: 'connected', incoming: true, address: { host: '127.0.0.1' } }]);
    client.destroy();
    await network.stop();
  });

  it('the first free port is taken, without a warning about the others', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => warnings.push(warning.message);
    process.on('warning', onWarning);
    const taken = await Promise.all(
      Array.from({ length: 12 }, () => TcpNetwork.listen(() => {}, '127.0.0.1', [0])),
    );
    const ports = taken.map((network) => network.port);
    const network = await TcpNetwork.listen(() => {}, '127.0.0.1', [...ports, 0]);
    expect(ports).not.toContain(network.port);
    await expect(TcpNetwork.listen(() => {}, '127.0.0.1', ports)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    await turn();
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    await Promise.all([network, ...taken].map((n) => n.stop()));
  });
});
