/**
 * Writes bencoding: canonical, so that the same value always gives the same bytes. Keys are sorted by their bytes
 * (the `bencode` package sorts by UTF-16 units, which puts an emoji before U+FF01 and so changes an info-hash).
 *
 * Invariant: what encode() returns passes the strict scan of bencode.ts with every dictionary sorted.
 * Left to others: what may be written.                                                                     BEP 3, 52
 */
import { BValue } from './bencode.ts';

/**
 * Text is written as UTF-8. A BValue is written back byte for byte. A dictionary is an object, or a Map where keys are
 * bytes; entries that are undefined are left out.
 */
export type BEncodable =
  | number
  | string
  | Uint8Array
  | BValue
  | readonly BEncodable[]
  | ReadonlyMap<string | Uint8Array, BEncodable | undefined>
  | { readonly [key: string]: BEncodable | undefined };

/** Throws RangeError for a number that is no safe integer and for two equal keys: both are faults of the caller. */
export function encode(value: BEncodable): Uint8Array {
  const writer = new Writer();
  write(writer, value);
  return writer.finish();
}

function write(writer: Writer, value: BEncodable): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`bencode has no way to write ${value}`);
    writer.ascii(`i${value === 0 ? 0 : value}e`);
  } else if (typeof value === 'string') {
    writer.string(encodeUtf8(value));
  } else if (value instanceof Uint8Array) {
    writer.string(value);
  } else if (value instanceof BValue) {
    writer.bytes(value.raw);
  } else if (Array.isArray(value)) {
    writer.ascii('l');
    for (const item of value as readonly BEncodable[]) write(writer, item);
    writer.ascii('e');
  } else {
    writer.ascii('d');
    for (const [key, entry] of sortedEntries(value as Exclude<typeof value, readonly BEncodable[]>)) {
      writer.string(key);
      write(writer, entry);
    }
    writer.ascii('e');
  }
}

type Dictionary =
  | ReadonlyMap<string | Uint8Array, BEncodable | undefined>
  | { readonly [key: string]: BEncodable | undefined };

function sortedEntries(dictionary: Dictionary): [Uint8Array, BEncodable][] {
  const entries: [Uint8Array, BEncodable][] = [];
  for (const [key, value] of dictionary instanceof Map ? dictionary : Object.entries(dictionary)) {
    if (value !== undefined) entries.push([typeof key === 'string' ? encodeUtf8(key) : key, value]);
  }
  entries.sort((a, b) => Buffer.compare(a[0], b[0]));
  for (let index = 1; index < entries.length; index++) {
    if (Buffer.compare(entries[index - 1]![0], entries[index]![0]) === 0) {
      throw new RangeError(
        `a dictionary has the key ${Buffer.from(entries[index]![0]).toString('latin1')} twice`,
      );
    }
  }
  return entries;
}

const utf8Encoder = new TextEncoder();

/** Lone surrogates have no UTF-8 and would all become the same U+FFFD. */
function encodeUtf8(text: string): Uint8Array {
  if (!text.isWellFormed())
    throw new RangeError('this text has half of a surrogate pair and cannot be written');
  return utf8Encoder.encode(text);
}

/** Bytes that grow by doubling. */
class Writer {
  #buffer = new Uint8Array(256);
  #length = 0;

  ascii(text: string): void {
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index++) this.#buffer[this.#length++] = text.charCodeAt(index);
  }

  string(content: Uint8Array): void {
    this.ascii(`${content.length}:`);
    this.bytes(content);
  }

  bytes(content: Uint8Array): void {
    this.#reserve(content.length);
    this.#buffer.set(content, this.#length);
    this.#length += content.length;
  }

  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
