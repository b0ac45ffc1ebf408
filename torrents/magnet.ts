/**
 * Magnet links: a torrent's hash and where to ask about it, in one line of text.
 *
 * Invariant: a parsed link has at least one info-hash, and nothing in it is longer or more than the limits below.
 * Left to others: fetching the metadata (BEP 9), choosing trackers.                                BEP 9, 12, 19, 52, 53
 */
import type { Metainfo } from './metainfo.ts';
import { filesMax } from './metainfo-fields.ts';

export interface MagnetLink {
  /** `btih`: SHA-1, 20 bytes. */
  readonly infoHash: Uint8Array | undefined;
  /** `btmh`: SHA-256, 32 bytes. */
  readonly infoHashV2: Uint8Array | undefined;
  readonly name: string | undefined;
  readonly trackers: readonly string[];
  readonly webSeeds: readonly string[];
  /** `host:port`, `[v6]:port`. */
  readonly peers: readonly string[];
  /** BEP 53: indexes of the files to fetch, both ends included; empty means all. */
  readonly selectOnly: readonly FileRange[];
}

export interface FileRange {
  readonly first: number;
  readonly last: number;
}

/** `code` is stable: `magnet-…`. */
export class MagnetError extends Error {
  override readonly name = 'MagnetError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Longer than any link that people send; a browser takes 64 KiB and more, but nobody writes that. */
const lengthMax = 64 * 1024;
/** Trackers, web seeds and peers, each. */
const addressesMax = 100;
/** SHA2-256 and its 32 bytes in the multihash that BEP 52 puts before a v2 hash. */
const sha256Multihash = '1220';

/** Throws MagnetError. Keys that mean nothing to us are passed over; upper and lower case of the scheme are one. */
export function parseMagnet(uri: string): MagnetLink {
  if (uri.length > lengthMax)
    throw new MagnetError('magnet-too-long', 'this magnet link is longer than 64 KiB');
  const [, query] = /^magnet:\?(.*)$/is.exec(uri.trim()) ?? [];
  if (query === undefined) throw new MagnetError('magnet-scheme', 'a magnet link begins with `magnet:?`');

  let infoHash: Uint8Array | undefined;
  let infoHashV2: Uint8Array | undefined;
  let name: string | undefined;
  let selectOnly: FileRange[] = [];
  const trackers: string[] = [];
  const webSeeds: string[] = [];
  const peers: string[] = [];
  for (const field of query.split('&')) {
    const equals = field.indexOf('=');
    if (equals < 0) continue;
    // `tr.1`, `xt.2`: some programs number what comes more than once.
    const key = field
      .slice(0, equals)
      .toLowerCase()
      .replace(/\.\d+$/, '');
    const value = decoded(field.slice(equals + 1));
    if (key === 'xt') {
      infoHash ??= readV1(value);
      infoHashV2 ??= readV2(value);
    } else if (key === 'dn') name ??= value;
    else if (key === 'tr') addUrl(trackers, value);
    else if (key === 'ws') addUrl(webSeeds, value);
    else if (key === 'x.pe') addPeer(peers, value);
    else if (key === 'so') selectOnly = readRanges(value);
  }
  if (infoHash === undefined && infoHashV2 === undefined) {
    const message = 'this magnet link has no info-hash of a torrent (`xt=urn:btih:…` or `xt=urn:btmh:…`)';
    throw new MagnetError('magnet-hash-missing', message);
  }
  return { infoHash, infoHashV2, name, trackers, webSeeds, peers, selectOnly };
}

/** The link of a torrent. */
export function magnetOf(
  metainfo: Pick<Metainfo, 'format' | 'infoHash' | 'infoHashV2' | 'name' | 'trackers' | 'webSeeds'>,
): string {
  return makeMagnet({
    infoHash: metainfo.format === 'v2' ? undefined : metainfo.infoHash,
    infoHashV2: metainfo.infoHashV2,
    name: metainfo.name,
    trackers: metainfo.trackers.flat(),
    webSeeds: metainfo.webSeeds,
  });
}

/** Throws MagnetError when there is no info-hash. */
export function makeMagnet(link: Partial<MagnetLink>): string {
  const fields: string[] = [];
  if (link.infoHash !== undefined) fields.push(`xt=urn:btih:${hex(link.infoHash)}`);
  if (link.infoHashV2 !== undefined) fields.push(`xt=urn:btmh:${sha256Multihash}${hex(link.infoHashV2)}`);
  if (fields.length === 0) throw new MagnetError('magnet-hash-missing', 'a magnet link needs an info-hash');
  if (link.name !== undefined) fields.push(`dn=${encodeURIComponent(link.name.toWellFormed())}`);
  for (const url of link.trackers ?? []) fields.push(`tr=${encodeURIComponent(url)}`);
  for (const url of link.webSeeds ?? []) fields.push(`ws=${encodeURIComponent(url)}`);
  for (const peer of link.peers ?? []) fields.push(`x.pe=${peer}`);
  const ranges = (link.selectOnly ?? []).map(({ first, last }) =>
    first === last ? `${first}` : `${first}-${last}`,
  );
  if (ranges.length > 0) fields.push(`so=${ranges.join()}`);
  return `magnet:?${fields.join('&')}`;
}

/** `urn:btih:` with 40 hex digits, or the 32 letters of base32 that old links have (BEP 9). */
function readV1(value: string): Uint8Array | undefined {
  const [, digits] = /^urn:btih:(.*)$/i.exec(value) ?? [];
  if (digits === undefined) return undefined;
  if (/^[0-9a-f]{40}$/i.test(digits)) return Buffer.from(digits, 'hex');
  if (/^[a-z2-7]{32}$/i.test(digits)) return fromBase32(digits.toUpperCase());
  const message = `an info-hash is 40 hex digits or 32 letters and digits of base32, not ${JSON.stringify(digits.slice(0, 80))}`;
  throw new MagnetError('magnet-hash', message);
}

/** `urn:btmh:1220` and 64 hex digits; a multihash of another kind is nothing that BEP 52 knows. */
function readV2(value: string): Uint8Array | undefined {
  const [, digits] = /^urn:btmh:(.*)$/i.exec(value) ?? [];
  if (digits === undefined) return undefined;
  if (!/^1220[0-9a-f]{64}$/i.test(digits)) {
    throw new MagnetError('magnet-hash', 'an info-hash of version 2 is `1220` and 64 hex digits');
  }
  return Buffer.from(digits.slice(sha256Multihash.length), 'hex');
}

function fromBase32(letters: string): Uint8Array {
  const bytes = new Uint8Array(20);
  let bits = 0;
  let value = 0;
  let at = 0;
  for (const letter of letters) {
    value = ((value << 5) | 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = value >> bits;
    }
  }
  return bytes;
}

/** BEP 53: `0,2,4,6-8`. What is no index of a file that a torrent may have is a fault, not a file. */
function readRanges(value: string): FileRange[] {
  return value.split(',').map((part) => {
    const [, from, to] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part) ?? [];
    const first = Number(from);
    const last = to === undefined ? first : Number(to);
    if (from === undefined || last < first || last >= 2 * filesMax) {
      throw new MagnetError(
        'magnet-select',
        `a selection of files looks like 0,2,6-8, not ${JSON.stringify(part)}`,
      );
    }
    return { first, last };
  });
}

function addUrl(urls: string[], value: string): void {
  if (urls.length < addressesMax && URL.canParse(value) && !urls.includes(value)) urls.push(value);
}

function addPeer(peers: string[], value: string): void {
  const [, port] = /^(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+):(\d{1,5})$/i.exec(value) ?? [];
  if (peers.length < addressesMax && Number(port) > 0 && Number(port) < 65536) peers.push(value);
}

/** `+` is a space to the programs that write links with a form's encoding. A wrong escape stays as it is. */
function decoded(value: string): string {
  const spaced = value.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
