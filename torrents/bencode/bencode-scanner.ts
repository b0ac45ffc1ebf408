/**
 * The strict scan of bencoding: a single pass without recursion that checks every byte and fills a flat table
 * of tokens, 13 bytes each. A torrent of 100,000 files has 2.7 million tokens: about 40 MB, where a tree of
 * objects takes 1 GB.
 *
 * Invariant: a TokenTable exists only for input whose first value was scanned to its end without an error and
 * within the limits. Each length was compared with the bytes left before it was used.
 * Left to others: reading the table (bencode.ts).                                                   BEP 3, 52
 */
import { CodedError } from '../coded-error.ts';

export interface BencodeLimits {
  /** Bytes of input. */
  readonly bytesMax: number;
  /** The number of integers, byte strings, keys, lists and dictionaries together. */
  readonly tokensMax: number;
  /** Nested lists and dictionaries. */
  readonly depthMax: number;
}

export const bencodeErrorCodes = [
  'bencode-empty',
  'bencode-truncated',
  'bencode-trailing-bytes',
  'bencode-too-large',
  'bencode-too-many-tokens',
  'bencode-too-deep',
  'bencode-not-a-value',
  'bencode-value-missing',
  'bencode-key-not-string',
  'bencode-awkward-key',
  'bencode-bad-length',
  'bencode-bad-integer',
  'bencode-integer-range',
] as const;
export type BencodeErrorCode = (typeof bencodeErrorCodes)[number];

/** `offset` is where in the input the error is, in bytes. */
export class BencodeError extends CodedError<BencodeErrorCode, { readonly offset: number }> {
  override readonly name = 'BencodeError';

  constructor(code: BencodeErrorCode, offset: number, message: string) {
    super(code, `${message} (at byte ${offset})`, { offset });
  }

  get offset(): number {
    return this.fields.offset;
  }
}

/** Token types. Types from listToken on have members, types from dictToken on have keys. */
export const integerToken = 0;
export const bytesToken = 1;
export const listToken = 2;
export const dictToken = 3;
export const unsortedDictToken = 4;
const duplicateDictToken = 5;

/**
 * Stored in columns: a type and three offsets per token. The members of a list or dictionary follow it.
 * scanTokens returns the table only after the whole value was scanned, so each token below `count` is valid.
 */
export class TokenTable {
  readonly input: Uint8Array;
  /** Whether an integer may lie beyond ±(2^53 - 1). */
  hasLongIntegers = false;
  readonly #tokensMax: number;
  #types: Uint8Array;
  #starts: Int32Array;
  #ends: Int32Array;
  #links: Int32Array;
  #count = 0;

  constructor(input: Uint8Array, tokensMax: number) {
    this.input = input;
    this.#tokensMax = tokensMax;
    // A token takes about seven bytes in a torrent, so most tables never grow. Unused memory pages cost
    // nothing.
    const capacity = Math.min(tokensMax, Math.max(16, Math.ceil(input.length / 6)));
    this.#types = new Uint8Array(capacity);
    this.#starts = new Int32Array(capacity);
    this.#ends = new Int32Array(capacity);
    this.#links = new Int32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  type(token: number): number {
    return this.#types[token]!;
  }

  /** Where the encoded value begins in the input. */
  start(token: number): number {
    return this.#starts[token]!;
  }

  /** Where the encoded value ends, exclusive. */
  end(token: number): number {
    return this.#ends[token]!;
  }

  /**
   * For a byte string: where its content begins. For a list or dictionary: the first token after its members.
   */
  link(token: number): number {
    return this.#links[token]!;
  }

  /** Appends a token. For a list or dictionary, `close` sets `end` and `link`. Throws BencodeError. */
  add(type: number, start: number, end: number, link: number): number {
    const token = this.#count;
    if (token === this.#types.length) this.#grow(start);
    this.#types[token] = type;
    this.#starts[token] = start;
    this.#ends[token] = end;
    this.#links[token] = link;
    return this.#count++;
  }

  /** Ends a list or dictionary: all tokens after it are its members. */
  close(token: number, end: number): void {
    this.#ends[token] = end;
    this.#links[token] = this.#count;
  }

  /** Records whether two neighbouring keys of a dictionary are equal or out of order. */
  compareKeys(dict: number, before: number, key: number): void {
    const order = compareBytes(
      this.input,
      this.link(before),
      this.end(before),
      this.link(key),
      this.end(key),
    );
    // Equal keys are the worse fault: two readers may take different values.
    if (order === 0) this.#types[dict] = duplicateDictToken;
    else if (order > 0 && this.#types[dict] === dictToken) this.#types[dict] = unsortedDictToken;
  }

  #grow(offset: number): void {
    const max = this.#tokensMax;
    if (this.#count === max)
      throw new BencodeError('bencode-too-many-tokens', offset, `there are more than ${max} values`);
    const capacity = Math.min(max, 16 + this.#count * 2);
    this.#types = grown(this.#types, new Uint8Array(capacity));
    this.#starts = grown(this.#starts, new Int32Array(capacity));
    this.#ends = grown(this.#ends, new Int32Array(capacity));
    this.#links = grown(this.#links, new Int32Array(capacity));
  }
}

const byteE = 0x65;
const byteI = 0x69;
const byteL = 0x6c;
const byteD = 0x64;
const byteColon = 0x3a;
const byteMinus = 0x2d;
const byteZero = 0x30;

/** `i`, 15 digits and `e`: such an integer is always safe. A longer one may not be. */
const longIntegerBytes = 17;

/** Scans the value that `input` begins with. Throws BencodeError. */
export function scanTokens(input: Uint8Array, limits: BencodeLimits): TokenTable {
  if (input.length > limits.bytesMax) {
    const message = `${input.length} bytes are more than the ${limits.bytesMax} that are read`;
    throw new BencodeError('bencode-too-large', limits.bytesMax, message);
  }
  if (input.length === 0) throw new BencodeError('bencode-empty', 0, 'there are no bytes');

  const table = new TokenTable(input, limits.tokensMax);
  // One entry per open list or dictionary. keyTokens: the last key read; -1 before the first key, and in
  // lists.
  const open = new Int32Array(limits.depthMax);
  const keyTokens = new Int32Array(limits.depthMax);
  let depth = 0;
  /** The innermost open list or dictionary. */
  let inner = 0;
  let inDict = false;
  let keyExpected = false;
  let at = 0;

  do {
    const byte = input[at];
    if (byte === undefined) throw new BencodeError('bencode-truncated', at, 'the input ends inside a value');

    if (byte === byteE && depth > 0) {
      if (inDict && !keyExpected) throw new BencodeError('bencode-value-missing', at, 'a key has no value');
      at++;
      table.close(inner, at);
      depth--;
      inner = open[Math.max(0, depth - 1)] ?? 0;
      inDict = depth > 0 && table.type(inner) >= dictToken;
    } else if (byte >= byteZero && byte <= byteZero + 9) {
      const content = readLength(input, at);
      const token = table.add(bytesToken, at, content.begin + content.bytes, content.begin);
      at = content.begin + content.bytes;
      if (inDict && keyExpected) {
        const before = keyTokens[depth - 1] ?? -1;
        if (before >= 0) table.compareKeys(inner, before, token);
        keyTokens[depth - 1] = token;
        keyExpected = false;
        continue;
      }
    } else if (inDict && keyExpected) {
      throw new BencodeError('bencode-key-not-string', at, 'a dictionary key must be a byte string');
    } else if (byte === byteI) {
      const end = integerEnd(input, at);
      table.hasLongIntegers ||= end - at > longIntegerBytes;
      table.add(integerToken, at, end, 0);
      at = end;
    } else if (byte === byteL || byte === byteD) {
      if (depth === limits.depthMax) {
        const message = `lists and dictionaries lie more than ${limits.depthMax} deep`;
        throw new BencodeError('bencode-too-deep', at, message);
      }
      inDict = byte === byteD;
      inner = table.add(inDict ? dictToken : listToken, at, 0, 0);
      open[depth] = inner;
      keyTokens[depth] = -1;
      depth++;
      at++;
    } else {
      throw new BencodeError('bencode-not-a-value', at, `no value begins with byte 0x${byte.toString(16)}`);
    }
    // In a dictionary, a key follows each completed value and the opening.
    keyExpected = inDict;
  } while (depth > 0);

  return table;
}

/** Reads the `<digits>:` of a byte string, and checks the length against the input left. */
function readLength(input: Uint8Array, start: number): { begin: number; bytes: number } {
  let at = start;
  let bytes = 0;
  for (let byte = input[at]; byte !== byteColon; byte = input[++at]) {
    if (byte === undefined) throw new BencodeError('bencode-truncated', at, 'the input ends inside a length');
    if (byte < byteZero || byte > byteZero + 9 || (at > start && bytes === 0)) {
      throw new BencodeError('bencode-bad-length', start, 'a length must be digits, without leading zeros');
    }
    bytes = bytes * 10 + (byte - byteZero);
    if (bytes > input.length)
      throw new BencodeError('bencode-truncated', start, 'a length runs past the end');
  }
  const begin = at + 1;
  if (bytes > input.length - begin) {
    throw new BencodeError('bencode-truncated', start, `a length of ${bytes} bytes runs past the end`);
  }
  return { begin, bytes };
}

/**
 * Checks `i<number>e` and returns the offset after it. It must be canonical (BEP 3: no leading zeros, no -0)
 * but may have any number of digits. Its reader (bencode.ts) returns undefined for a value beyond ±(2^53 -
 * 1), so only a required field of such a value is an error.
 */
function integerEnd(input: Uint8Array, start: number): number {
  const negative = input[start + 1] === byteMinus;
  const first = negative ? start + 2 : start + 1;
  let at = first;
  for (let byte = input[at]; byte !== byteE; byte = input[++at]) {
    if (byte === undefined)
      throw new BencodeError('bencode-truncated', at, 'the input ends inside an integer');
    if (byte < byteZero || byte > byteZero + 9) {
      throw new BencodeError('bencode-bad-integer', start, 'an integer may contain nothing but digits');
    }
  }
  const digits = at - first;
  const leadsWithZero = input[first] === byteZero;
  if (digits === 0 || (leadsWithZero && (digits > 1 || negative))) {
    throw new BencodeError(
      'bencode-bad-integer',
      start,
      'an integer must be canonical: no leading zeros, no -0',
    );
  }
  return at + 1;
}

function compareBytes(input: Uint8Array, a: number, aEnd: number, b: number, bEnd: number): number {
  const common = Math.min(aEnd - a, bEnd - b);
  for (let index = 0; index < common; index++) {
    const difference = input[a + index]! - input[b + index]!;
    if (difference !== 0) return difference;
  }
  return aEnd - a - (bEnd - b);
}

function grown<T extends Uint8Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
