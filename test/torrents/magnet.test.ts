import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MagnetError, makeMagnet, parseMagnet } from '../../torrents/magnet.ts';

const v1 = '0123456789abcdef0123456789abcdef01234567';
const v2 = 'ab'.repeat(32);
const codeOf = (uri: string): string => {
  try {
    parseMagnet(uri);
  } catch (error) {
    if (error instanceof MagnetError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('parseMagnet', () => {
  test('everything BEP 9 and 53 have', () => {
    const link = parseMagnet(
      `magnet:?xt=urn:btih:${v1}&xt=urn:btmh:1220${v2}&dn=A+%26%20B&tr=http%3A%2F%2Fa%2Fannounce&tr.1=udp://b:1&ws=http://w/&x.pe=10.0.0.1:6881&x.pe=%5B::1%5D:1&so=0,2,6-8&unknown=1`,
    );
    expect(link).toEqual({
      infoHash: Buffer.from(v1, 'hex'),
      infoHashV2: Buffer.from(v2, 'hex'),
      name: 'A & B',
      trackers: ['http://a/announce', 'udp://b:1'],
      webSeeds: ['http://w/'],
      peers: ['10.0.0.1:6881', '[::1]:1'],
      selectOnly: [
        { first: 0, last: 0 },
        { first: 2, last: 2 },
        { first: 6, last: 8 },
      ],
    });
  });

  test('an old hash in base32', () => {
    const bytes = parseMagnet('magnet:?xt=urn:btih:AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH').infoHash!;
    expect(Buffer.from(bytes).toString('hex')).toBe(v1);
  });

  test('any case of what is fixed', () => {
    expect(parseMagnet(`MAGNET:?XT=URN:BTIH:${v1.toUpperCase()}`).infoHash).toEqual(Buffer.from(v1, 'hex'));
  });

  test('addresses that are none are left out, and a wrong escape is no reason to fail', () => {
    const link = parseMagnet(`magnet:?xt=urn:btih:${v1}&tr=nothing&x.pe=a:0&x.pe=a&x.pe=a:99999&dn=%zz`);
    expect(link).toMatchObject({ trackers: [], peers: [], name: '%zz' });
  });

  test.each([
    ['magnet-scheme', 'http://a/'],
    ['magnet-scheme', 'magnet:xt=urn:btih:1'],
    ['magnet-hash-missing', 'magnet:?dn=a'],
    ['magnet-hash-missing', 'magnet:?xt=urn:sha1:abc'],
    ['magnet-hash', 'magnet:?xt=urn:btih:abc'],
    ['magnet-hash', `magnet:?xt=urn:btih:${v1}0`],
    ['magnet-hash', `magnet:?xt=urn:btmh:1114${v2}`],
    ['magnet-select', `magnet:?xt=urn:btih:${v1}&so=-1`],
    ['magnet-select', `magnet:?xt=urn:btih:${v1}&so=3-1`],
    ['magnet-select', `magnet:?xt=urn:btih:${v1}&so=0-999999`],
    ['magnet-too-long', `magnet:?xt=urn:btih:${v1}&dn=${'x'.repeat(65536)}`],
  ])('%s: %s', (code, uri) => expect(codeOf(uri)).toBe(code));
});

test('what was made reads the same', () => {
  const hash = (bytes: number) =>
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value));
  const link = fc.record({
    infoHash: fc.option(hash(20), { nil: undefined }),
    infoHashV2: hash(32),
    name: fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
    trackers: fc.uniqueArray(fc.webUrl({ withQueryParameters: true }), { maxLength: 3 }),
    webSeeds: fc.uniqueArray(fc.webUrl(), { maxLength: 3 }),
    peers: fc.array(
      fc.ipV4().map((ip) => `${ip}:6881`),
      { maxLength: 3 },
    ),
    selectOnly: fc.array(
      fc.nat(99).map((first) => ({ first, last: first + 3 })),
      { maxLength: 3 },
    ),
  });
  fc.assert(
    fc.property(link, (value) => {
      expect(parseMagnet(makeMagnet(value))).toEqual(value);
    }),
    { numRuns: 200 },
  );
});
