/**
 * Decodes the bencoding of extension messages, independently of torrents/bencode.                  BEP 3 9 10
 */
export type Value = number | string | readonly Value[] | ReadonlyMap<string, Value>;

/** The dictionary at the start of a message and the offset of its end; undefined if there is none. */
export function leadingDict(
  bytes: Uint8Array,
): { readonly dict: ReadonlyMap<string, Value>; readonly end: number } | undefined {
  const reader = new Reader(bytes);
  const dict = reader.value(0);
  return dict instanceof Map && !reader.isLost ? { dict, end: reader.at } : undefined;
}

/** Numbers beyond 2^53 are treated as missing. */
export function numberIn(value: Value | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

const depthMax = 8;

class Reader {
  at = 0;
  isLost = false;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  value(depth: number): Value {
    const kind = String.fromCharCode(this.#bytes[this.at] ?? 0);
    if (depth > depthMax) return this.#lose();
    if (kind === 'i') return this.#integer();
    if (kind === 'l' || kind === 'd') {
      const items: Value[] = [];
      for (this.at += 1; !this.isLost && this.#bytes[this.at] !== 0x65; ) items.push(this.value(depth + 1));
      this.at += 1;
      if (kind === 'l') return items;
      const dict = new Map<string, Value>();
      for (let i = 0; i < items.length; i += 2) {
        const [key, value] = [items[i], items[i + 1]];
        if (typeof key !== 'string' || value === undefined) return this.#lose();
        dict.set(key, value);
      }
      return dict;
    }
    return this.#text();
  }

  #integer(): number {
    const end = this.#bytes.indexOf(0x65, this.at);
    if (end < 0) return this.#lose();
    const text = this.#latin1(this.at + 1, end);
    this.at = end + 1;
    return /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : this.#lose();
  }

  /** One latin1 character per byte. */
  #text(): string {
    const colon = this.#bytes.indexOf(0x3a, this.at);
    const digits = this.#latin1(this.at, Math.min(colon, this.at + 8));
    const length = Number(digits);
    if (colon < 0 || !/^\d+$/.test(digits) || colon + 1 + length > this.#bytes.length) {
      this.#lose();
      return '';
    }
    this.at = colon + 1 + length;
    return this.#latin1(colon + 1, this.at);
  }

  #latin1(from: number, to: number): string {
    let text = '';
    for (let at = from; at < to; at++) text += String.fromCharCode(this.#bytes[at]!);
    return text;
  }

  #lose(): number {
    this.isLost = true;
    return 0;
  }
}
