/**
 * The query of `GET /announce` ⇄ AnnounceRequest.
 *
 * Invariant: every number in a parsed request is an integer in its range, and both hashes are exactly 20
 * bytes. `ip`, `ipv4` and `ipv6` are ignored: with them a peer could direct others at any victim.
 *                                                                                            BEP 3 7 21 23 52
 */
import { type ProtocolError, protocolError } from './protocol-error.ts';
import { decodeBytes, encodeBytes, forEachParameter, parseCount, queryLengthMax } from './query.ts';

/** Undefined: a regular announce. `paused`: an announce of a partial seed (BEP 21). */
export type AnnounceEvent = (typeof events)[number] | undefined;

const events = ['started', 'completed', 'stopped', 'paused'] as const;

export interface AnnounceRequest {
  /** 20 bytes: SHA-1 of a v1 info dictionary, or the first 20 bytes of the SHA-256 of a v2 one (BEP 52). */
  readonly infoHash: Uint8Array;
  /** 20 bytes. */
  readonly peerId: Uint8Array;
  /** Where the peer listens, 1 to 65535. */
  readonly port: number;
  readonly uploaded: number;
  readonly downloaded: number;
  /** Bytes the peer lacks: 0 for a seed, Number.MAX_SAFE_INTEGER if unknown (a magnet link). */
  readonly left: number;
  readonly event: AnnounceEvent;
  /** Peers asked for, 0 to 200. */
  readonly numWant: number;
  /** False only if the client asks for the dictionary model. */
  readonly compact: boolean;
  /**
   * The same in every announce of one session, so that a tracker recognizes a client with two addresses (BEP
   * 7).
   */
  readonly key?: string;
}

/** BEP 3 names no default; 50 is what trackers commonly use. */
const numWantDefault = 50;
/** A client dials a few dozen peers at a time, so that more than 200 would only make the reply longer. */
export const numWantMax = 200;

/** The raw query, without its `?` → a request, or what is wrong with it. */
export function parseAnnounceQuery(rawQuery: string): AnnounceRequest | ProtocolError {
  if (rawQuery.length > queryLengthMax) return protocolError('query-too-long', 'the query is too long');
  const fields = emptyFields();
  forEachParameter(rawQuery, (name, value) => readField(fields, name, value));
  const { infoHash, peerId, port, uploaded, downloaded, left, event, numWant, compact } = fields;
  if (fields.infoHashes > 1) return protocolError('info-hash-repeated', 'an announce is for one info_hash');
  if (infoHash === undefined) return protocolError('info-hash-invalid', 'info_hash must be 20 bytes');
  if (peerId === undefined) return protocolError('peer-id-invalid', 'peer_id must be 20 bytes');
  if (port === undefined || port < 1 || port > 65535) {
    return protocolError('port-invalid', 'port must be a number from 1 to 65535');
  }
  if (uploaded === undefined || downloaded === undefined || left === undefined) {
    return protocolError('count-invalid', 'uploaded, downloaded and left must be whole numbers of bytes');
  }
  return { infoHash, peerId, port, uploaded, downloaded, left, event, numWant, compact };
}

/** The fields read so far. Undefined: missing or malformed. */
interface Fields {
  infoHashes: number;
  infoHash: Uint8Array | undefined;
  peerId: Uint8Array | undefined;
  port: number | undefined;
  uploaded: number | undefined;
  downloaded: number | undefined;
  left: number | undefined;
  event: AnnounceEvent;
  numWant: number;
  compact: boolean;
}

/** Clients leave out fields. A missing `left` means unknown. */
function emptyFields(): Fields {
  return {
    infoHashes: 0,
    infoHash: undefined,
    peerId: undefined,
    port: undefined,
    uploaded: 0,
    downloaded: 0,
    left: Number.MAX_SAFE_INTEGER,
    event: undefined,
    numWant: numWantDefault,
    compact: true,
  };
}

function readField(fields: Fields, name: string, value: string): boolean {
  switch (name) {
    case 'info_hash':
      fields.infoHash = decodeBytes(value, 20);
      fields.infoHashes += 1;
      break;
    case 'peer_id':
      fields.peerId = decodeBytes(value, 20);
      break;
    case 'port':
      fields.port = parseCount(value);
      break;
    case 'uploaded':
      fields.uploaded = parseCount(value);
      break;
    case 'downloaded':
      fields.downloaded = parseCount(value);
      break;
    case 'left':
      // Clients that do not know it yet send an empty value or `-1`.
      fields.left = value === '' || value === '-1' ? Number.MAX_SAFE_INTEGER : parseCount(value);
      break;
    case 'event':
      // An unknown event counts as a regular announce.
      fields.event = events.find((event) => event === value);
      break;
    case 'numwant':
      // Clients that also speak UDP (BEP 15) send `-1` for the default.
      fields.numWant = Math.min(parseCount(value) ?? numWantDefault, numWantMax);
      break;
    case 'compact':
      fields.compact = value !== '0';
      break;
  }
  return true;
}

/** The announce URL of this request. Built as text, because URL objects would encode the bytes again. */
export function announceUrl(trackerUrl: string, request: AnnounceRequest): string {
  let query =
    `info_hash=${encodeBytes(request.infoHash)}&peer_id=${encodeBytes(request.peerId)}&port=${request.port}` +
    `&uploaded=${request.uploaded}&downloaded=${request.downloaded}&left=${request.left}` +
    `&compact=${request.compact ? 1 : 0}&numwant=${request.numWant}`;
  if (request.event !== undefined) query += `&event=${request.event}`;
  if (request.key !== undefined) query += `&key=${encodeURIComponent(request.key)}`;
  return withQuery(trackerUrl, query);
}

/** Appends parameters to a URL. Its own query (such as a passkey) is kept, its fragment is dropped. */
export function withQuery(url: string, query: string): string {
  const fragment = url.indexOf('#');
  const base = fragment < 0 ? url : url.slice(0, fragment);
  const mark = base.indexOf('?');
  if (mark < 0) return `${base}?${query}`;
  return mark === base.length - 1 || base.endsWith('&') ? base + query : `${base}&${query}`;
}
