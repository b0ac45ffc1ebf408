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
  it('names the torrents the client named, in order', () => {
    fc.assert(
      fc.property(fc.array(hash, { minLength: 1, maxLength: 50 }), (infoHashes) => {
        const url = scrapeUrl('http://t/announce?passkey=k', infoHashes)!;
        expect(parseScrapeQuery(url.slice(url.indexOf('?') + 1))).toEqual(infoHashes);
      }),
    );
  });

  it('that names nothing is refused: nobody gets the list of all torrents', () => {
    expect(codeOf(parseScrapeQuery(''))).toBe('scrape-everything');
    expect(codeOf(parseScrapeQuery('passkey=k'))).toBe('scrape-everything');
  });

  it('may name 50 torrents and not 51', () => {
    const query = (count: number) =>
      Array(count)
        .fill(`info_hash=${'a'.repeat(20)}`)
        .join('&');
    expect(parseScrapeQuery(query(50))).toHaveLength(50);
    expect(codeOf(parseScrapeQuery(query(51)))).toBe('scrape-too-many');
  });

  it('with one malformed hash is refused as a whole', () => {
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
  ])('of %s is %s', (trackerUrl, beginning) => {
    expect(scrapeUrl(trackerUrl, [hashA])).toBe(`${beginning}info_hash=${'a'.repeat(20)}`);
  });

  it.each(['http://t/', 'http://announce/', 'http://t/x?announce', 'http://t/xannounce', 'announce'])(
    'does not exist for %s',
    (trackerUrl) => expect(scrapeUrl(trackerUrl, [hashA])).toBeUndefined(),
  );
});

describe('a scrape reply', () => {
  it('says what the tracker said, hash by hash', () => {
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

  it('is what BEP 48 shows', () => {
    const counts = { complete: 11, incomplete: 19, downloaded: 13772 };
    expect(Buffer.from(encodeScrapeReply([{ infoHash: hashA, ...counts }])).toString()).toBe(
      `d5:filesd20:${'a'.repeat(20)}d8:completei11e10:downloadedi13772e10:incompletei19eeee`,
    );
  });

  it('says a torrent once that was asked for twice', () => {
    const torrent = { infoHash: hashA, complete: 1, incomplete: 2, downloaded: 3 };
    expect(parseScrapeReply(encodeScrapeReply([torrent, { ...torrent, infoHash: hashA.slice() }]))).toEqual([
      torrent,
    ]);
  });

  it('carries a failure, also with the underscore of BEP 48', () => {
    const failure = { failureReason: 'no' };
    expect(parseScrapeReply(encodeScrapeReply(failure))).toEqual(failure);
    expect(parseScrapeReply(encode({ failure_reason: 'no' }))).toEqual(failure);
  });

  it('keeps no keys that are not 20 bytes and no numbers that make no sense', () => {
    const files = new Map([
      ['short', { complete: 1 }],
      ['a'.repeat(20), { complete: -1, downloaded: 'x' }],
    ]);
    expect(parseScrapeReply(encode({ files }))).toEqual([
      { infoHash: hashA, complete: 0, incomplete: 0, downloaded: 0 },
    ]);
  });

  it('without `files` is malformed', () => {
    expect(codeOf(parseScrapeReply(encode({ files: [] })))).toBe('reply-malformed');
  });
});
