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

/** Who is taken to be asking, as text; with `via` when our own address is known. */
function asker(trustedProxies: string[], from: AddressedRequest): string | undefined {
  const address = clientAddresses(trustedProxies).of(from);
  if (address === undefined) return undefined;
  return addressText(address.remote) + (address.local ? ` via ${addressText(address.local)}` : '');
}

const proxies = ['10.0.0.1', '192.168.7.0/24', '2001:db8:7::/48'];

describe('who is asking', () => {
  it.each([
    // With no proxies the header is nothing but words.
    ['its socket, without proxies', [], '8.8.8.8', '9.9.9.9', '8.8.8.8 via 192.168.1.5'],
    ['its socket, from loopback too', [], '127.0.0.1', '9.9.9.9', '127.0.0.1 via 192.168.1.5'],
    ['its socket, when that is no trusted proxy', proxies, '8.8.8.8', '9.9.9.9', '8.8.8.8 via 192.168.1.5'],
    ['its socket, in the IPv6-mapped spelling', [], '::ffff:8.8.8.8', undefined, '8.8.8.8 via 192.168.1.5'],
    ['whom the proxy names', proxies, '10.0.0.1', '9.9.9.9', '9.9.9.9'],
    ['whom the proxy names, with an IPv6-mapped socket', proxies, '::ffff:10.0.0.1', '9.9.9.9', '9.9.9.9'],
    ['whom a proxy of a trusted network names', proxies, '192.168.7.200', '2001:db8::9', '2001:db8::9'],
    ['whom an IPv6 proxy names', proxies, '2001:db8:7::1', '9.9.9.9', '9.9.9.9'],
    [
      'the right-most, whatever was written before',
      proxies,
      '10.0.0.1',
      '1.1.1.1, 127.0.0.1,9.9.9.9',
      '9.9.9.9',
    ],
    [
      'the right-most that is no proxy',
      proxies,
      '10.0.0.1',
      '1.1.1.1, 9.9.9.9, 192.168.7.3 , 10.0.0.1',
      '9.9.9.9',
    ],
    ['an address with a port', proxies, '10.0.0.1', '9.9.9.9:4711', '9.9.9.9'],
    [
      'an address with a port behind proxies with ports',
      proxies,
      '10.0.0.1',
      '9.9.9.9:1, 192.168.7.3:2',
      '9.9.9.9',
    ],
    ['IPv6 in brackets', proxies, '10.0.0.1', '[2001:db8::9]', '2001:db8::9'],
    ['IPv6 in brackets with a port', proxies, '10.0.0.1', '1.1.1.1, [2001:db8::9]:65535', '2001:db8::9'],
    [
      'IPv6 without brackets, whose end is no port',
      proxies,
      '10.0.0.1',
      '2001:db8::9:4711',
      '2001:db8::9:4711',
    ],
    ['a mapped address in brackets', proxies, '10.0.0.1', '[::ffff:9.9.9.9]:80', '9.9.9.9'],
    ['nobody, with a port that is none', proxies, '10.0.0.1', '9.9.9.9:http', undefined],
    ['nobody, with IPv4 in brackets', proxies, '10.0.0.1', '[9.9.9.9]:80', undefined],
    ['nobody, with half a bracket', proxies, '10.0.0.1', '[2001:db8::9', undefined],
    ['the first proxy, when all are', proxies, '10.0.0.1', '192.168.7.4, 192.168.7.3', '192.168.7.4'],
    ['nobody, when the proxy does not say', proxies, '10.0.0.1', undefined, undefined],
    ['nobody, when the proxy says nothing useful', proxies, '10.0.0.1', '9.9.9.9, unknown', undefined],
    [
      'nobody, when a proxy behind the proxy does',
      proxies,
      '10.0.0.1',
      '9.9.9.9, _hidden, 192.168.7.3',
      undefined,
    ],
    ['nobody, when the socket has gone', proxies, undefined, '9.9.9.9', undefined],
  ])('is %s', (_rule, trusted, socket, forwardedFor, expected) => {
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    expect(asker(trusted, request(socket, headers))).toBe(expected);
  });

  it('is the socket for every other header that claims to know better', () => {
    const headers = { 'x-real-ip': '9.9.9.9', forwarded: 'for=9.9.9.9', 'client-ip': '9.9.9.9' };
    expect(asker(proxies, request('8.8.8.8', headers))).toBe('8.8.8.8 via 192.168.1.5');
    expect(asker(proxies, request('10.0.0.1', headers))).toBeUndefined();
  });

  it.each(['', 'localhost', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/8/8', '2001:db8::/129', '10.0.0'])(
    'cannot be decided by the proxy list entry %j',
    (entry) => {
      expect(() => clientAddresses([entry])).toThrow(expect.objectContaining({ code: 'proxy-invalid' }));
    },
  );
});
