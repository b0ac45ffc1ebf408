/** Compressed replies, and URLs with a name and password, over real sockets. */
import { lookup } from 'node:dns';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AddressKind } from '../../../client/host/network/address-kind.ts';
import { withoutCredentials } from '../../../client/host/network/web-credentials.ts';
import { encodingsRead } from '../../../client/host/network/web-encoding.ts';
import { WebClient, type WebRequestOptions } from '../../../client/host/network/web-request.ts';

interface Heard {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly accepted: string | undefined;
}

async function serve(listener: http.RequestListener, host = '127.0.0.1') {
  const heard: Heard[] = [];
  const server = http
    .createServer((request, response) => {
      const { authorization, 'accept-encoding': accepted } = request.headers;
      heard.push({ url: request.url!, authorization, accepted: accepted as string | undefined });
      listener(request, response);
    })
    .listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return { heard, host: `${host}:${(server.address() as AddressInfo).port}` };
}

/** This machine counts as public, unless a test makes it private. */
async function get(
  url: string,
  more: Partial<WebRequestOptions> = {},
  kind: AddressKind = 'public',
): Promise<string> {
  const web = new WebClient({ kindOf: () => kind, lookup });
  onTestFinished(() => web.close());
  const { signal } = new AbortController();
  const answer = await web.get(url, { headers: {}, signal, bytesMax: 1_000, isTyped: true, ...more });
  return Buffer.from(answer.body).toString();
}

const packed = (encoding: string, body: Uint8Array) => (_: unknown, response: http.ServerResponse) =>
  response.writeHead(200, { 'content-encoding': encoding }).end(body);
const leadTo = (location: string) => (_: unknown, response: http.ServerResponse) =>
  response.writeHead(302, { location }).end();
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

describe('compressed replies', () => {
  const text = 'd8:intervali900e5:peers0:e';
  it.each([
    ['gzip', gzipSync(text)],
    ['GZip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateSync(text, { level: 0 })],
    ['deflate', deflateRawSync(text)],
    ['gzip', Buffer.concat([gzipSync(text.slice(0, 9)), gzipSync(text.slice(9))])],
    ['gzip', Buffer.from(text)],
    ['identity', Buffer.from(text)],
    ['', Buffer.from(text)],
  ])('a reply in %s is decompressed', async (encoding, body) => {
    const { host, heard } = await serve(packed(encoding, body));
    expect(await get(`http://${host}/`)).toBe(text);
    expect(heard[0]!.accepted).toBe(encodingsRead);
  });

  it.each([
    ['gzip', gzipSync(Buffer.alloc(100_000_000))],
    ['deflate', deflateSync(Buffer.alloc(100_000_000))],
    ['deflate', deflateRawSync(Buffer.alloc(100_000_000))],
    ['gzip', gzipSync(Buffer.alloc(1_001))],
  ])('a reply in %s that exceeds the limit after decompression is refused', async (encoding, body) => {
    const { host } = await serve(packed(encoding, body));
    const bytesMax = Math.max(1_000, body.length);
    await expect(get(`http://${host}/`, { bytesMax })).rejects.toMatchObject({ code: 'web-too-large' });
  });

  it.each([
    ['gzip', gzipSync(text).subarray(0, 20)],
    ['gzip', Buffer.concat([gzipSync(text).subarray(0, 12), Buffer.from('xxxxxxxxxxxxxxxx')])],
    ['deflate', Buffer.from('no deflate at all')],
    ['br', brotliCompressSync(text)],
    ['gzip, gzip', gzipSync(gzipSync(text))],
  ])('a reply in %s that cannot be decompressed is refused with a message', async (encoding, body) => {
    const { host } = await serve(packed(encoding, body));
    await expect(get(`http://${host}/`)).rejects.toMatchObject({ code: 'web-encoding' });
  });
});

describe('a name and password in an address', () => {
  it.each([
    ['ada:secret@', 'ada:secret'],
    ['ada@', 'ada:'],
    [':secret@', ':secret'],
    ['a%40b:p%3A%2F@', 'a@b:p:/'],
    ['ada:100%@', 'ada:100%'],
    ['zo%C3%AB:p%C3%A4ss@', 'zoë:päss'],
  ])('%s in a URL are sent as Basic authorization, and not in the path', async (userinfo, text) => {
    const { host, heard } = await serve((_, response) => response.end('x'));
    expect(await get(`http://${userinfo}${host}/announce?x=1`)).toBe('x');
    expect(heard).toMatchObject([{ url: '/announce?x=1', authorization: basic(text) }]);
  });

  it('name and password go with a redirect to the same origin', async () => {
    const { host, heard } = await serve((request, response) =>
      request.url === '/a' ? leadTo('/b')(request, response) : response.end('x'),
    );
    await get(`http://ada:secret@${host}/a`);
    expect(heard.map(({ authorization }) => authorization)).toEqual([
      basic('ada:secret'),
      basic('ada:secret'),
    ]);
  });

  it('name and password are never sent to another origin, nor back after it', async () => {
    const other = await serve((_, response) => leadTo(`http://${first.host}/c`)(_, response));
    const first = await serve((request, response) =>
      request.url === '/a' ? leadTo(`http://${other.host}/b`)(request, response) : response.end('x'),
    );
    await get(`http://ada:secret@${first.host}/a`);
    expect(other.heard.map(({ authorization }) => authorization)).toEqual([undefined]);
    expect(first.heard.map(({ authorization }) => authorization)).toEqual([basic('ada:secret'), undefined]);
  });

  it.each(['localhost', '127.0.0.1'])(
    'name and password are not sent to another host name or port (%s)',
    async (name) => {
      const other = await serve((_, response) => response.end('x'));
      const port = other.host.split(':')[1]!;
      const first = await serve(leadTo(`http://eve:evil@${name}:${port}/`));
      await get(`http://ada:secret@${first.host}/a`);
      expect(other.heard.map(({ authorization }) => authorization)).toEqual([undefined]);
    },
  );

  it('name and password from a stranger are not tried in a private network', async () => {
    const { host, heard } = await serve((_, response) => response.end('x'));
    const stranger = { isTyped: false };
    expect(await get(`http://admin:admin@${host}/announce`, stranger, 'private')).toBe('x');
    await expect(get(`http://admin:admin@${host}/`, stranger, 'private')).rejects.toMatchObject({
      code: 'web-address-private',
    });
    expect(heard).toMatchObject([{ url: '/announce', authorization: undefined }]);
  });
});

describe('URLs as they are shown', () => {
  it.each([
    ['http://ada:secret@host/announce', 'http://host/announce'],
    ['see https://ada@host:80/a?b=c@d, or udp://x:y@h', 'see https://host:80/a?b=c@d, or udp://h'],
    ['http://a:p@ss@host/', 'http://host/'],
    ['{"tracker":"http://a:b@h/x","reason":"c@d"}', '{"tracker":"http://h/x","reason":"c@d"}'],
    [
      'magnet:?xt=urn:btih:1&tr=http%3A%2F%2Fa%3Ab%40h%2Fx&dn=c%40d',
      'magnet:?xt=urn:btih:1&tr=http%3A%2F%2Fh%2Fx&dn=c%40d',
    ],
    ['http://host/a@b and ada@host', 'http://host/a@b and ada@host'],
    ['http%3a%2f%2fhost%2Fa%40b', 'http%3a%2f%2fhost%2Fa%40b'],
  ])('%s is shown as %s', (text, shown) => expect(withoutCredentials(text)).toBe(shown));
});
