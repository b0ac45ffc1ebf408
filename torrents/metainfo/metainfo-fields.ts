/**
 * The limits of a torrent file, its error type, and the readers of single fields that v1 and v2 share.
 *
 * Invariant: the values returned are within the limits below, so no later code checks them again.
 * Left to others: how the fields belong together (metainfo.ts, metainfo-v1.ts, metainfo-v2.ts).
 *                                                                                               BEP 3, 12, 19
 */
import type { BValue } from '../bencode/bencode.ts';
import { bencodeErrorCodes } from '../bencode/bencode-scanner.ts';
import { CodedError } from '../coded-error.ts';
import { pieceCountMax } from '../geometry.ts';
import { pathFaultCodes } from '../paths/path-rules.ts';

/**
 * For v1, in bytes. Torrents with pieces of a few hundred bytes exist. The number of pieces is what limits
 * them.
 */
const pieceLengthMin = 1;
/** BEP 52: a piece holds whole leaves of 16 KiB. */
const pieceLengthMinV2 = 16 * 1024;
/** One piece then fills the engine's memory for pieces (`pieceMemoryBytesMax`). libtorrent: 512 MiB. */
const pieceLengthMax = 256 * 2 ** 20;
/** Programs make pieces within this range, and some programs cannot read others. */
export const usualPieceLengths = { min: 16 * 1024, max: 16 * 2 ** 20 } as const;
/** The limit for torrents made here: 4 TiB in pieces of 16 MiB. */
export const usualPieceCountMax = 262_144;
/** Without pads: a hybrid torrent has a pad after nearly every file. */
export const filesMax = 100_000;
/** Trackers and web seeds, each. The longest public tracker lists have about 100 entries. */
const urlsMax = 500;
/** RFC 9110 recommends support for 8,000 octets. No tracker in use has a longer URL. */
const urlBytesMax = 8_000;

export const metainfoErrorCodes = [
  'metainfo-empty',
  'metainfo-web-page',
  'metainfo-json',
  'metainfo-magnet',
  'metainfo-compressed',
  'metainfo-music',
  'metainfo-other-file',
  'metainfo-info-missing',
  'metainfo-version',
  'metainfo-nothing',
  'metainfo-length',
  'metainfo-files',
  'metainfo-too-many-files',
  'metainfo-file-tree',
  'metainfo-key-order',
  'metainfo-path',
  'metainfo-path-depth',
  'metainfo-piece-length',
  'metainfo-pieces',
  'metainfo-too-many-pieces',
  'metainfo-pieces-root',
  'metainfo-piece-layer',
  'metainfo-hybrid-mismatch',
  'path-twice',
  ...bencodeErrorCodes,
  ...pathFaultCodes,
] as const;
export type MetainfoErrorCode = (typeof metainfoErrorCodes)[number];

export interface MetainfoErrorFields {
  /** The file or address that the torrent was read from, if known. */
  readonly source?: string;
}

export class MetainfoError extends CodedError<MetainfoErrorCode, MetainfoErrorFields> {
  override readonly name = 'MetainfoError';

  constructor(code: MetainfoErrorCode, message: string, cause?: unknown, fields: MetainfoErrorFields = {}) {
    super(code, message, fields, cause);
  }
}

/** A fault in a torrent that does no harm. `code` is stable. */
export interface MetainfoWarning {
  readonly code: string;
  readonly message: string;
}

/** Collects warnings, one per code: a torrent with 100,000 odd names gives one warning. */
export class Warnings {
  readonly #byCode = new Map<string, MetainfoWarning>();

  add(code: string, message: string): void {
    if (!this.#byCode.has(code)) this.#byCode.set(code, { code, message });
  }

  has(code: string): boolean {
    return this.#byCode.has(code);
  }

  list(): MetainfoWarning[] {
    return [...this.#byCode.values()];
  }
}

const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Text for display. Bytes that are not UTF-8 become U+FFFD. Some programs add a `.utf-8` field, which wins.
 */
export function readText(dict: BValue, name: string): string | undefined {
  const value = dict.get(`${name}.utf-8`) ?? dict.get(name);
  return value?.bytes && lossyUtf8.decode(value.bytes);
}

/** A size in bytes. Throws MetainfoError if it is missing or negative. */
export function readBytes(value: BValue | undefined, where: string): number {
  const bytes = value?.integer;
  if (bytes === undefined || bytes < 0) {
    throw new MetainfoError('metainfo-length', `${where} has no length, or one that is not a size`);
  }
  return bytes;
}

/** Adds two sizes. Throws MetainfoError if the sum is not a safe integer. */
export function addBytes(a: number, b: number): number {
  if (a > Number.MAX_SAFE_INTEGER - b) {
    throw new MetainfoError('metainfo-length', 'the files together are larger than 2^53 bytes');
  }
  return a + b;
}

export function readPieceLength(info: BValue, isV2: boolean, warnings: Warnings): number {
  const pieceLength = info.get('piece length')?.integer;
  const least = isV2 ? pieceLengthMinV2 : pieceLengthMin;
  if (pieceLength === undefined || pieceLength < least || pieceLength > pieceLengthMax) {
    const found = pieceLength === undefined ? 'missing' : `${pieceLength} bytes`;
    const range = `${isV2 ? '16 KiB' : '1 byte'} and 256 MiB`;
    const message = `the piece length is ${found}; it must lie between ${range}`;
    throw new MetainfoError('metainfo-piece-length', message);
  }
  if (pieceLength < usualPieceLengths.min || pieceLength > usualPieceLengths.max) {
    const message = `its pieces have ${pieceLength} bytes: not every program reads less than 16 KiB or more than 16 MiB`;
    warnings.add('piece-length-unusual', message);
  }
  return pieceLength;
}

/** Throws MetainfoError if there are more than the engine can handle. */
export function checkPieceCount(pieceCount: number, warnings: Warnings): void {
  if (pieceCount > pieceCountMax) {
    const message = `${pieceCount} pieces are more than ${pieceCountMax}`;
    throw new MetainfoError('metainfo-too-many-pieces', message);
  }
  if (pieceCount > usualPieceCountMax)
    warnings.add('pieces-many', `it has ${pieceCount} pieces: not every program reads so many`);
}

/** BEP 12: `announce` is read only if `announce-list` gives no tracker. Tiers keep the order of the file. */
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

/** BEP 19: a single URL or a list of URLs. */
export function readWebSeeds(root: BValue, warnings: Warnings): string[] {
  const list = root.get('url-list');
  return list === undefined ? [] : readUrls(list, urlsMax, warnings);
}

function readUrls(value: BValue, countMax: number, warnings: Warnings): string[] {
  const urls: string[] = [];
  for (const item of value.kind === 'list' ? value.items() : [value]) {
    const url = (item.bytes?.length ?? 0) > urlBytesMax ? undefined : item.text?.trim();
    // Programs write an empty string if the user gave no tracker.
    if (url === '') continue;
    if (url === undefined || !URL.canParse(url))
      warnings.add('url-unreadable', 'an address that is no URL was left out');
    else if (urls.length === countMax)
      warnings.add('urls-too-many', `only the first ${urlsMax} addresses were kept`);
    else urls.push(url);
  }
  return urls;
}
