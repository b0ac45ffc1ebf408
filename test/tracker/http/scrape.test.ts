import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../torrents/bencode/bencode-encode.ts';
import { parseScrapeQuery, scrapeUrl } from '../../../tracker/protocol/scrape-query.ts';
import { encodeScrapeReply, parseScrapeReply } from '../../../tracker/protocol/scrape-reply.ts';

const hash = fc.uint8Array({ minLength: 20, maxLength: 20 });
const hashA = new Uint8Array(20).fill(0x61);

function codeOf(result: object): string | undefined {
  return 'code' in result ? String(result.code) : undefined;
}

describe('a scrape query', () => {
  it('a scrape query contains the torrents that the client named, in order', () => {
    fc.assert(
      fc.property(fc.array(hash, { minLength: 1, maxLength: 50 }), (infoHashes) => {
        const url = scrapeUrl('http://t/announce?passkey=k', infoHashes)!;
        expect(parseScrapeQuery(url.slice(url.indexOf('?') + 1))).toEqual(infoHashes);
      }),
    );
  });

  it('a scrape query without hashes is refused, so the list of all torrents stays private', () => {
    expect(codeOf(parseScrapeQuery(''))).toBe('scrape-everything');
    expect(codeOf(parseScrapeQuery('passkey=k'))).toBe('scrape-everything');
  });

  it('a scrape query may name 50 torrents and not 51', () => {
    const query = (count: number) =>
      Array(count)
        .fill(`info_hash=${'a'.repeat(20)}`)
        .join('&');
    expect(parseScrapeQuery(query(50))).toHaveLength(50);
    expect(codeOf(parseScrapeQuery(query(51)))).toBe('scrape-too-many');
  });

  it('a scrape query with one malformed hash is refused as a whole', () => {
    expect(codeOf(parseScrapeQuery(`info_hash=${'a'.repeat(20)}&info_hash=short`))).toBe('info-hash-invalid');
  });
});

describe('a scrape URL', () => {
  it.each([
    ['http://t/announce', 'http://t/scrape?'],
    ['http://t/announce.php', 'http://t/scrape.php?'],
    ['http://t/x/announce?passkey=k', 'http://t/x/scrape?passkey=k&'],
    ['http://t/announce/passkey', 'http://t/scrape/passkey?'],
    ['http://announce.example:80/announcements/announce', 'http://announce.example:80/announcements/scrape?'],
  ])('the scrape URL for %s begins with %s', (trackerUrl, beginning) => {
    expect(scrapeUrl(trackerUrl, [hashA])).toBe(`${beginning}info_hash=${'a'.repeat(20)}`);
  });

  it.each(['http://t/', 'http://announce/', 'http://t/x?announce', 'http://t/xannounce', 'announce'])(
    'no scrape URL exists for %s',
    (trackerUrl) => expect(scrapeUrl(trackerUrl, [hashA])).toBeUndefined(),
  );
});

describe('a scrape reply', () => {
  it('a scrape reply survives encoding and parsing, sorted by hash', () => {
    const torrent = fc.record({
      infoHash: hash,
      complete: fc.nat(),
      incomplete: fc.nat(),
      downloaded: fc.nat(),
    });
    const torrents = fc.uniqueArray(torrent, { maxLength: 50, selector: ({ infoHash }) => infoHash.join() });
    fc.assert(
      fc.property(torrents, (sent) => {
        const byHash = [...sent].sort((a, b) => Buffer.compare(a.infoHash, b.infoHash));
        expect(parseScrapeReply(encodeScrapeReply(sent))).toEqual(byHash);
      }),
    );
  });

  it('a scrape reply is encoded as in BEP 48', () => {
    const counts = { complete: 11, incomplete: 19, downloaded: 13772 };
    expect(Buffer.from(encodeScrapeReply([{ infoHash: hashA, ...counts }])).toString()).toBe(
      `d5:filesd20:${'a'.repeat(20)}d8:completei11e10:downloadedi13772e10:incompletei19eeee`,
    );
  });

  it('a scrape reply contains a torrent once, even if it was requested twice', () => {
    const torrent = { infoHash: hashA, complete: 1, incomplete: 2, downloaded: 3 };
    expect(parseScrapeReply(encodeScrapeReply([torrent, { ...torrent, infoHash: hashA.slice() }]))).toEqual([
      torrent,
    ]);
  });

  it('a scrape reply carries a failure, also with the underscore of BEP 48', () => {
    const failure = { failureReason: 'no' };
    expect(parseScrapeReply(encodeScrapeReply(failure))).toEqual(failure);
    expect(parseScrapeReply(encode({ failure_reason: 'no' }))).toEqual(failure);
  });

  it('a parsed scrape reply skips keys that are not 20 bytes, and takes invalid counts as 0', () => {
    const files = new Map([
      ['short', { complete: 1 }],
      ['a'.repeat(20), { complete: -1, downloaded: 'x' }],
    ]);
    expect(parseScrapeReply(encode({ files }))).toEqual([
      { infoHash: hashA, complete: 0, incomplete: 0, downloaded: 0 },
    ]);
  });

  it('a scrape reply without `files` is malformed', () => {
    expect(codeOf(parseScrapeReply(encode({ files: [] })))).toBe('reply-malformed');
  });
});
