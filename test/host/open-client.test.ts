import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { openClient } from '../../client/host/open-client.ts';

async function occupy(): Promise<{ port: number; free: () => Promise<unknown> }> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return { port, free: () => new Promise((resolve) => server.close(resolve)) };
}

describe('ports', () => {
  it('a port in use is refused with advice', async () => {
    const { port, free } = await occupy();
    await expect(openClient({ port, host: '127.0.0.1' })).rejects.toMatchObject({
      name: 'ClientError',
      code: 'port-in-use',
      message: expect.stringContaining(`${port}`),
      cause: { code: 'EADDRINUSE' },
    });
    await free();
  });

  it('port 0 means any free port', async () => {
    const client = await openClient({ port: 0, host: '127.0.0.1' });
    expect(client.port).toBeGreaterThan(0);
    await client.close();
  });

  it('a requested port is used', async () => {
    const { port, free } = await occupy();
    await free();
    const client = await openClient({ port, host: '127.0.0.1' });
    expect(client.port).toBe(port);
    await client.close();
  });

  it('a released port can be used again at once', async () => {
    const first = await openClient({ port: 0, host: '127.0.0.1' });
    const { port } = first;
    await first.close();
    const second = await openClient({ port, host: '127.0.0.1' });
    await second.close();
    expect(second).not.toBe(first);
  });
});

describe('addresses', () => {
  it('an address that does not belong to this machine is refused with its name', async () => {
    await expect(openClient({ port: 0, host: '203.0.113.7' })).rejects.toMatchObject({
      code: 'address-not-available',
      message: expect.stringContaining('203.0.113.7'),
    });
  });
});
