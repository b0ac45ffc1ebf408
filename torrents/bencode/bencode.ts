/**
 * Reads bencoding that anybody may have written: torrent files, tracker replies, extension messages. Values are views
 * onto the scanned bytes, made when asked for; they keep the exact byte range they came from, because an info-hash is
 * taken over those bytes and never over something encoded again.
 *
 * Invariant: a BValue exists only for input that passed the strict scan (bencode-scanner.ts). The input must not be
 * changed while its values are in use.
 * Left to others: what the values mean. Writing: bencode-encode.ts.                                        BEP 3, 52
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
 * A file the user gives: a hybrid of 2^22 pieces takes 208 MiB, one of 100,000 files about 22 MB and 2.7 million tokens.
 * Depth: as libtorrent.
 */
export const localLimits: BencodeLimits = { bytesMax: 256 * 2 ** 20, tokensMax: 4_000_000, depthMax: 100 };

/**
 * What strangers send: a peer's metadata (BEP 9), a tracker's reply. It is smaller than what the user's own file may be: three
 * peers may send it at once, unasked for. 8 MiB hold the metadata of 400,000 pieces (v1), or of 20,000 files of a hybrid.
 */
export const peerLimits: BencodeLimits = { bytesMax: 8 * 2 ** 20, tokensMax: 1_000_000, depthMax: 100 };

/** 2^53 has 16 digits: what has more is out of range, and need not be read. */
const integerDigitsMax = 16;

/** Bytes that are exactly one value → that value. Throws BencodeError. */
export function scan(bytes: Uint8Array, limits: BencodeLimits = peerLimits): BValue {
  const value = scanPrefix(bytes, limits);
  if (value.end < bytes.length) {
    throw new BencodeError('bencode-trailing-bytes', value.end, 'there are bytes after the end of the value');
  }
  return value;
}

/** The value that `bytes` begin with; its `end` tells where the rest begins (BEP 9 puts a piece of metadata there). */
export function scanPrefix(bytes: Uint8Array, limits: BencodeLimits = peerLimits): BValue {
  // A plain view of a Buffer: the slice() of a Buffer is a view, and that of a Uint8Array a copy.
  const input = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new BValue(scanTokens(input, limits), 0);
}

/**
 * Bytes → plain JavaScript values (number, Uint8Array, array, object), by the `bencode` package once the scan has
 * passed. For small messages with text keys. Throws BencodeError, also for what plain values cannot hold exactly: integers
 * beyond ±(2^53 - 1), keys out of order, not UTF-8 (the package makes hex of them), `__proto__` (it changes the prototype).
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

/** One value. Asking it for something of another kind gives undefined, never an exception. */
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

  /** Where it ends, exclusive. */
  get end(): number {
    return this.#table.end(this.#token);
  }

  /** The encoded value itself (a view of the input, not a copy). */
  get raw(): Uint8Array {
    return this.#table.input.subarray(this.start, this.end);
  }

  /** A safe integer. Undefined for one beyond ±(2^53 - 1): no size, count or time is that large. */
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

  /** Whether there is one in the whole input, at any depth. */
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

  /** The content of a byte string as text; undefined when it is not valid UTF-8. */
  get text(): string | undefined {
    return this.#type === bytesToken ? utf8(this.#content(this.#token)) : undefined;
  }

  /** Whether a dictionary's keys rise strictly, as BEP 3 demands; `duplicate`: two neighbours are equal. */
  get keyOrder(): KeyOrder | undefined {
    if (this.#type < dictToken) return undefined;
    return this.#type === dictToken ? 'sorted' : this.#type === unsortedDictToken ? 'unsorted' : 'duplicate';
  }

  /** The entry of a dictionary under an ASCII name; of several the first. It walks the keys: O(entries). */
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

  /** The members of a list; nothing for another kind. */
  *items(): Generator<BValue> {
    if (this.#type !== listToken) return;
    const end = this.#table.link(this.#token);
    for (let token = this.#token + 1; token < end; token = this.#after(token))
      yield new BValue(this.#table, token);
  }

  /** The entries of a dictionary in the order of the input, keys as exact bytes; nothing for another kind. */
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

  /** The first token that does not belong to this one. */
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
