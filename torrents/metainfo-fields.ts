/**
 * The limits of a torrent file, its error type, and the readers of single fields that the versions share.
 *
 * Invariant: what a reader returns is within the limits below, so nothing further in checks it again.
 * Left to others: how the fields belong together (metainfo.ts, metainfo-v1.ts, metainfo-v2.ts).            BEP 3, 12, 19
 */
import type { BValue } from './bencode.ts';
import { componentFault } from './path-rules.ts';

/** 16 KiB is the block of BEP 3 and the least of BEP 52; above 16 MiB one bad block costs too much to fetch again. */
export const pieceLengthMin = 16 * 1024;
export const pieceLengthMax = 16 * 2 ** 20;
/** 4 TiB in pieces of 16 MiB; a bitfield stays at 32 KiB. libtorrent: 2,097,152. */
export const pieceCountMax = 262_144;
/** Pads do not count: a hybrid torrent has one after nearly every file. */
export const filesMax = 100_000;
/** Folders inside folders, as libtorrent. */
export const pathDepthMax = 100;
/** The longest public tracker lists have about 100 entries. */
const urlsMax = 500;
/** RFC 9110 recommends that 8,000 octets be supported; nobody's tracker is longer. */
const urlBytesMax = 8_000;

/** `code` is stable: `metainfo-…`, or `bencode-…` and `path-…` from the rooms below. */
export class MetainfoError extends Error {
  override readonly name = 'MetainfoError';
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Something that is wrong but does no harm. `code` is stable. */
export interface MetainfoWarning {
  readonly code: string;
  readonly message: string;
}

/** Collects warnings, one of each code: a torrent with 100,000 odd names says so once. */
export class Warnings {
  readonly #byCode = new Map<string, MetainfoWarning>();

  add(code: string, message: string): void {
    if (!this.#byCode.has(code)) this.#byCode.set(code, { code, message });
  }

  list(): MetainfoWarning[] {
    return [...this.#byCode.values()];
  }
}

const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Text for people: what is not UTF-8 becomes U+FFFD. Some programs write a second field that is sure to be UTF-8. */
export function readText(dict: BValue, name: string): string | undefined {
  const value = dict.get(`${name}.utf-8`) ?? dict.get(name);
  return value?.bytes && lossyUtf8.decode(value.bytes);
}

/** One component of a path. Throws when no honest file can be called that. */
export function readComponent(bytes: Uint8Array | undefined, where: string, warnings: Warnings): string {
  if (bytes === undefined) throw new MetainfoError('metainfo-path', `${where} is not a byte string`);
  const component = lossyUtf8.decode(bytes);
  if (component.includes('\uFFFD') && Buffer.byteLength(component) !== bytes.length) {
    warnings.add('name-not-utf8', 'some names are not UTF-8: what could not be read is shown as \uFFFD');
  }
  const fault = componentFault(component);
  if (fault !== undefined) throw new MetainfoError(fault.code, `${where}: ${fault.message}`);
  return component;
}

/** A size in bytes: BEP 3 has them as integers, and nothing may be negative. */
export function readBytes(value: BValue | undefined, where: string): number {
  const bytes = value?.integer;
  if (bytes === undefined || bytes < 0) {
    throw new MetainfoError('metainfo-length', `${where} has no length, or one that is not a size`);
  }
  return bytes;
}

/** Adds sizes without ever leaving the integers. */
export function addBytes(a: number, b: number): number {
  if (a > Number.MAX_SAFE_INTEGER - b) {
    throw new MetainfoError('metainfo-length', 'the files together are larger than 2^53 bytes');
  }
  return a + b;
}

export function readPieceLength(info: BValue): number {
  const pieceLength = info.get('piece length')?.integer;
  if (pieceLength === undefined || pieceLength < pieceLengthMin || pieceLength > pieceLengthMax) {
    const found = pieceLength === undefined ? 'missing' : `${pieceLength} bytes`;
    const message = `the piece length is ${found}; it must lie between 16 KiB and 16 MiB`;
    throw new MetainfoError('metainfo-piece-length', message);
  }
  return pieceLength;
}

/** BEP 12: `announce-list` counts, and `announce` only where it is missing. Tiers stay in the order of the file. */
export function readTrackers(root: BValue, warnings: Warnings): string[][] {
  const tiers: string[][] = [];
  let left = urlsMax;
  for (const tier of root.get('announce-list')?.items() ?? []) {
    const urls = readUrls(tier, left, warnings);
    left -= urls.length;
    if (urls.length > 0) tiers.push(urls);
  }
  if (tiers.length > 0) return tiers;
  const single = root.get('announce');
  const urls = single === undefined ? [] : readUrls(single, 1, warnings);
  return urls.length > 0 ? [urls] : [];
}

/** BEP 19: one URL, or a list of them. */
export function readWebSeeds(root: BValue, warnings: Warnings): string[] {
  const list = root.get('url-list');
  return list === undefined ? [] : readUrls(list, urlsMax, warnings);
}

function readUrls(value: BValue, countMax: number, warnings: Warnings): string[] {
  const urls: string[] = [];
  for (const item of value.kind === 'list' ? value.items() : [value]) {
    const url = (item.bytes?.length ?? 0) > urlBytesMax ? undefined : item.text?.trim();
    // Programs write an empty string where the user gave no tracker.
    if (url === '') continue;
    if (url === undefined || !URL.canParse(url))
      warnings.add('url-unreadable', 'an address that is no URL was left out');
    else if (urls.length === countMax)
      warnings.add('urls-too-many', `only the first ${urlsMax} addresses were kept`);
    else urls.push(url);
  }
  return urls;
}
