/**
 * The query of an announce or scrape, exactly as it stands in the request line. `info_hash` and `peer_id` are
 * percent-encoded bytes, not text. A form parser would turn them into U+FFFD, so this file decodes them.
 *
 * `+` is a plus sign, not a space: trackers and clients follow RFC 1738 here, not form encoding.        BEP 3
 */

/** In bytes: node:http has one latin1 character per byte. A fully escaped scrape of 50 hashes has 3.6 kB. */
export const queryLengthMax = 8192;

/** Calls `each` for every `name=value` in order, with the value still encoded, until it returns false. */
export function forEachParameter(rawQuery: string, each: (name: string, value: string) => boolean): void {
  for (let start = 0; start < rawQuery.length; ) {
    let end = rawQuery.indexOf('&', start);
    if (end < 0) end = rawQuery.length;
    const equals = rawQuery.indexOf('=', start);
    if (equals > start && equals < end) {
      if (!each(rawQuery.slice(start, equals), rawQuery.slice(equals + 1, end))) return;
    }
    start = end + 1;
  }
}

/** Percent-encoded characters → bytes. Undefined unless they are exactly `bytes` well-formed ones. */
export function decodeBytes(encoded: string, bytes: number): Uint8Array | undefined {
  const decoded = new Uint8Array(bytes);
  let end = 0;
  for (let at = 0; at < encoded.length; at++) {
    if (end === bytes) return undefined;
    let byte = encoded.charCodeAt(at);
    if (byte === 0x25) {
      byte = (hexDigit(encoded.charCodeAt(at + 1)) << 4) | hexDigit(encoded.charCodeAt(at + 2));
      at += 2;
    }
    // Not a byte. `notHex`, from an invalid digit or from past the end of the text, arrives here too.
    if (byte > 0xff) return undefined;
    decoded[end++] = byte;
  }
  return end === bytes ? decoded : undefined;
}

/** Bytes → characters for a query. Only the unreserved characters of RFC 3986 stay unescaped. */
export function encodeBytes(bytes: Uint8Array): string {
  let encoded = '';
  for (const byte of bytes) encoded += encodedBytes[byte];
  return encoded;
}

const encodedBytes = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`;
});

/**
 * A count of bytes, in 1 to 20 digits (a u64): some clients send 2^63-1 for "unknown". Larger counts than
 * exact integers are capped at the largest one. Undefined for other text.
 */
export function parseCount(text: string): number | undefined {
  if (text.length === 0 || text.length > 20) return undefined;
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    count = count * 10 + digit;
  }
  return Math.min(count, Number.MAX_SAFE_INTEGER);
}

const notHex = 0x100;

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : notHex;
}
