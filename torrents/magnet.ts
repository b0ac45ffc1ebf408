/**
 * Magnet links: the hash of a torrent, and the trackers, web seeds and peers to get it from, in one line of
 * text.
 *
 * Invariant: a parsed link has at least one info-hash, and all its parts are within the limits below.
 * Left to others: fetching the metadata (BEP 9), choosing trackers.                     BEP 9, 12, 19, 52, 53
 */
import { hex } from './byte-text.ts';
import { CodedError } from './coded-error.ts';
import type { Metainfo } from './metainfo/metainfo.ts';
import { filesMax } from './metainfo/metainfo-fields.ts';

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
  /** BEP 53: indexes of the files to fetch, both ends included. Empty: all files. */
  readonly selectOnly: readonly FileRange[];
  /** Parts of the link that were not usable. */
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  readonly key: 'xt' | 'tr' | 'ws' | 'x.pe' | 'so';
  /** The beginning of the value, decoded. */
  readonly value: string;
  readonly why: 'not an info-hash' | 'another torrent' | 'not an address' | 'not a file number' | 'too many';
}

export interface FileRange {
  readonly first: number;
  readonly last: number;
}

export const magnetErrorCodes = [
  'magnet-scheme',
  'magnet-too-long',
  'magnet-hash',
  'magnet-hash-missing',
  'magnet-select',
] as const;
export type MagnetErrorCode = (typeof magnetErrorCodes)[number];

export class MagnetError extends CodedError<MagnetErrorCode> {
  override readonly name = 'MagnetError';

  constructor(code: MagnetErrorCode, message: string) {
    super(code, message, {});
  }
}

/** 64 KiB: longer than any real link. Browsers take 64 KiB and more. */
const lengthMax = 64 * 1024;
/** The limit for each of trackers, web seeds and peers. */
const addressesMax = 100;
/** The most values reported for one link, and the characters shown of each: it is shown in one line. */
const leftOutMax = 20;
const shownMax = 80;
/** The multihash prefix that BEP 52 puts before a v2 hash: SHA2-256, 32 bytes. */
const sha256Multihash = '1220';

/**
 * Throws MagnetError. Ignores unknown keys. The case of the scheme does not matter. Accepts links as people
 * paste them: out of a web page (`&amp;`), broken over lines, with a fragment, or percent-encoded once or
 * twice too often.
 */
export function parseMagnet(uri: string): MagnetLink {
  if (uri.length > lengthMax)
    throw new MagnetError('magnet-too-long', 'this magnet link is longer than 64 KiB');
  const [, query] = /^magnet:\/{0,2}\?(.*)$/is.exec(asCopied(uri)) ?? [];
  if (query === undefined) throw new MagnetError('magnet-scheme', 'a magnet link begins with `magnet:?`');

  const link = new LinkReader();
  for (const field of query.replace(/#[^&]*$/, '').split('&')) {
    const equals = field.indexOf('=');
    if (equals < 0) continue;
    // Some programs number repeated keys: `tr.1`, `xt.2`.
    const key = field
      .slice(0, equals)
      .trim()
      .toLowerCase()
      .replace(/\.\d+$/, '');
    link.read(key, field.slice(equals + 1));
  }
  return link.whole();
}

/** Whether the text looks like a magnet link, even in quotes, after spaces or percent-encoded as a whole. */
export function isMagnet(text: string): boolean {
  return /^[\s<"'`(]*magnet(:|%3a)/i.test(text);
}

/** Cleans a link that was copied from a web page or a mail. */
function asCopied(text: string): string {
  // Mail programs put links between <> and break lines anywhere.
  const link = text.replace(/[ \t]*[\r\n]+[ \t]*/g, '').replace(/^[\s<"'`(]+|[\s>"'`]+$/g, '');
  // The HTML escape of &, which some programs apply twice.
  const fields = link.replace(/&(?:amp;|#38;|#x26;)(?:amp;)*/gi, '&');
  return /^magnet%3a/i.test(fields) ? decoded(fields) : fields;
}

class LinkReader {
  #infoHash: Uint8Array | undefined;
  #infoHashV2: Uint8Array | undefined;
  #name: string | undefined;
  #selectOnly: FileRange[] = [];
  #selectFault: MagnetError | undefined;
  #hashFault: MagnetError | undefined;
  #isEncodedTwice = false;
  readonly #trackers: string[] = [];
  readonly #webSeeds: string[] = [];
  readonly #peers: string[] = [];
  readonly #leftOut: LeftOut[] = [];

  read(key: string, text: string): void {
    // Programs that encode a link like a form write `+` for a space.
    if (key === 'dn') this.#name ??= decoded(text.trim().replaceAll('+', ' '));
    const value = decoded(text).replace(/\s/g, '');
    if (key === 'xt') this.#readTopic(value);
    else if (key === 'tr') this.#readUrl(key, this.#trackers, value);
    else if (key === 'ws') this.#readUrl(key, this.#webSeeds, value);
    else if (key === 'x.pe') this.#readPeer(value);
    else if (key === 'so') this.#readSelection(value);
  }

  /** Throws MagnetError if the link has no info-hash, or if no part of its file selection is valid. */
  whole(): MagnetLink {
    if (this.#infoHash === undefined && this.#infoHashV2 === undefined) {
      if (this.#hashFault !== undefined) throw this.#hashFault;
      const message = 'this magnet link has no info-hash of a torrent (`xt=urn:btih:…` or `xt=urn:btmh:…`)';
      throw new MagnetError('magnet-hash-missing', message);
    }
    if (this.#selectOnly.length === 0 && this.#selectFault !== undefined) throw this.#selectFault;
    return {
      infoHash: this.#infoHash,
      infoHashV2: this.#infoHashV2,
      name: this.#name !== undefined && this.#isEncodedTwice ? decoded(this.#name) : this.#name,
      trackers: this.#trackers,
      webSeeds: this.#webSeeds,
      peers: this.#peers,
      selectOnly: this.#selectOnly,
      leftOut: this.#leftOut,
    };
  }

  #readTopic(value: string): void {
    const topic = this.#isRight(value, (text) => /^urn:/i.test(text)).replace(/#.*/, '');
    try {
      const [v1, v2] = [readV1(topic), readV2(topic)];
      const isAnother =
        (v1 !== undefined && this.#infoHash !== undefined && Buffer.compare(v1, this.#infoHash) !== 0) ||
        (v2 !== undefined && this.#infoHashV2 !== undefined && Buffer.compare(v2, this.#infoHashV2) !== 0);
      if (isAnother) this.#leaveOut('xt', topic, 'another torrent');
      this.#infoHash ??= v1;
      this.#infoHashV2 ??= v2;
    } catch (error) {
      this.#hashFault ??= error as MagnetError;
      this.#leaveOut('xt', topic, 'not an info-hash');
    }
  }

  #readUrl(key: 'tr' | 'ws', urls: string[], value: string): void {
    const url = this.#isRight(value, isUrl);
    if (url === '' || urls.includes(url)) return;
    if (!isUrl(url)) this.#leaveOut(key, value, 'not an address');
    else if (urls.length >= addressesMax) this.#leaveOut(key, value, 'too many');
    else urls.push(url);
  }

  #readPeer(value: string): void {
    const [, port] = /^(?:\[[0-9a-f:.]+\]|[a-z0-9.-]+):(\d{1,5})$/i.exec(value) ?? [];
    if (!(Number(port) > 0 && Number(port) < 65536)) this.#leaveOut('x.pe', value, 'not an address');
    else if (this.#peers.length >= addressesMax) this.#leaveOut('x.pe', value, 'too many');
    else this.#peers.push(value);
  }

  /** BEP 53: `0,2,4,6-8`. An index that no file of a torrent can have is reported, and not selected. */
  #readSelection(value: string): void {
    for (const part of value.split(',')) {
      if (part === '') continue;
      const [, from, to] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(part) ?? [];
      const first = Number(from);
      const last = to === undefined ? first : Number(to);
      if (from !== undefined && last >= first && last < 2 * filesMax) {
        this.#selectOnly.push({ first, last });
        continue;
      }
      const text = `a selection of files looks like 0,2,6-8, not ${JSON.stringify(part.slice(0, shownMax))}`;
      this.#selectFault ??= new MagnetError('magnet-select', text);
      this.#leaveOut('so', part, 'not a file number');
    }
  }

  /** The value, decoded once or twice more if only then `isRight` accepts it. */
  #isRight(value: string, isRight: (text: string) => boolean): string {
    let text = value;
    for (let times = 0; times < 3; times++) {
      if (isRight(text)) {
        if (times > 0) this.#isEncodedTwice = true;
        return text;
      }
      text = decoded(text);
    }
    return value;
  }

  #leaveOut(key: LeftOut['key'], value: string, why: LeftOut['why']): void {
    if (this.#leftOut.length < leftOutMax) this.#leftOut.push({ key, value: value.slice(0, shownMax), why });
  }
}

function isUrl(text: string): boolean {
  return /^[a-z]+:\/\//i.test(text) && URL.canParse(text);
}

/** The magnet link of a torrent. */
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

/** Throws MagnetError if there is no info-hash. */
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

/** `urn:btih:` with 40 hex digits, or with the 32 base32 characters of old links (BEP 9). */
function readV1(value: string): Uint8Array | undefined {
  // The full stop or bracket after a link at the end of a sentence is dropped.
  const [, digits] = /^urn:btih:(.*?)[.,;:!?)\]}]*$/i.exec(value) ?? [];
  if (digits === undefined) return undefined;
  if (/^[0-9a-f]{40}$/i.test(digits)) return Buffer.from(digits, 'hex');
  if (/^[a-z2-7]{32}$/i.test(digits)) return fromBase32(digits.toUpperCase());
  const message = `an info-hash is 40 hex digits or 32 letters and digits of base32, not ${JSON.stringify(digits.slice(0, shownMax))}`;
  throw new MagnetError('magnet-hash', message);
}

/** `urn:btmh:1220` and 64 hex digits. BEP 52 allows no other multihash. */
function readV2(value: string): Uint8Array | undefined {
  const [, digits] = /^urn:btmh:(.*?)[.,;:!?)\]}]*$/i.exec(value) ?? [];
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

/** Text with an invalid escape stays as it is. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
