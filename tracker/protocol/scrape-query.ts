/**
 * A scrape as a request: the query of `GET /scrape` ⇄ info-hashes.
 *
 * Invariant: a parsed scrape names 1 to 50 hashes of exactly 20 bytes. One that names none would ask for every torrent
 * there is, and is refused.                                                                        BEP 48
 */
import { withQuery } from './announce-query.ts';
import { type ProtocolError, protocolError } from './protocol-error.ts';
import { decodeBytes, encodeBytes, forEachParameter, queryLengthMax } from './query.ts';

/** What fits into a request line of 4 kB when every byte is escaped; other trackers allow 50 to 74. */
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
    // One more than allowed is enough to know.
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
 * The URL that scrapes these torrents, or undefined when the tracker has no scrape: by convention the last part of the
 * path that begins with `announce` becomes `scrape`.
 */
export function scrapeUrl(trackerUrl: string, infoHashes: readonly Uint8Array[]): string | undefined {
  const [, origin, path, rest] = /^([a-z]+:\/\/[^/?#]*)([^?#]*)(.*)$/is.exec(trackerUrl) ?? [];
  const at = path?.lastIndexOf('/announce') ?? -1;
  if (origin === undefined || path === undefined || rest === undefined || at < 0) return undefined;
  const scrapePath = `${path.slice(0, at)}/scrape${path.slice(at + '/announce'.length)}`;
  const query = infoHashes.map((infoHash) => `info_hash=${encodeBytes(infoHash)}`).join('&');
  return withQuery(origin + scrapePath + rest, query);
}
