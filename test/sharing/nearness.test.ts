/**
 * Latency measurements of peers: bounded in number, and never to addresses that a tracker must not choose.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { measureNearness, nearestFirst, placeKey } from '../../client/host/network/nearness.ts';

async function listener(
  onConnection: () => void,
  address = '127.0.0.1',
): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    onConnection();
    socket.on('error', () => {}).resume();
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  onTestFinished(() => void server.close());
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

it('each address is connected to once, and an address that does not answer has no latency', async () => {
  let connections = 0;
  const here = await listener(() => connections++);
  const closed = { host: '127.0.0.1', port: 1 };
  const near = await measureNearness([here, here, closed], 'http://127.0.0.1:6969');
  expect([...near.keys()]).toEqual([placeKey(here)]);
  expect(near.get(placeKey(here))).toBeGreaterThanOrEqual(0);
  await vi.waitFor(() => expect(connections).toBe(1));
});

it.each(['http://tracker.example', 'http://192.0.2.1:6969'])(
  'a tracker elsewhere (%s) cannot make the client connect to this machine, by any spelling or name',
  async (tracker) => {
    let connections = 0;
    const { port } = await listener(() => connections++);
    const hosts = ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::', 'localhost'];
    const near = await measureNearness(
      hosts.map((host) => ({ host, port })),
      tracker,
    );
    expect(near.size).toBe(0);
    expect(connections).toBe(0);
  },
);

it('link-local addresses are never dialed, not even for a tracker on this machine', async () => {
  let sockets = 0;
  const onSocket = () => (sockets += 1);
  subscribe('net.client.socket', onSocket);
  onTestFinished(() => void unsubscribe('net.client.socket', onSocket));
  const places = ['169.254.169.254', 'fe80::1', '0.0.0.0', '::ffff:169.254.169.254'].map((host) => ({
    host,
    port: 80,
  }));
  expect((await measureNearness(places, 'http://127.0.0.1:6969')).size).toBe(0);
  expect(sockets).toBe(0);
});

it('no more than 64 addresses are dialed, and none with an invalid port', async () => {
  const { port } = await listener(() => {}, '0.0.0.0');
  const places = Array.from({ length: 200 }, (_, i) => ({ host: `127.0.0.${i + 1}`, port }));
  const near = await measureNearness([{ host: '127.0.0.1', port: 70_000 }, ...places], 'http://127.0.0.1');
  expect(near.size).toBeGreaterThan(0);
  expect(near.size).toBeLessThanOrEqual(64);
});

it('seeds come first, then the lowest latency, then unreachable peers', () => {
  const holder = (port: number, isSeed: boolean) => ({ host: '192.0.2.1', port, isSeed });
  const near = new Map([
    [placeKey(holder(2, true)), 50],
    [placeKey(holder(3, true)), 5],
    [placeKey(holder(4, false)), 1],
  ]);
  const holders = [holder(1, true), holder(2, true), holder(4, false), holder(3, true)];
  expect(nearestFirst(holders, near).map(({ port }) => port)).toEqual([3, 2, 1, 4]);
});
