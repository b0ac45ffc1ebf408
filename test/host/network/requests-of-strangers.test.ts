/**
 * Spellings of addresses that a torrent must not lead to, each in four ways: directly, behind a host name,
 * behind a redirect of a public server, and behind a host name that resolves to another address the second
 * time. The test counts what real servers on the loopback receive.
 *
 * 127.0.0.9 stands for a public address.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import http from 'node:http';
import net, { type AddressInfo, type LookupFunction } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressKind } from '../../../client/host/network/address-kind.ts';
import { WebClient, type WebWorld } from '../../../client/host/network/web-request.ts';

const openHost = '127.0.0.9';
const ownQuery = 'info_hash=%01&port=1';
const forged = '/api/admin?action=wipe';

/** The spelling in a URL and its kind: the test can listen on `loopback`. */
const spellings: readonly (readonly [host: string, kind: 'loopback' | 'private' | 'forbidden'])[] = [
  ...(
    [
      ...['127.0.0.1', '127.1', '127.0.1', '127.00.0x1', '127.0.0.1.', '017700000001', '0177.0.0.1'],
      ...['0x7f.0.0.1', '0x7f000001', '0x7F.1', '2130706433', '0177.0x0.01', '%31%32%37.0.0.1'],
      ...['１２７.0.0.1', '127。0。0。1', 'user:password@127.0.0.1', 'public.example@127.0.0.1'],
      ...['[::ffff:127.0.0.1]', '[::fFFf:127.0.0.1]', '[::ffff:7f00:1]', '[0:0:0:0:0:ffff:127.0.0.1]'],
      ...['[0:0::ffff:7f00:0001]'],
    ] as const
  ).map((host) => [host, 'loopback'] as const),
  ...(
    [
      ...[
        '10.0.0.5',
        '012.1.2.3',
        '0xa.5',
        '192.168.1.1',
        '3232235777',
        '192.168.257',
        '172.16.0.1',
        '172.31.9.9',
      ],
      ...[
        '100.64.0.1',
        '[::1]',
        '[fd00::1]',
        '[fc00:0::1]',
        '[fec0::1]',
        '[::127.0.0.1]',
        '[64:ff9b::7f00:1]',
      ],
      ...['[64:ff9b::10.0.0.1]', '[2002:7f00:1::]', '[2002:0a00:1::]', '[2001::1]', '[::ffff:10.0.0.1]'],
    ] as const
  ).map((host) => [host, 'private'] as const),
  ...(
    [
      ...[
        '169.254.169.254',
        '2852039166',
        '0xa9fea9fe',
        '169.254.43518',
        '0251.0376.0251.0376',
        '169.254.169.254.',
      ],
      ...[
        '[fe80::1]',
        '[fe80::0001]',
        '[::ffff:169.254.169.254]',
        '[::ffff:a9fe:a9fe]',
        '[64:ff9b::a9fe:a9fe]',
      ],
      ...['[2002:a9fe:a9fe::]', '[fd00:ec2::254]', '100.100.100.200', '168.63.129.16', '0.0.0.0', '0', '0.1'],
      ...['[::]', '224.0.0.1', '255.255.255.255', '4294967295', '[ff02::1]'],
    ] as const
  ).map((host) => [host, 'forbidden'] as const),
];

/** The result of the URL parser, which is also used for requests. */
const addressOf = (host: string) => new URL(`http://${host}/`).hostname.replace(/^\[|\]$/g, '');

const names = new Map<string, string[][]>();
/** The addresses of a host name. With several answers, the next look-up gets the next one. */
const lookup = ((hostname, _, callback) => {
  const answers = names.get(hostname)!;
  const addresses = answers.length > 1 ? answers.shift()! : answers[0]!;
  callback(
    null,
    addresses.map((address) => ({ address, family: net.isIP(address) })),
  );
}) as LookupFunction;
const world: WebWorld = {
  kindOf: (address) => (address === openHost ? 'public' : addressKind(address)),
  lookup: lookup as unknown as WebWorld['lookup'],
};

const servers: http.Server[] = [];
/** Requests that reached the loopback inside, and connections opened to it. */
const heard: string[] = [];
let connections = 0;
let location = '';
let inside: number;
let open: number;

async function serve(host: string, port: number, listener: http.RequestListener): Promise<http.Server> {
  const server = http.createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  return server;
}

const portOf = (server: http.Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  const record: http.RequestListener = (incoming, response) => {
    heard.push(incoming.url!);
    response.end('inside');
  };
  const first = await serve('127.0.0.1', 0, record);
  inside = portOf(first);
  first.on('connection', () => (connections += 1));
  open = portOf(
    await serve(openHost, 0, (incoming, response) => {
      const isLed = incoming.url!.startsWith('/lead');
      response.writeHead(isLed ? 302 : 200, { connection: 'close', ...(isLed && { location }) }).end('open');
    }),
  );
});

afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

/** Returns the code of the refusal, or the body. */
async function ask(url: string, web = new WebClient(world), isTyped = false): Promise<string> {
  const options = { headers: {}, signal: AbortSignal.timeout(5_000), bytesMax: 100, isTyped, ownQuery };
  try {
    return Buffer.from((await web.get(url, options)).body).toString();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    await web.close();
  }
}

async function heardDuring(what: () => Promise<void>): Promise<{ heard: string[]; connections: number }> {
  heard.length = 0;
  connections = 0;
  await what();
  return { heard: [...heard], connections };
}

const nothing = { heard: [], connections: 0 };

describe.each(spellings)('%s (%s)', (host, kind) => {
  const refused = kind === 'forbidden' ? 'web-address-forbidden' : 'web-address-private';
  const redirected = kind === 'forbidden' ? 'web-address-forbidden' : 'web-redirect-private';

  it('a request to the address itself opens no socket', async () => {
    let sockets = 0;
    const onSocket = () => (sockets += 1);
    subscribe('net.client.socket', onSocket);
    const reached = await heardDuring(async () => {
      expect(await ask(`http://${host}:${inside}${forged}`)).toBe(refused);
      if (kind === 'forbidden')
        expect(await ask(`http://${host}:${inside}/announce?${ownQuery}`)).toBe(refused);
    });
    unsubscribe('net.client.socket', onSocket);
    expect({ ...reached, sockets }).toEqual({ ...nothing, sockets: 0 });
  });

  it('a request to a host name with that address is refused', async () => {
    names.set('dns.example', [[addressOf(host)]]);
    const reached = await heardDuring(async () => {
      expect(await ask(`http://dns.example:${inside}${forged}`)).toBe(refused);
      if (kind === 'forbidden')
        expect(await ask(`http://dns.example:${inside}/announce?${ownQuery}`)).toBe(refused);
    });
    expect(reached).toEqual(nothing);
  });

  it.each([false, true])(
    'a redirect from a public server to that address is refused (typed: %s)',
    async (isTyped) => {
      names.set('led.example', [[addressOf(host)]]);
      const reached = await heardDuring(async () => {
        for (const to of [host, 'led.example'])
          for (const path of [forged, '/announce', `/announce?${ownQuery}`]) {
            // A header holds one byte a character: others are escaped.
            location = encodeURI(`http://${to}:${inside}${path}`)
              .replaceAll('%25', '%')
              .replaceAll('%5B', '[')
              .replaceAll('%5D', ']');
            expect(await ask(`http://${openHost}:${open}/lead`, undefined, isTyped)).toBe(redirected);
          }
      });
      expect(reached).toEqual(nothing);
    },
  );

  it('a host name that was public a moment ago is refused', async () => {
    names.set('rebind.example', [[openHost], [addressOf(host)]]);
    const web = new WebClient(world);
    const options = {
      headers: {},
      signal: AbortSignal.timeout(5_000),
      bytesMax: 100,
      isTyped: false,
      ownQuery,
    };
    const reached = await heardDuring(async () => {
      const { body } = await web.get(`http://rebind.example:${open}${forged}`, options);
      expect(Buffer.from(body).toString()).toBe('open');
      expect(await ask(`http://rebind.example:${inside}${forged}`, web)).toBe(refused);
    });
    expect(reached).toEqual(nothing);
  });

  if (kind === 'loopback')
    it('a private address gets a plain announce and nothing else', async () => {
      names.set('dns.example', [[addressOf(host)]]);
      const reached = await heardDuring(async () => {
        expect(await ask(`http://${host}:${inside}/announce?${ownQuery}`)).toBe('inside');
        expect(await ask(`http://dns.example:${inside}/key/announce?${ownQuery}`)).toBe('inside');
      });
      expect(reached.heard).toEqual([`/announce?${ownQuery}`, `/key/announce?${ownQuery}`]);
    });
});

it('the tests cover at least forty spellings', () => expect(spellings.length).toBeGreaterThanOrEqual(40));

it.each(['fe80::1%25eth0', 'fe80::1%eth0', '::1%25lo'])(
  'an address with a zone ([%s]) is an invalid URL',
  (host) => {
    expect(URL.canParse(`http://[${host}]/announce`)).toBe(false);
  },
);

it('a request dials only the reachable addresses of a host name', async () => {
  names.set('many.example', [['169.254.169.254', '127.0.0.1', '0.0.0.0', openHost]]);
  const reached = await heardDuring(async () => {
    expect(await ask(`http://many.example:${open}${forged}`)).toBe('open');
    expect(await ask(`http://many.example:${inside}/announce?${ownQuery}`)).toBe('inside');
  });
  expect(reached.heard).toEqual([`/announce?${ownQuery}`]);
});
