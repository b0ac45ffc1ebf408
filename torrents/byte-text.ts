/** Bytes as text: a Map finds text by its content, and bytes only by identity. */

/** Character codes of the digits. */
const digits = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/**
 * Of a few dozen bytes, as all of these: ids and hashes. All characters at once make one flat string; added up one by one
 * they are a chain of 40 objects, which stays one for as long as nothing looks into it.
 */
export function hex(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (const byte of bytes) codes.push(digits[byte >> 4]!, digits[byte & 15]!);
  return String.fromCharCode(...codes);
}

/** One character a byte. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
