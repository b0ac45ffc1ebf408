/**
 * One machine stands for the whole internet: 127.0.0.1 is public here, 127.0.0.2 is private, and 127.0.0.3 is
 * forbidden.
 */
import http from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type WebAnswer,
  WebClient,
  type WebRequestOptions,
  type WebWorld,
} from '../../../client/host/network/web-request.ts';

const openHost = '127.0.0.1';
const privateHost = '127.0.0.2';
const forbiddenHost = '127.0.0.3';
const addressesOf: Readonly<Record<string, readonly string[]>> = {
  'open.example': [openHost],
  'inside.example': [privateHost],
  'both.example': [privateHost, openHost],
  'cloud.example': [forbiddenHost],
};
const lookup = ((hostname, _, callback) =>
  callback(
    null,
    addressesOf[hostname]!.map((address) => ({ address, family: 4 })),
  )) as LookupFunction;
const world: WebWorld = {
  kindOf: (address) =>
    address === privateHost ? 'private' : address === forbiddenHost ? 'forbidden' : 'public',
  lookup: lookup as unknown as WebWorld['lookup'],
};

async function serve(host: string, listener: http.RequestListener): Promise<string> {
  const server = http.createServer(listener).listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return `:${(server.address() as AddressInfo).port}`;
}

async function answer(url: string, more: Partial<WebRequestOptions> = {}): Promise<WebAnswer> {
  const web = new WebClient(world);
  onTestFinished(() => web.close());
  const signal = new AbortController().signal;
  return await web.get(url, { headers: {}, signal, bytesMax: 100, isTyped: true, ...more });
}

async function get(url: string, more?: Partial<WebRequestOptions>): Promise<string> {
  return Buffer.from((await answer(url, more)).body).toString();
}

const stranger = { isTyped: false, ownQuery: 'info_hash=x' };
const say = (text: string) => (_: http.IncomingMessage, response: http.ServerResponse) => response.end(text);
const leadTo = (location: string) => (_: http.IncomingMessage, response: http.ServerResponse) =>
  response.writeHead(302, { location }).end();

describe('URLs that the user typed', () => {
  it.each([openHost, privateHost, forbiddenHost, 'inside.example'])(
    'a URL that the user typed is requested at %s',
    async (host) => {
      const port = await serve(host === 'inside.example' ? privateHost : host, say('here'));
      expect(await get(`http://${host}${port}/admin?action=look`)).toBe('here');
    },
  );

  it('a URL that the user typed may redirect within its own server', async () => {
    const port = await serve(privateHost, (incoming, response) =>
      incoming.url === '/a' ? leadTo('/b?c=d')(incoming, response) : say(incoming.url!)(incoming, response),
    );
    expect(await get(`http://${privateHost}${port}/a`)).toBe('/b?c=d');
  });

  it('a URL that the user typed may redirect to an announce at another private address, and to nothing else there', async () => {
    const inside = await serve(privateHost, (incoming, response) => response.end(incoming.url));
    const lead = (to: string) => serve(privateHost, leadTo(`http://${privateHost}${inside}${to}`));
    const own = { ownQuery: 'info_hash=x' };
    const asked = async (to: string) =>
      get(`http://${privateHost}${await lead(to)}/announce?info_hash=x`, own);
    expect(await asked('/announce?info_hash=x')).toBe('/announce?info_hash=x');
    expect(await asked('/announce')).toBe('/announce');
    for (const to of ['/', '/admin', '/announce?action=wipe', '/announce?info_hash=x&a=b', '/x/announce/y'])
      await expect(asked(to)).rejects.toMatchObject({ code: 'web-redirect-private' });
  });
});

describe('URLs that a stranger chose', () => {
  it('a stranger’s URL is requested at a public address with any path, and the answering server is reported', async () => {
    const port = await serve(openHost, say('here'));
    const { origin } = await answer(
      `http://open.example${port}/announce.php?passkey=k&info_hash=x`,
      stranger,
    );
    expect(origin).toBe(`http://open.example${port}`);
  });

  it.each([
    '/announce?info_hash=x',
    '/scrape?info_hash=x',
    '/abcdefghijklmnopqrstuvwxyz234567/announce?info_hash=x',
    '/tracker/PASSKEY/announce?info_hash=x',
  ])('a stranger’s URL is requested in a private network for %s', async (path) => {
    const port = await serve(privateHost, say('here'));
    expect(await get(`http://${privateHost}${port}${path}`, stranger)).toBe('here');
  });

  it.each([
    '/',
    '/api/admin?action=wipe&info_hash=x',
    '/announce?action=wipe&info_hash=x',
    '/announce?info_hash=x&action=wipe',
    '/announce?passkey=k&info_hash=x',
    '/announce/?info_hash=x',
    '/announce.php?info_hash=x',
    '/Announce?info_hash=x',
    '/a/b/c/announce?info_hash=x',
    '//announce?info_hash=x',
    '/%61nnounce?info_hash=x',
    '/admin%2fwipe/announce?info_hash=x',
    '/admin;action=wipe/announce?info_hash=x',
    '/announce/../admin?info_hash=x',
    `/${'x'.repeat(65)}/announce?info_hash=x`,
  ])('a stranger’s URL is not requested in a private network for %s', async (path) => {
    let heard = 0;
    const port = await serve(privateHost, (...args) => {
      heard += 1;
      say('secret')(...args);
    });
    const refusal = { code: 'web-address-private' };
    await expect(get(`http://${privateHost}${port}${path}`, stranger)).rejects.toMatchObject(refusal);
    await expect(get(`http://inside.example${port}${path}`, stranger)).rejects.toMatchObject(refusal);
    expect(heard).toBe(0);
  });

  it('a stranger’s URL is never requested where no tracker can be', async () => {
    const port = await serve(forbiddenHost, say('credentials'));
    const refusal = { code: 'web-address-forbidden' };
    for (const host of [forbiddenHost, 'cloud.example'])
      await expect(get(`http://${host}${port}/announce?info_hash=x`, stranger)).rejects.toMatchObject(
        refusal,
      );
  });

  it('a stranger’s host name with a private and a public address is requested at the public one only', async () => {
    const port = await serve(openHost, say('outside'));
    expect(await get(`http://both.example${port}/admin`, stranger)).toBe('outside');
  });

  it('a stranger’s URL gets no other request over the connection of an announce', async () => {
    const heard: string[] = [];
    const port = await serve(privateHost, (incoming, response) => {
      heard.push(incoming.url!);
      response.end('here');
    });
    const web = new WebClient(world);
    onTestFinished(() => web.close());
    const options = { headers: {}, signal: new AbortController().signal, bytesMax: 100, ...stranger };
    await web.get(`http://${privateHost}${port}/announce?info_hash=x`, options);
    await expect(web.get(`http://${privateHost}${port}/admin`, options)).rejects.toMatchObject({
      code: 'web-address-private',
    });
    expect(heard).toEqual(['/announce?info_hash=x']);
  });
});

describe('redirects', () => {
  it.each([privateHost, 'inside.example'])(
    'a redirect from a public address to %s is refused, announce or not',
    async (host) => {
      let heard = 0;
      const inside = await serve(privateHost, (...args) => {
        heard += 1;
        say('secret')(...args);
      });
      for (const path of ['/', '/announce'])
        for (const who of [{ isTyped: true }, stranger]) {
          const open = await serve(openHost, leadTo(`http://${host}${inside}${path}`));
          await expect(get(`http://${openHost}${open}/`, who)).rejects.toMatchObject({
            code: 'web-redirect-private',
          });
        }
      expect(heard).toBe(0);
    },
  );

  it('a redirect over a second public address to a private one is refused as well', async () => {
    const inside = await serve(privateHost, say('secret'));
    const second = await serve(openHost, leadTo(`http://inside.example${inside}/`));
    const first = await serve(openHost, leadTo(`http://open.example${second}/`));
    await expect(get(`http://${openHost}${first}/`)).rejects.toMatchObject({ code: 'web-redirect-private' });
  });

  it('a redirect to where no tracker can be is refused from any address', async () => {
    const cloud = await serve(forbiddenHost, say('credentials'));
    for (const host of [openHost, privateHost]) {
      const port = await serve(host, leadTo(`http://cloud.example${cloud}/announce`));
      await expect(get(`http://${host}${port}/announce`)).rejects.toMatchObject({
        code: 'web-address-forbidden',
      });
    }
  });

  it('a redirect out of a private network, or between public addresses, is followed', async () => {
    const open = await serve(openHost, say('here'));
    const first = await serve(privateHost, leadTo(`http://${openHost}${open}/`));
    const { body, origin } = await answer(`http://${privateHost}${first}/`);
    expect([Buffer.from(body).toString(), origin]).toEqual(['here', `http://${openHost}${open}`]);
    const second = await serve(openHost, leadTo(`http://open.example${open}/`));
    expect(await get(`http://${openHost}${second}/`)).toBe('here');
  });

  it.each(['file:///etc/passwd', 'http://'])('a redirect to %s is refused', async (location) => {
    const open = await serve(openHost, leadTo(location));
    await expect(get(`http://${openHost}${open}/`)).rejects.toMatchObject({ code: 'web-redirect-protocol' });
  });

  it('three redirects are followed', async () => {
    let asked = 0;
    const open = await serve(openHost, (incoming, response) => {
      asked += 1;
      leadTo('/again')(incoming, response);
    });
    await expect(get(`http://${openHost}${open}/`)).rejects.toMatchObject({ code: 'web-redirects' });
    expect(asked).toBe(4);
  });
});

it('a reply is read up to its limit', async () => {
  const open = await serve(openHost, say('x'.repeat(100)));
  expect(await get(`http://${openHost}${open}/`)).toHaveLength(100);
  await expect(get(`http://${openHost}${open}/`, { bytesMax: 99 })).rejects.toMatchObject({
    code: 'web-too-large',
  });
});
