import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AnnounceRequest,
  announceUrl,
  parseAnnounceQuery,
} from '../../../tracker/protocol/announce-query.ts';
import { encodeBytes } from '../../../tracker/protocol/query.ts';

const hash = fc.uint8Array({ minLength: 20, maxLength: 20 });
const request: fc.Arbitrary<AnnounceRequest> = fc.record({
  infoHash: hash,
  peerId: hash,
  port: fc.integer({ min: 1, max: 65535 }),
  uploaded: fc.maxSafeNat(),
  downloaded: fc.maxSafeNat(),
  left: fc.maxSafeNat(),
  event: fc.constantFrom('started', 'completed', 'stopped', undefined),
  numWant: fc.integer({ min: 0, max: 200 }),
  compact: fc.boolean(),
});

/** Any UTF-16 code unit, including unpaired surrogates. */
const anyUnit = fc.nat(0xffff).map((unit) => String.fromCharCode(unit));

const plain = 'info_hash=aaaaaaaaaaaaaaaaaaaa&peer_id=bbbbbbbbbbbbbbbbbbbb&port=6881&left=0';

function parsed(query: string): AnnounceRequest {
  const result = parseAnnounceQuery(query);
  if ('code' in result) throw new Error(result.code);
  return result;
}

function codeOf(query: string): string | undefined {
  const result = parseAnnounceQuery(query);
  return 'code' in result ? result.code : undefined;
}

describe('an announce query', () => {
  it('an announce query contains what the client sent, with any bytes in its hashes', () => {
    fc.assert(
      fc.property(request, (sent) => {
        const url = announceUrl('http://tracker.example/announce', sent);
        expect(parsed(url.slice(url.indexOf('?') + 1))).toEqual(sent);
        expect(url).toMatch(/^[\x21-\x7e]+$/);
      }),
    );
  });

  it('an info_hash is read whether it is escaped in full, in part or not at all', () => {
    const bytes = Uint8Array.from({ length: 20 }, (_, at) => 0x61 + at);
    const text = 'abcdefghijklmnopqrst';
    const upper = [...bytes].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('');
    const half = `%61%62${text.slice(2)}`;
    for (const infoHash of [text, upper, half]) {
      expect(parsed(`info_hash=${infoHash}&peer_id=${text}&port=1`).infoHash).toEqual(bytes);
    }
  });

  it('raw bytes and plus signs in an info_hash are taken literally', () => {
    const infoHash = '+\xff\x80'.padEnd(20, 'x');
    expect(parsed(`info_hash=${infoHash}&peer_id=${'b'.repeat(20)}&port=1`).infoHash.subarray(0, 3)).toEqual(
      Uint8Array.of(0x2b, 0xff, 0x80),
    );
  });

  it.each([
    ['a'.repeat(19)],
    ['a'.repeat(21)],
    [''],
    ['%6'.padStart(21, 'a')],
    [`${'a'.repeat(19)}%`],
    [`${'a'.repeat(19)}%g1`],
    [`${'a'.repeat(19)}\u0100`],
    [encodeBytes(new Uint8Array(32))],
  ])('an announce query with the info_hash %j is refused', (infoHash) => {
    expect(codeOf(`info_hash=${infoHash}&peer_id=${'b'.repeat(20)}&port=1`)).toBe('info-hash-invalid');
  });

  it('an announce query with two info_hashes is refused as ambiguous', () => {
    expect(codeOf(`${plain}&info_hash=${'c'.repeat(20)}`)).toBe('info-hash-repeated');
  });

  it('an announce query with a missing or short peer_id is refused', () => {
    expect(codeOf(`info_hash=${'a'.repeat(20)}&port=1`)).toBe('peer-id-invalid');
    expect(codeOf(`info_hash=${'a'.repeat(20)}&peer_id=x&port=1`)).toBe('peer-id-invalid');
  });

  it.each(['0', '65536', '-1', '1.5', '', 'x', '1e3', '+1', '%31', '99999999999999999999999'])(
    'an announce query with the port %j is refused',
    (port) => {
      expect(codeOf(plain.replace('6881', port))).toBe('port-invalid');
    },
  );

  it.each([
    'left=-2',
    'uploaded=x',
    'downloaded=1.5',
    'left=x',
    'left=1.5',
    'uploaded=999999999999999999999',
  ])('an announce query with %s is refused', (count) => {
    expect(codeOf(`${plain}&${count}`)).toBe('count-invalid');
  });

  it.each(['', 'left=', 'left=-1'])(
    'an announce query with %j is from a peer that does not know yet what it lacks',
    (left) => {
      expect(parsed(plain.replace('left=0', left)).left).toBe(Number.MAX_SAFE_INTEGER);
    },
  );

  it('a `left` of 2^64 - 1, or none at all, is read as the largest safe number', () => {
    expect(parsed(`${plain}&left=18446744073709551615`).left).toBe(Number.MAX_SAFE_INTEGER);
    expect(parsed(plain.replace('&left=0', '')).left).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each([
    ['', 50],
    ['&numwant=0', 0],
    ['&numwant=200', 200],
    ['&numwant=201', 200],
    ['&numwant=-1', 50],
    ['&numwant=lots', 50],
  ])('an announce query with %j asks for %d peers', (parameter, numWant) => {
    expect(parsed(plain + parameter).numWant).toBe(numWant);
  });

  it("a partial seed's event is read, and an unknown event is a regular announce", () => {
    expect(parsed(`${plain}&event=paused`).event).toBe('paused');
    expect(parsed(`${plain}&event=toString`).event).toBeUndefined();
    expect(parsed(`${plain}&event=`).event).toBeUndefined();
  });

  it('ip, ipv4 and ipv6 in an announce query are ignored', () => {
    expect(parsed(`${plain}&ip=9.9.9.9&ipv4=9.9.9.9&ipv6=%3A%3A9`)).toEqual(parsed(plain));
  });

  it('parsing an announce query never throws', () => {
    fc.assert(fc.property(fc.string({ unit: anyUnit }), (query) => void parseAnnounceQuery(query)));
    const pieces = fc.constantFrom('info_hash', 'port', '=', '&', '%', '%4', 'a', '=&=', '6881', '\xff');
    fc.assert(fc.property(fc.array(pieces), (parts) => void parseAnnounceQuery(parts.join(''))));
  });

  it('an announce query longer than any request line is refused', () => {
    expect(codeOf(`${plain}&x=${'y'.repeat(8192)}`)).toBe('query-too-long');
  });
});

describe('an announce URL', () => {
  const sent: AnnounceRequest = {
    infoHash: new Uint8Array(20).fill(0x61),
    peerId: new Uint8Array(20).fill(0x62),
    port: 6881,
    uploaded: 1,
    downloaded: 2,
    left: 3,
    event: 'started',
    numWant: 50,
    compact: true,
  };
  const query =
    `info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}&port=6881` +
    '&uploaded=1&downloaded=2&left=3&compact=1&numwant=50&event=started';

  it.each([
    ['http://t/announce', `http://t/announce?${query}`],
    ['http://t/announce?', `http://t/announce?${query}`],
    ['http://t/announce?passkey=k%20y', `http://t/announce?passkey=k%20y&${query}`],
    ['http://t/announce?passkey=k&', `http://t/announce?passkey=k&${query}`],
    ['http://t/announce?passkey=k#top', `http://t/announce?passkey=k&${query}`],
    ['http://t/p%2fk/announce#a?b', `http://t/p%2fk/announce?${query}`],
  ])('an announce URL made from %s keeps its path and parameters', (trackerUrl, url) => {
    expect(announceUrl(trackerUrl, sent)).toBe(url);
  });

  it('an announce URL has a key if the session has one, and no event for a regular announce', () => {
    const { event: _, ...regular } = sent;
    const url = announceUrl('http://t/announce', { ...regular, event: undefined, key: '0a1b2c3d' });
    expect(url).toMatch(/&numwant=50&key=0a1b2c3d$/);
  });
});
