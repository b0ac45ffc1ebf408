/**
 * Bounds the size of a JSON text before it is parsed: 20 MB of `[[[[` or `{"":1,"":1` would become gigabytes
 * of objects and take seconds. One pass over the bytes, which skips strings. Pure.
 *
 * Left to others: whether the text is valid JSON. The counts here are never lower than those of a parser.
 */
export interface JsonLimits {
  /** Values, without the names of members. */
  readonly valuesMax: number;
  /** Nesting of lists and objects. */
  readonly depthMax: number;
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

export function isWithin(json: Uint8Array, { valuesMax, depthMax }: JsonLimits): boolean {
  let values = 1;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]!;
    if (byte === quote) {
      at = endOfText(json, at + 1);
    } else if (byte === comma) {
      if (++values > valuesMax) return false;
    } else if (byte === openList || byte === openObject) {
      if (++values > valuesMax || ++depth > depthMax) return false;
    } else if (byte === closeList || byte === closeObject) {
      depth--;
    }
  }
  return true;
}

/** The index of the closing quote, or the length of the text without one. */
function endOfText(json: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    at = json.indexOf(quote, at);
    if (at < 0) return json.length;
    // After an odd number of backslashes the quote is escaped.
    let before = at - 1;
    while (before >= from && json[before] === backslash) before--;
    if ((at - 1 - before) % 2 === 0) return at;
  }
}
