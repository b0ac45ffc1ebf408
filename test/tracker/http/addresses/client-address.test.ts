import { describe, expect, it } from 'vitest';
import { type AddressedRequest, clientAddresses } from '../../../../tracker/http/addresses/client-address.ts';
import { addressText } from '../../../../tracker/protocol/address.ts';

function request(
  remoteAddress: string | undefined,
  headers: AddressedRequest['headers'] = {},
  localAddress = '192.168.1.5',
): AddressedRequest {
  return { socket: { remoteAddress, localAddress }, headers };
}

/** The address of the client as text, with `via` if the tracker's own address is known. */
function asker(trustedProxies: string[], from: AddressedRequest): string | undefined {
  const address = clientAddresses(trustedProxies).of(from);
  if (address === undefined) return undefined;
  return addressText(address.remote) + (address.local ? ` via ${addressText(address.local)}` : '');
}

const proxies = ['10.0.0.1', '192.168.7.0/24', '2001:db8:7::/48'];

describe('the address of the client', () => {
  it.each([
    // Without trusted proxies the header is ignored.
    ['that of the socket, without proxies', [], '8.8.8.8', '9.9.9.9', '8.8.8.8 via 192.168.1.5'],
    ['that of the socket, from loopback too', [], '127.0.0.1', '9.9.9.9', '127.0.0.1 via 192.168.1.5'],
    [
      'that of the socket, if it is no trusted proxy',
      proxies,
      '8.8.8.8',
      '9.9.9.9',
      '8.8.8.8 via 192.168.1.5',
    ],
    ['that of the socket, IPv4-mapped', [], '::ffff:8.8.8.8', undefined, '8.8.8.8 via 192.168.1.5'],
    ['the one that the proxy names', proxies, '10.0.0.1', '9.9.9.9', '9.9.9.9'],
    [
      'the one that the proxy names, with an IPv4-mapped socket',
      proxies,
      '::ffff:10.0.0.1',
      '9.9.9.9',
      '9.9.9.9',
    ],
    [
      'the one that a proxy of a trusted network names',
      proxies,
      '192.168.7.200',
      '2001:db8::9',
      '2001:db8::9',
    ],
    ['the one that an IPv6 proxy names', proxies, '2001:db8:7::1', '9.9.9.9', '9.9.9.9'],
    [
      'the right-most one, with any addresses before it',
      proxies,
      '10.0.0.1',
      '1.1.1.1, 127.0.0.1,9.9.9.9',
      '9.9.9.9',
    ],
    [
      'the right-most one that is no proxy',
      proxies,
      '10.0.0.1',
      '1.1.1.1, 9.9.9.9, 192.168.7.3 , 10.0.0.1',
      '9.9.9.9',
    ],
    ['read without its port', proxies, '10.0.0.1', '9.9.9.9:4711', '9.9.9.9'],
    [
      'read without its port, behind proxies with ports',
      proxies,
      '10.0.0.1',
      '9.9.9.9:1, 192.168.7.3:2',
      '9.9.9.9',
    ],
    ['read from IPv6 in brackets', proxies, '10.0.0.1', '[2001:db8::9]', '2001:db8::9'],
    [
      'read from IPv6 in brackets with a port',
      proxies,
      '10.0.0.1',
      '1.1.1.1, [2001:db8::9]:65535',
      '2001:db8::9',
    ],
    [
      'read from IPv6 without brackets, whose end is no port',
      proxies,
      '10.0.0.1',
      '2001:db8::9:4711',
      '2001:db8::9:4711',
    ],
    ['read from an IPv4-mapped address in brackets', proxies, '10.0.0.1', '[::ffff:9.9.9.9]:80', '9.9.9.9'],
    ['unknown, with an invalid port', proxies, '10.0.0.1', '9.9.9.9:http', undefined],
    ['unknown, with IPv4 in brackets', proxies, '10.0.0.1', '[9.9.9.9]:80', undefined],
    ['unknown, with one bracket missing', proxies, '10.0.0.1', '[2001:db8::9', undefined],
    [
      'that of the first proxy, if all are proxies',
      proxies,
      '10.0.0.1',
      '192.168.7.4, 192.168.7.3',
      '192.168.7.4',
    ],
    ['unknown, if the proxy sends no header', proxies, '10.0.0.1', undefined, undefined],
    ['unknown, if the proxy sends no address', proxies, '10.0.0.1', '9.9.9.9, unknown', undefined],
    [
      'unknown, if a proxy behind the proxy sends no address',
      proxies,
      '10.0.0.1',
      '9.9.9.9, _hidden, 192.168.7.3',
      undefined,
    ],
    ['unknown, if the socket is closed', proxies, undefined, '9.9.9.9', undefined],
  ])('the address of the client is %s', (_rule, trusted, socket, forwardedFor, expected) => {
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    expect(asker(trusted, request(socket, headers))).toBe(expected);
  });

  it('the address of the client is taken from no header but X-Forwarded-For', () => {
    const headers = { 'x-real-ip': '9.9.9.9', forwarded: 'for=9.9.9.9', 'client-ip': '9.9.9.9' };
    expect(asker(proxies, request('8.8.8.8', headers))).toBe('8.8.8.8 via 192.168.1.5');
    expect(asker(proxies, request('10.0.0.1', headers))).toBeUndefined();
  });

  it.each(['', 'localhost', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', '2001:db8::/129', '10.0.0'])(
    'the proxy list entry %j is refused',
    (entry) => {
      expect(() => clientAddresses([entry])).toThrow(expect.objectContaining({ code: 'proxy-invalid' }));
    },
  );
});
