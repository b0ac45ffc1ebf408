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
  test('parseMagnet reads every parameter of BEP 9 and BEP 53', () => {
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
      leftOut: [],
    });
  });

  test('parseMagnet reads an old info-hash in base32', () => {
    const bytes = parseMagnet('magnet:?xt=urn:btih:AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH').infoHash!;
    expect(Buffer.from(bytes).toString('hex')).toBe(v1);
  });

  test('parseMagnet accepts the scheme, keys and hash in upper case', () => {
    expect(parseMagnet(`MAGNET:?XT=URN:BTIH:${v1.toUpperCase()}`).infoHash).toEqual(Buffer.from(v1, 'hex'));
  });

  test('invalid addresses are left out, and an invalid percent escape does not fail the link', () => {
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
  ])('parseMagnet fails with %s: %s', (code, uri) => expect(codeOf(uri)).toBe(code));
});

describe('a magnet link as it was copied', () => {
  const t = 'http://a/announce';
  const [u, w] = ['http%3A%2F%2Fa%2Fannounce', 'http%253A%252F%252Fa%252Fannounce'];
  test.each([
    ['from the HTML source of a page', `magnet:?xt=urn:btih:${v1}&amp;dn=A%20B&amp;tr=${u}`],
    ['from a feed that escaped it twice', `magnet:?xt=urn:btih:${v1}&amp;amp;dn=A+B&#38;tr=${u}`],
    ['with its tracker encoded twice', `magnet:?xt=urn:btih:${v1}&dn=A%2520B&tr=${w}`],
    [
      'with its tracker encoded three times',
      `magnet:?xt=urn:btih:${v1}&dn=A%2520B&tr=${encodeURIComponent(w)}`,
    ],
    ['encoded as a whole', encodeURIComponent(`magnet:?xt=urn:btih:${v1}&dn=A%20B&tr=${u}`)],
    ['with its topic encoded', `magnet:?xt=${encodeURIComponent(`urn:btih:${v1}`)}&dn=A B&tr=${t}`],
    [
      'broken over lines',
      `magnet:?xt=urn:btih:${v1.slice(0, 9)}\r\n  ${v1.slice(9)}&dn=A B\n&tr=http://a/ann\nounce\n`,
    ],
    ['with blanks', ` magnet:? xt = urn:btih: ${v1} & dn= A B & tr= ${t} `],
    ['in the angle brackets of a mail', `<magnet:?xt=urn:btih:${v1}&dn=A%20B&tr=${t}>`],
    ['in quotes, at the end of a sentence', `"magnet:?dn=A%20B&tr=${t}&xt=urn:btih:${v1}."`],
    ['with a fragment', `magnet:?dn=A+B&tr=${t}&xt=urn:btih:${v1}#row-5`],
    ['with an empty fragment, and keys after it', `magnet:?xt=urn:btih:${v1}#&dn=A+B&tr=${t}`],
    ['with slashes', `magnet://?xt=urn:btih:${v1}&dn=A+B&tr=${t}`],
    ['with an empty selection and empty keys', `magnet:?so=&xt=urn:btih:${v1}&dn=A+B&tr=&tr=${t}&x.pe&&=`],
  ])('a copied magnet link is read: %s', (_, uri) => {
    const link = parseMagnet(uri);
    expect(Buffer.from(link.infoHash!).toString('hex')).toBe(v1);
    expect(link).toMatchObject({ name: 'A B', trackers: [t], selectOnly: [] });
    expect(link.leftOut.filter(({ key }) => key !== 'x.pe')).toEqual([]);
  });

  test.each([
    ['is too short', 'urn:btih:0123'],
    ['is of another length', `urn:btih:${v1}0`],
    ['has a letter too many', `urn:btih:${v1.slice(1)}g`],
    ['is of another multihash', `urn:btmh:1114${v2}`],
  ])('an info-hash that %s is reported, and a valid one before or after it is used', (_, wrong) => {
    for (const uri of [
      `magnet:?xt=${wrong}&xt=urn:btih:${v1}`,
      `magnet:?xt.1=urn:btih:${v1}&xt.2=${wrong}`,
    ]) {
      const { infoHash, leftOut } = parseMagnet(uri);
      expect(Buffer.from(infoHash!).toString('hex')).toBe(v1);
      expect(leftOut).toEqual([{ key: 'xt', value: wrong, why: 'not an info-hash' }]);
    }
  });

  test('a magnet link names one torrent: a second hash of the same kind is reported and ignored', () => {
    const other = `urn:btih:${'f'.repeat(40)}`;
    const uri = `magnet:?xt=urn:btih:${v1}&xt=${other}&xt=urn:btih:${v1.toUpperCase()}&xt=urn:btmh:1220${v2}`;
    const { infoHash, infoHashV2, leftOut } = parseMagnet(uri);
    expect([infoHash, infoHashV2].map((hash) => Buffer.from(hash!).toString('hex'))).toEqual([v1, v2]);
    expect(leftOut).toEqual([{ key: 'xt', value: other, why: 'another torrent' }]);
  });

  test.each([
    [
      '0,2,',
      [
        [0, 0],
        [2, 2],
      ],
    ],
    [',,4-6,,', [[4, 6]]],
    [
      '1, 3 - 5',
      [
        [1, 1],
        [3, 5],
      ],
    ],
    [
      '7,x,9-8,10',
      [
        [7, 7],
        [10, 10],
      ],
    ],
  ])('the valid parts of so=%s are selected', (so, ranges) => {
    const { selectOnly, leftOut } = parseMagnet(`magnet:?xt=urn:btih:${v1}&so=${so}`);
    expect(selectOnly.map(({ first, last }) => [first, last])).toEqual(ranges);
    expect(leftOut.map(({ value }) => value)).toEqual(so.includes('x') ? ['x', '9-8'] : []);
  });

  test('invalid addresses, and addresses beyond the limit, are reported', () => {
    const many = Array.from({ length: 101 }, (_, i) => `&tr=http://t${i}/a`).join('');
    const { trackers, leftOut } = parseMagnet(`magnet:?xt=urn:btih:${v1}&tr=nothing&x.pe=a:0${many}`);
    expect(trackers).toHaveLength(100);
    expect(leftOut).toEqual([
      { key: 'tr', value: 'nothing', why: 'not an address' },
      { key: 'x.pe', value: 'a:0', why: 'not an address' },
      { key: 'tr', value: 'http://t100/a', why: 'too many' },
    ]);
  });

  test('a plus in an address, a percent sign in a name and a hash sign before other keys are kept', () => {
    const link = parseMagnet(`magnet:?dn=100%25 C#&tr=http://a/announce?k=a+b&xt=urn:btih:${v1}`);
    expect(link).toMatchObject({ name: '100% C#', trackers: ['http://a/announce?k=a+b'] });
  });

  test('any text gives a link or a MagnetError', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'xt=urn:btih:',
        v1,
        '&amp;',
        '&',
        'so=',
        'tr=',
        '%',
        '%25',
        '#',
        '\n',
        ' ',
        ',',
        '1-2',
        'http://a/',
      ),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        expect(['accepted', expect.stringMatching(/^magnet-/)]).toContainEqual(
          codeOf(`magnet:?${parts.join('')}`),
        );
      }),
      { numRuns: 500 },
    );
  });
});

test('a link from makeMagnet is parsed to the same values', () => {
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
      expect(parseMagnet(makeMagnet(value))).toEqual({ ...value, leftOut: [] });
    }),
    { numRuns: 200 },
  );
});
