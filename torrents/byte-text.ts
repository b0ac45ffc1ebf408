/** Bytes as text, for keys of a Map: a Map compares strings by content, but byte arrays by identity. */

const digits = '0123456789abcdef';

/**
 * Meant for a few dozen bytes: ids and hashes. One call of fromCharCode makes a flat string. Adding
 * characters one by one would make a chain of 40 string objects, which V8 keeps until the string is read.
 */
export function hex(bytes: Uint8Array): string {
  const codes: number[] = [];
  for (const byte of bytes) codes.push(digits.charCodeAt(byte >> 4), digits.charCodeAt(byte & 15));
  return String.fromCharCode(...codes);
}

/** One character per byte. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
