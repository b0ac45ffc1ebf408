/**
 * The answer to a scrape: counts for each torrent ⇄ bytes. The keys of `files` are 20 raw bytes, not text.
 *                                                                                                      BEP 48
 */
import { encode } from '../../torrents/bencode/bencode-encode.ts';
import { latin1 } from '../../torrents/byte-text.ts';
import { type ProtocolError, protocolError } from './protocol-error.ts';
import { encodeFailure, openReply, readCount, type TrackerFailure } from './reply.ts';
import { scrapeHashesMax } from './scrape-query.ts';

export interface SwarmCounts {
  /** Seeds. */
  readonly complete: number;
  /** Leechers. */
  readonly incomplete: number;
  /** Completed downloads. */
  readonly downloaded: number;
}

export interface ScrapedTorrent extends SwarmCounts {
  readonly infoHash: Uint8Array;
}

export function encodeScrapeReply(reply: readonly ScrapedTorrent[] | TrackerFailure): Uint8Array {
  if ('failureReason' in reply) return encodeFailure(reply);
  // A scrape may name a hash twice, but a dictionary has each key once. Keyed by text, since a Map compares
  // bytes by identity.
  const byHash = new Map(reply.map((torrent) => [latin1(torrent.infoHash), torrent]));
  const files = new Map<Uint8Array, Record<string, number>>();
  for (const { infoHash, complete, downloaded, incomplete } of byHash.values()) {
    files.set(infoHash, { complete, downloaded, incomplete });
  }
  return encode({ files });
}

/**
 * Hostile bytes → counts by torrent, at most as many as one scrape may name. Nothing in it is a view of
 * `bytes`.
 */
export function parseScrapeReply(bytes: Uint8Array): ScrapedTorrent[] | TrackerFailure | ProtocolError {
  const opened = openReply(bytes);
  if ('code' in opened || 'failureReason' in opened) return opened;
  const files = opened.get('files');
  if (files?.kind !== 'dict') return protocolError('reply-malformed', "the tracker's scrape has no `files`");
  const torrents: ScrapedTorrent[] = [];
  for (const [key, value] of files.entries()) {
    if (key.length !== 20) continue;
    if (torrents.length === scrapeHashesMax) break;
    torrents.push({
      // Not slice(), which returns a view on a Buffer.
      infoHash: Uint8Array.from(key),
      complete: readCount(value.get('complete')) ?? 0,
      incomplete: readCount(value.get('incomplete')) ?? 0,
      downloaded: readCount(value.get('downloaded')) ?? 0,
    });
  }
  return torrents;
}
