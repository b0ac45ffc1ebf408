/** One machine stands for the open net and for what is behind a router: 127.0.0.1 is open here, 127.0.0.2 is private. */
import http from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isPrivateAddress } from '../../client/host/private-address.ts';
import { WebClient, type WebWorld } from '../../client/host/web-request.ts';

const openHost = '127.0.0.1';
const privateHost = '127.0.0.2';
const addressOf: Readonly<Record<string, string>> = {
  'open.example': openHost,
  'inside.example': privateHost,
};
const lookup = ((hostname, _, callback) =>
  callback(null, [{ address: addressOf[hostname]!, family: 4 }])) as LookupFunction;
const world: WebWorld = {
  isPrivate: (address) => address === privateHost,
  lookup: lookup as unknown as WebWorld['lookup'],
};

async function serve(host: string, listener: http.RequestListener): Promise<string> {
  const server = http.createServer(listener).listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return `:${(server.address() as AddressInfo).port}`;
}

async function get(url: string, bytesMax = 100): Promise<string> {
  const web = new WebClient(world);
  onTestFinished(() => web.close());
  const { body } = await web.get(url, { headers: {}, signal: new AbortController().signal, bytesMax });
  return Buffer.from(body).toString();
}

const say = (text: string) => (_: http.IncomingMessage, response: http.ServerResponse) => response.end(text);
const leadTo = (location: string) => (_: http.IncomingMessage, response: http.ServerResponse) =>
  response.writeHead(302, { location }).end();

describe('a redirect', () => {
  it.each([privateHost, 'inside.example'])('from the open net to %s is refused', async (host) => {
    let heard = 0;
    const inside = await serve(privateHost, (...args) => {
      heard += 1;
      say('secret')(...args);
    });
    const open = await serve(openHost, leadTo(`http://${host}${inside}/`));
    await expect(get(`http://${openHost}${open}/`)).rejects.toMatchObject({ code: 'web-redirect-private' });
    expect(heard).toBe(0);
  });

  it('over a second address of the open net is refused as well', async () => {
    const inside = await serve(privateHost, say('secret'));
    const second = await serve(openHost, leadTo(`http://inside.example${inside}/`));
    const first = await serve(openHost, leadTo(`http://open.example${second}/`));
    await expect(get(`http://${openHost}${first}/`)).rejects.toMatchObject({ code: 'web-redirect-private' });
  });

  it('from one private address to another, out of it, and within the open net is followed', async () => {
    const open = await serve(openHost, say('here'));
    const between = await serve(privateHost, leadTo(`http://${openHost}${open}/`));
    const first = await serve(privateHost, leadTo(`http://${privateHost}${between}/`));
    expect(await get(`http://${privateHost}${first}/`)).toBe('here');
    const second = await serve(openHost, leadTo(`http://open.example${open}/`));
    expect(await get(`http://${openHost}${second}/`)).toBe('here');
  });

  it.each(['file:///etc/passwd', 'http://'])('to %s is refused', async (location) => {
    const open = await serve(openHost, leadTo(location));
    await expect(get(`http://${openHost}${open}/`)).rejects.toMatchObject({ code: 'web-redirect-protocol' });
  });

  it('is followed three times', async () => {
    let asked = 0;
    const open = await serve(openHost, (incoming, response) => {
      asked += 1;
      leadTo('/again')(incoming, response);
    });
    await expect(get(`http://${openHost}${open}/`)).rejects.toMatchObject({ code: 'web-redirects' });
    expect(asked).toBe(4);
  });
});

it('an answer is read up to its limit', async () => {
  const open = await serve(openHost, say('x'.repeat(100)));
  expect(await get(`http://${openHost}${open}/`, 100)).toHaveLength(100);
  await expect(get(`http://${openHost}${open}/`, 99)).rejects.toMatchObject({ code: 'web-too-large' });
});

it.each([
  ...['127.0.0.1', '10.1.2.3', '192.168.0.1', '172.31.255.255', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
  ...['224.0.0.1', '255.255.255.255', '::', '::1', 'fe80::1', 'fe80::1%eth0', 'fd00::1', 'ff02::1'],
  ...[
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::fFfF:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'nonsense',
    '',
  ],
])('%s is private', (address) => expect(isPrivateAddress(address)).toBe(true));

it.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1', '::ffff:8.8.8.8'])('%s is not', (address) =>
  expect(isPrivateAddress(address)).toBe(false),
);
