/**
 * How much there is in a JSON text, told without reading it: 20 MB of `[[[[` or `{"":1,"":1` become gigabytes of objects
 * and seconds of work. One pass over the bytes; texts are skipped. Pure.
 *
 * Left to others: whether it is JSON at all. What is counted here is never less than what a parser would make of it.
 */
export interface JsonLimits {
  /** Values, members' names not counted. */
  readonly valuesMax: number;
  /** Lists and objects inside each other. */
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

/** Where the closing quote stands, or the end of what is there. */
function endOfText(json: Uint8Array, from: number): number {
  for (let at = from; ; at++) {
    at = json.indexOf(quote, at);
    if (at < 0) return json.length;
    // An odd number of strokes before it: it is part of the text.
    let before = at - 1;
    while (before >= from && json[before] === backslash) before--;
    if ((at - 1 - before) % 2 === 0) return at;
  }
}
