/**
 * Reads untrusted bencoding: torrent files, tracker replies, extension messages. Values are views of the
 * scanned bytes, made on demand. They keep their exact byte range, because an info-hash is computed from the
 * original bytes and never from a new encoding.
 *
 * Invariant: a BValue exists only for input that passed the strict scan (bencode-scanner.ts). Callers must
 * not change the input while they use its values.
 * Left to others: what the values mean. Writing: bencode-encode.ts.                                 BEP 3, 52
 */
import bencode from 'bencode';
import {
  BencodeError,
  type BencodeLimits,
  bytesToken,
  dictToken,
  integerToken,
  listToken,
  scanTokens,
  type TokenTable,
  unsortedDictToken,
} from './bencode-scanner.ts';

export { BencodeError, type BencodeLimits };

/**
 * For the user's own files. A hybrid of 2^22 pieces takes 208 MiB. A torrent of 100,000 files takes about 22
 * MB and 2.7 million tokens. The depth is libtorrent's.
 */
export const localLimits: BencodeLimits = { bytesMax: 256 * 2 ** 20, tokensMax: 4_000_000, depthMax: 100 };

/**
 * For data from peers (metadata, BEP 9) and trackers. Lower than for the user's files, because three peers
 * may send metadata at once, without a request. 8 MiB hold the metadata of 400,000 pieces (v1), or of 20,000
 * files of a hybrid.
 */
export const peerLimits: BencodeLimits = { bytesMax: 8 * 2 ** 20, tokensMax: 1_000_000, depthMax: 100 };

/** 2^53 has 16 digits. Integers with more digits are out of range and are not read. */
const integerDigitsMax = 16;

/** Scans bytes that are exactly one value. Throws BencodeError. */
export function scan(bytes: Uint8Array, limits: BencodeLimits = peerLimits): BValue {
  const value = scanPrefix(bytes, limits);
  if (value.end < bytes.length) {
    throw new BencodeError('bencode-trailing-bytes', value.end, 'there are bytes after the end of the value');
  }
  return value;
}

/**
 * Scans the value that `bytes` begin with. `end` is the offset of the rest, where BEP 9 puts a piece of
 * metadata.
 */
export function scanPrefix(bytes: Uint8Array, limits: BencodeLimits = peerLimits): BValue {
  // A plain Uint8Array, because the slice() of a Buffer is a view and that of a Uint8Array is a copy.
  const input = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new BValue(scanTokens(input, limits), 0);
}

/**
 * Bytes → plain JavaScript values (number, Uint8Array, array, object), by the `bencode` package after our
 * scan. For small messages with text keys. Throws BencodeError, also for content that plain values cannot
 * hold: integers beyond ±(2^53 - 1), unsorted keys, keys that are not UTF-8 (the package turns them into
 * hex), and `__proto__` (it changes the prototype).
 */
export function decode(bytes: Uint8Array, limits: BencodeLimits = peerLimits): unknown {
  const pending = [scan(bytes, limits)];
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (value.kind === 'integer' && value.integer === undefined) {
      throw new BencodeError('bencode-integer-range', value.start, 'an integer lies beyond ±(2^53 - 1)');
    }
    for (const item of value.items()) pending.push(item);
    for (const [key, entry] of value.entries()) {
      const text = utf8(key);
      if (
        value.keyOrder !== 'sorted' ||
        text === undefined ||
        text === '__proto__' ||
        text.includes('\uFFFD')
      ) {
        throw new BencodeError(
          'bencode-awkward-key',
          value.start,
          'an object cannot hold the keys of a dictionary',
        );
      }
      pending.push(entry);
    }
  }
  return bencode.decode(bytes);
}

export type BKind = 'integer' | 'bytes' | 'list' | 'dict';
export type KeyOrder = 'sorted' | 'unsorted' | 'duplicate';

/** A value. A getter for another kind of value returns undefined and never throws. */
export class BValue {
  readonly #table: TokenTable;
  readonly #token: number;

  constructor(table: TokenTable, token: number) {
    this.#table = table;
    this.#token = token;
  }

  get kind(): BKind {
    const type = this.#type;
    return type === integerToken
      ? 'integer'
      : type === bytesToken
        ? 'bytes'
        : type === listToken
          ? 'list'
          : 'dict';
  }

  /** Where the encoded value begins in the input, in bytes. */
  get start(): number {
    return this.#table.start(this.#token);
  }

  /** Where the encoded value ends, exclusive. */
  get end(): number {
    return this.#table.end(this.#token);
  }

  /** The encoded value (a view of the input, not a copy). */
  get raw(): Uint8Array {
    return this.#table.input.subarray(this.start, this.end);
  }

  /** A safe integer. Undefined beyond ±(2^53 - 1): no size, count or time is that large. */
  get integer(): number | undefined {
    if (this.#type !== integerToken) return undefined;
    const { input } = this.#table;
    const negative = input[this.start + 1] === 0x2d;
    const first = this.start + (negative ? 2 : 1);
    if (this.end - 1 - first > integerDigitsMax) return undefined;
    let value = 0;
    for (let at = first; at < this.end - 1; at++) value = value * 10 + (input[at]! - 0x30);
    if (value > Number.MAX_SAFE_INTEGER) return undefined;
    return negative ? -value : value;
  }

  /** An integer beyond ±(2^53 - 1). */
  get isLargeInteger(): boolean {
    return this.#type === integerToken && this.integer === undefined;
  }

  /** Whether this value, or a value after it in the input, is such an integer. */
  get hasLargeIntegers(): boolean {
    if (!this.#table.hasLongIntegers) return false;
    for (let token = this.#token; token < this.#table.count; token++)
      if (new BValue(this.#table, token).isLargeInteger) return true;
    return false;
  }

  /** The content of a byte string (a view of the input, not a copy). */
  get bytes(): Uint8Array | undefined {
    return this.#type === bytesToken ? this.#content(this.#token) : undefined;
  }

  /** The content of a byte string as text. Undefined if it is not valid UTF-8. */
  get text(): string | undefined {
    return this.#type === bytesToken ? utf8(this.#content(this.#token)) : undefined;
  }

  /**
   * Whether the keys of a dictionary are in strictly rising order, as BEP 3 requires. `duplicate`: two
   * neighbouring keys are equal.
   */
  get keyOrder(): KeyOrder | undefined {
    if (this.#type < dictToken) return undefined;
    return this.#type === dictToken ? 'sorted' : this.#type === unsortedDictToken ? 'unsorted' : 'duplicate';
  }

  /** The first entry of a dictionary with this ASCII key. Walks the keys: O(entries). */
  get(name: string): BValue | undefined {
    if (this.#type < dictToken) return undefined;
    const table = this.#table;
    const { input } = table;
    const end = table.link(this.#token);
    for (let key = this.#token + 1; key < end; key = this.#after(key + 1)) {
      const begin = table.link(key);
      if (table.end(key) - begin !== name.length) continue;
      let same = 0;
      while (same < name.length && input[begin + same] === name.charCodeAt(same)) same++;
      if (same === name.length) return new BValue(table, key + 1);
    }
    return undefined;
  }

  /** The members of a list. Empty for other kinds. */
  *items(): Generator<BValue> {
    if (this.#type !== listToken) return;
    const end = this.#table.link(this.#token);
    for (let token = this.#token + 1; token < end; token = this.#after(token))
      yield new BValue(this.#table, token);
  }

  /** The entries of a dictionary in the order of the input, with keys as bytes. Empty for other kinds. */
  *entries(): Generator<[key: Uint8Array, value: BValue]> {
    if (this.#type < dictToken) return;
    const end = this.#table.link(this.#token);
    for (let key = this.#token + 1; key < end; key = this.#after(key + 1)) {
      yield [this.#content(key), new BValue(this.#table, key + 1)];
    }
  }

  get #type(): number {
    return this.#table.type(this.#token);
  }

  #content(token: number): Uint8Array {
    return this.#table.input.subarray(this.#table.link(token), this.#table.end(token));
  }

  /** The first token after this value and its members. */
  #after(token: number): number {
    return this.#table.type(token) < listToken ? token + 1 : this.#table.link(token);
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
