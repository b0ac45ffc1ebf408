/** Bytes as text: a Map finds text by its content, and bytes only by identity. */

const digits = '0123456789abcdef';

/**
 * Of a few dozen bytes, as all of these: ids and hashes. All characters at once make one flat string; added up one by one
 * they are a chain of 40 objects, which stays one for as long as nothing looks into it.
 */
export function hex(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (const byte of bytes) codes.push(digits.charCodeAt(byte >> 4), digits.charCodeAt(byte & 15));
  return String.fromCharCode(...codes);
}

/** One character a byte. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
