import { isIP, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressText, isLoopback, packAddress } from '../../../tracker/protocol/address.ts';
import { isDialable, packEndpoints, unpackEndpoints } from '../../../tracker/protocol/endpoint.ts';

const packed4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
const packed16 = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  // Half of the bytes are zero, so that `::` occurs in all positions.
  .chain((bytes) => fc.nat(0xffff).map((zeros) => bytes.map((byte, at) => ((zeros >> at) & 1 ? 0 : byte))))
  .filter((bytes) => packAddress(addressText(bytes))?.length === 16);

describe('addresses', () => {
  it('an IPv4 address survives text and back', () => {
    fc.assert(
      fc.property(packed4, (packed) => {
        expect(packAddress(addressText(packed))).toEqual(packed);
      }),
    );
  });

  it('an IPv6 address survives text and back, and is written as node writes it', () => {
    fc.assert(
      fc.property(packed16, (packed) => {
        const text = addressText(packed);
        expect(packAddress(text)).toEqual(packed);
        if (!text.startsWith('::')) {
          expect(new SocketAddress({ address: text, family: 'ipv6' }).address).toBe(text);
        }
      }),
    );
  });

  it('exactly the texts that node accepts as IP addresses are parsed', () => {
    const pieces = fc.constantFrom(
      '0',
      '1',
      '255',
      '256',
      '01',
      'f',
      'ffff',
      '10000',
      '::',
      ':',
      '.',
      '%',
      'g',
      '1.2.3.4',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 18 }), (parts) => {
        const text = parts.join('');
        // Any zone is accepted here, but node requires a valid one.
        if (text.includes('%') || text.length > 60) return;
        expect(packAddress(text) !== undefined).toBe(isIP(text) !== 0);
      }),
      { numRuns: 3000 },
    );
  });

  it('an IPv4-mapped IPv6 address is parsed as the IPv4 address', () => {
    expect(packAddress('::ffff:10.1.2.3')).toEqual(Uint8Array.of(10, 1, 2, 3));
    expect(packAddress('::FFFF:0a01:0203')).toEqual(Uint8Array.of(10, 1, 2, 3));
  });

  it('the zone of a link-local address is dropped', () => {
    expect(addressText(packAddress('fe80::1%eth0')!)).toBe('fe80::1');
  });

  it.each([
    '127.1',
    '0177.0.0.1',
    '0x7f.0.0.1',
    '2130706433',
    '1.2.3.4.5',
    '1.2.3',
    '1.2.3.256',
    '::1::',
    ':::',
    '1:2',
    '',
  ])('the address text %j is refused', (text) => expect(packAddress(text)).toBeUndefined());

  it.each([
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['128.0.0.1', false],
    ['::', false],
    ['1::1', false],
  ])('whether %s is a loopback address: %s', (text, answer) => {
    expect(isLoopback(packAddress(text)!)).toBe(answer);
  });
});

describe('packed endpoints', () => {
  it('endpoints of both families survive packing and back', () => {
    const endpoint = fc.record({
      host: fc.oneof(packed4, packed16).map(addressText),
      port: fc.integer({ min: 1, max: 65535 }),
    });
    fc.assert(
      fc.property(fc.array(endpoint), (endpoints) => {
        const isIpv4 = ({ host }: { host: string }) => isIP(host) === 4;
        expect(unpackEndpoints(packEndpoints(endpoints, 4), 4)).toEqual(endpoints.filter(isIpv4));
        expect(unpackEndpoints(packEndpoints(endpoints, 16), 16)).toEqual(
          endpoints.filter((e) => !isIpv4(e)),
        );
      }),
    );
  });

  it('trailing bytes that are no whole endpoint are ignored', () => {
    expect(unpackEndpoints(new Uint8Array(11).fill(1), 4)).toHaveLength(1);
  });

  it.each([
    ['10.0.0.1', 6881, true],
    ['10.0.0.1', 0, false],
    ['0.0.0.0', 6881, false],
    ['224.0.0.1', 6881, false],
    ['255.255.255.255', 6881, false],
    ['::', 6881, false],
    ['ff02::1', 6881, false],
    ['2001:db8::1', 6881, true],
  ])('whether %s port %d can be dialed: %s', (host, port, answer) => {
    const bytes = host.includes(':') ? 16 : 4;
    expect(isDialable(packEndpoints([{ host, port }], bytes), 0, bytes)).toBe(answer);
  });
});
