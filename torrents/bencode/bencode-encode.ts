/**
 * Writes canonical bencoding: the same value always gives the same bytes. Keys are sorted by their bytes.
 * (The `bencode` package sorts by UTF-16 units, which puts an emoji before U+FF01 and changes an info-hash.)
 *
 * Invariant: the output of encode() passes the strict scan of bencode.ts, with all dictionaries sorted.
 * Left to others: which values a message or file may have.                                          BEP 3, 52
 */
import { compareCodePoints } from '../paths/natural-order.ts';
import { BValue } from './bencode.ts';

/**
 * Text is written as UTF-8, a BValue byte for byte. A dictionary is an object, or a Map if keys are bytes.
 * Entries whose value is undefined are left out.
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
 * A list or dictionary whose content is generated while it is written: 100,000 files need not be in memory at
 * once. The keys of a dictionary must come in rising order, which is checked.
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

/** Finished bencoding, written unchanged. */
export class Encoded {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Records where in the output its value was written. */
export class Located {
  readonly value: BEncodable;
  start = 0;
  end = 0;

  constructor(value: BEncodable) {
    this.value = value;
  }
}

/**
 * Throws RangeError for values that bencoding cannot express, and for equal keys: both are errors of the
 * caller. `bytesExpected` is an estimate of the length and saves copies. Too high an estimate costs no
 * memory.
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

/** Compares keys by their bytes. For two texts that is by code points, without encoding them. */
function compareKeys([a]: Entry, [b]: Entry): number {
  if (typeof a === 'string' && typeof b === 'string') return compareCodePoints(a, b);
  return Buffer.compare(bytesOf(a), bytesOf(b));
}

function bytesOf(key: string | Uint8Array): Uint8Array {
  return typeof key === 'string' ? Buffer.from(key) : key;
}

/** From this size, the result is a view of the buffer and not a copy. */
const viewBytesMin = 2 ** 20;

/** A buffer that grows by doubling. */
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

  /** Throws RangeError for lone surrogates: they have no UTF-8, and would all become the same U+FFFD. */
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
