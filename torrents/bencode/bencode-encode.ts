/**
 * Writes bencoding: canonical, so that the same value always gives the same bytes. Keys are sorted by their bytes
 * (the `bencode` package sorts by UTF-16 units, which puts an emoji before U+FF01 and so changes an info-hash).
 *
 * Invariant: what encode() returns passes the strict scan of bencode.ts with every dictionary sorted.
 * Left to others: what may be written.                                                                     BEP 3, 52
 */
import { compareCodePoints } from '../paths/natural-order.ts';
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
  | Encoded
  | Located
  | readonly BEncodable[]
  | Lazy
  | ReadonlyMap<string | Uint8Array, BEncodable | undefined>
  | { readonly [key: string]: BEncodable | undefined };

/**
 * A list whose items, or a dictionary whose entries, are made while it is written: 100,000 files need not all be there
 * at once. The entries of a dictionary come with their keys rising, which is checked.
 */
export class Lazy {
  readonly kind: 'list' | 'dict';
  readonly content: Iterable<BEncodable> | Iterable<readonly [key: string, value: BEncodable]>;

  private constructor(kind: 'list' | 'dict', content: Lazy['content']) {
    this.kind = kind;
    this.content = content;
  }

  static list(items: Iterable<BEncodable>): Lazy {
    return new Lazy('list', items);
  }

  static dict(entries: Iterable<readonly [key: string, value: BEncodable]>): Lazy {
    return new Lazy('dict', entries);
  }
}

/** Bencoding that is there already, and is written as it is. */
export class Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** A value of which it is known, once it is written, where in the output it lies. */
export class Located {
  readonly value: BEncodable;
  start = 0;
  end = 0;

  constructor(value: BEncodable) {
    this.value = value;
  }
}

/**
 * Throws RangeError for what bencode cannot say, and for two equal keys: both are faults of the caller.
 * `bytesExpected`: a guess at the length, which saves copies; one that is too high costs no memory.
 */
export function encode(value: BEncodable, bytesExpected = 0): Uint8Array {
  const writer = new Writer(bytesExpected);
  write(writer, value);
  return writer.finish();
}

function write(writer: Writer, value: BEncodable): void {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`bencode has no way to write ${value}`);
    writer.ascii(`i${value === 0 ? 0 : value}e`);
  } else if (typeof value === 'string') {
    writer.text(value);
  } else if (value instanceof Uint8Array) {
    writer.string(value);
  } else if (value instanceof BValue) {
    writer.bytes(value.raw);
  } else if (value instanceof Encoded) {
    writer.bytes(value.bytes);
  } else if (value instanceof Located) {
    value.start = writer.length;
    write(writer, value.value);
    value.end = writer.length;
  } else if (Array.isArray(value) || (value instanceof Lazy && value.kind === 'list')) {
    writer.ascii('l');
    const items = value instanceof Lazy ? value.content : value;
    for (const item of items as Iterable<BEncodable>) write(writer, item);
    writer.ascii('e');
  } else {
    writer.ascii('d');
    writeEntries(
      writer,
      value instanceof Lazy ? (value.content as Iterable<Entry>) : sorted(value as Dictionary),
    );
    writer.ascii('e');
  }
}

type Dictionary =
  | ReadonlyMap<string | Uint8Array, BEncodable | undefined>
  | { readonly [key: string]: BEncodable | undefined };
type Entry = readonly [key: string | Uint8Array, value: BEncodable | undefined];

function sorted(dictionary: Dictionary): readonly Entry[] {
  const entries: Entry[] = dictionary instanceof Map ? [...dictionary] : Object.entries(dictionary);
  return entries.length > 1 ? entries.sort(compareKeys) : entries;
}

function writeEntries(writer: Writer, entries: Iterable<Entry>): void {
  let before: Entry | undefined;
  for (const entry of entries) {
    const [key, value] = entry;
    if (value === undefined) continue;
    if (before !== undefined && compareKeys(before, entry) >= 0) {
      throw new RangeError(
        `a dictionary has the key ${Buffer.from(key).toString('latin1')} twice, or out of order`,
      );
    }
    if (typeof key === 'string') writer.text(key);
    else writer.string(key);
    write(writer, value);
    before = entry;
  }
}

/** By the bytes of the keys. Of two texts that is by code points, with no need to encode them first. */
function compareKeys([a]: Entry, [b]: Entry): number {
  if (typeof a === 'string' && typeof b === 'string') return compareCodePoints(a, b);
  return Buffer.compare(bytesOf(a), bytesOf(b));
}

function bytesOf(key: string | Uint8Array): Uint8Array {
  return typeof key === 'string' ? Buffer.from(key) : key;
}

/** From here on what was written is not copied once more to be given out, but cut to its length. */
const viewBytesMin = 2 ** 20;

/** Bytes that grow by doubling. */
class Writer {
  #buffer: Buffer;
  #length = 0;

  constructor(bytesExpected: number) {
    this.#buffer = Buffer.allocUnsafe(Math.max(256, bytesExpected));
  }

  get length(): number {
    return this.#length;
  }

  ascii(text: string): void {
    this.#reserve(text.length);
    for (let index = 0; index < text.length; index++) this.#buffer[this.#length++] = text.charCodeAt(index);
  }

  string(content: Uint8Array): void {
    this.ascii(`${content.length}:`);
    this.bytes(content);
  }

  /** Lone surrogates have no UTF-8, and would all become the same U+FFFD. */
  text(content: string): void {
    if (!content.isWellFormed())
      throw new RangeError('this text has half of a surrogate pair and cannot be written');
    const bytes = Buffer.byteLength(content);
    this.ascii(`${bytes}:`);
    if (bytes === content.length) {
      this.ascii(content);
    } else {
      this.#reserve(bytes);
      this.#length += this.#buffer.write(content, this.#length);
    }
  }

  bytes(content: Uint8Array): void {
    this.#reserve(content.length);
    this.#buffer.set(content, this.#length);
    this.#length += content.length;
  }

  finish(): Uint8Array {
    const { buffer, byteOffset } = this.#buffer;
    if (this.#length >= viewBytesMin) return new Uint8Array(buffer, byteOffset, this.#length);
    return new Uint8Array(this.#buffer.subarray(0, this.#length));
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
