import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { type ArrivedRequest, baseUrl, calledUrl } from '../../../../tracker/http/addresses/base-url.ts';

const own = hostname().toLowerCase();

function request(host: string | undefined, socket: object = {}): ArrivedRequest {
  const arrived = { localAddress: '192.168.1.5', localPort: 6969, remoteAddress: '192.168.1.77' };
  return { headers: host === undefined ? {} : { host }, socket: { ...arrived, ...socket } };
}

describe('the base URL', () => {
  it.each([
    ['192.168.1.5:6969', 'http://192.168.1.5:6969'],
    [`${own}:6969`, `http://${own}:6969`],
    [`${own.toUpperCase()}:6969`, `http://${own}:6969`],
    [`${own}.local:6969`, `http://${own}.local:6969`],
  ])('the base URL is that of the Host header if it names the tracker: %s', (host, url) => {
    expect(baseUrl(request(host), undefined)).toBe(url);
  });

  it.each([
    ...[
      undefined,
      '',
      'evil.example',
      'evil.example:6969',
      '192.168.1.5',
      '192.168.1.5:80',
      `${own}:7000`,
      own,
    ],
    ...['192.168.1.6:6969', '10.66.66.66:6969', '[::1]:6969', 'localhost:6969', '127.0.0.1:6969'],
    ...[`${own}.evil.example:6969`, `evil.${own}:6969`, `${own}@evil.example:6969`, '192.168.1.5:6969/evil'],
    ...[
      'evil"onload=x',
      'user@evil.example',
      '[::1',
      '192.168.1.5:6969@evil.example',
      `${'a'.repeat(300)}.example`,
    ],
    ...['192.168.1.5:6969#@evil.example', '192.168.1.5:6969, evil.example', '192.168.1.5:99999'],
  ])('the base URL is the local address for any other Host header: %j', (host) => {
    expect(baseUrl(request(host), undefined)).toBe('http://192.168.1.5:6969');
    expect(calledUrl(request(host))).toBeUndefined();
  });

  it('the base URL is localhost only for clients on this machine', () => {
    const local = { localAddress: '127.0.0.1', remoteAddress: '127.0.0.1' };
    expect(baseUrl(request('localhost:6969', local), undefined)).toBe('http://localhost:6969');
    const mapped = { localAddress: '::ffff:127.0.0.1', remoteAddress: '::ffff:127.0.0.1' };
    expect(baseUrl(request('localhost:6969', mapped), undefined)).toBe('http://localhost:6969');
  });

  it('the base URL shows an IPv4-mapped address as IPv4, and IPv6 in brackets', () => {
    const mapped = { localAddress: '::ffff:192.168.1.5' };
    expect(baseUrl(request('evil.example', mapped), undefined)).toBe('http://192.168.1.5:6969');
    expect(baseUrl(request('192.168.1.5:6969', mapped), undefined)).toBe('http://192.168.1.5:6969');
    const ipv6 = { localAddress: '2001:db8::5' };
    expect(baseUrl(request('[2001:DB8:0::5]:6969', ipv6), undefined)).toBe('http://[2001:db8::5]:6969');
    expect(baseUrl(request('[2001:db8::6]:6969', ipv6), undefined)).toBe('http://[2001:db8::5]:6969');
  });

  it('the base URL is another address of the tracker when the connection uses a link-local address', () => {
    const url = baseUrl(request('[fe80::1]:6969', { localAddress: 'fe80::1%eth0' }), undefined);
    expect(url).toMatch(/^http:\/\/\d+\.\d+\.\d+\.\d+:6969$/);
  });

  it('the base URL is https over TLS, and omits default ports', () => {
    const tls = { encrypted: true, localPort: 443 };
    expect(baseUrl(request('192.168.1.5', tls), undefined)).toBe('https://192.168.1.5');
    expect(baseUrl(request('evil.example', tls), undefined)).toBe('https://192.168.1.5');
    expect(baseUrl(request('192.168.1.5', { localPort: 80 }), undefined)).toBe('http://192.168.1.5');
    expect(baseUrl(request('192.168.1.5:443', tls), undefined)).toBe('https://192.168.1.5');
  });

  it('the base URL is the public URL if one is set', () => {
    expect(baseUrl(request('evil.example'), 'https://tracker.example/music/')).toBe(
      'https://tracker.example/music',
    );
  });
});
