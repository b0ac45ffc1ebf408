/**
 * The query of `GET /scrape` ⇄ info-hashes.
 *
 * Invariant: a parsed scrape names 1 to 50 hashes of exactly 20 bytes. A scrape without hashes would ask for
 * all torrents, and is refused.                                                                        BEP 48
 */
import { withQuery } from './announce-query.ts';
import { type ProtocolError, protocolError } from './protocol-error.ts';
import { decodeBytes, encodeBytes, forEachParameter, queryLengthMax } from './query.ts';

/** Fits into a request line of 4 kB even if every byte is escaped. Other trackers allow 50 to 74. */
export const scrapeHashesMax = 50;

export function parseScrapeQuery(rawQuery: string): Uint8Array[] | ProtocolError {
  if (rawQuery.length > queryLengthMax) return protocolError('query-too-long', 'the query is too long');
  const infoHashes: Uint8Array[] = [];
  let malformed = 0;
  forEachParameter(rawQuery, (name, value) => {
    if (name !== 'info_hash') return true;
    const infoHash = decodeBytes(value, 20);
    if (infoHash === undefined) malformed += 1;
    else infoHashes.push(infoHash);
    // One more than allowed is enough to refuse the scrape.
    return malformed === 0 && infoHashes.length <= scrapeHashesMax;
  });
  if (malformed > 0) return protocolError('info-hash-invalid', 'info_hash must be 20 bytes');
  if (infoHashes.length > scrapeHashesMax) {
    return protocolError('scrape-too-many', `a scrape is for at most ${scrapeHashesMax} torrents`);
  }
  if (infoHashes.length === 0) {
    return protocolError(
      'scrape-everything',
      'name the torrents to scrape: this tracker does not list them all',
    );
  }
  return infoHashes;
}

/**
 * The URL that scrapes these torrents. By convention `/announce` in the path becomes `/scrape`; undefined:
 * the path does not contain it, so that the tracker has no scrape.
 */
export function scrapeUrl(trackerUrl: string, infoHashes: readonly Uint8Array[]): string | undefined {
  const [, origin, path, rest] = /^([a-z]+:\/\/[^/?#]*)([^?#]*)(.*)$/is.exec(trackerUrl) ?? [];
  const at = path?.lastIndexOf('/announce') ?? -1;
  if (origin === undefined || path === undefined || rest === undefined || at < 0) return undefined;
  const scrapePath = `${path.slice(0, at)}/scrape${path.slice(at + '/announce'.length)}`;
  const query = infoHashes.map((infoHash) => `info_hash=${encodeBytes(infoHash)}`).join('&');
  return withQuery(origin + scrapePath + rest, query);
}
