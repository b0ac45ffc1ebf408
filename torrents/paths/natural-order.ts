/**
 * The order in which people list tracks: 2 before 10, `CD 2` after `CD 1`. In a v1 torrent this order decides
 * the info-hash. So it uses only what never changes: code points and digits, but no Intl, no locale, no
 * Unicode tables.
 *
 * Invariant: a total order. Only equal names compare as 0.
 */

/** Compares two paths, folder by folder. Folder names and file names are compared alike. */
export function comparePaths(a: readonly string[], b: readonly string[]): number {
  return compareLists(a, b, compareNames);
}

/**
 * Compares two names: runs of digits by value, ASCII letters without regard to case. A tie is broken by code
 * points.
 */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (isDigit(a, i) && isDigit(b, j)) {
      // Without leading zeros, the number with more digits is greater. With equally many digits, the first
      // difference decides.
      i = skipZeros(a, i);
      j = skipZeros(b, j);
      let firstDifference = 0;
      for (; isDigit(a, i) && isDigit(b, j); i++, j++) firstDifference ||= a.charCodeAt(i) - b.charCodeAt(j);
      if (isDigit(a, i)) return 1;
      if (isDigit(b, j)) return -1;
      if (firstDifference !== 0) return firstDifference;
    } else {
      const left = codePoint(a, i);
      const right = codePoint(b, j);
      const order = lowered(left) - lowered(right);
      if (order !== 0) return order;
      i += left > 0xffff ? 2 : 1;
      j += right > 0xffff ? 2 : 1;
    }
  }
  return a.length - i - (b.length - j) || compareCodePoints(a, b);
}

/**
 * Compares two paths in the order of BEP 52's file tree: by the raw bytes of UTF-8, which is the order of
 * code points.
 */
export function compareTreePaths(a: readonly string[], b: readonly string[]): number {
  return compareLists(a, b, compareCodePoints);
}

/** By code points, which is also the order of UTF-8 bytes. UTF-16 units would put U+1F600 before U+FF01. */
export function compareCodePoints(a: string, b: string): number {
  let index = 0;
  while (index < a.length && index < b.length && a.charCodeAt(index) === b.charCodeAt(index)) index++;
  return codePoint(a, index) - codePoint(b, index);
}

/** The first names that differ decide. A path comes before the paths inside it. */
function compareLists(
  a: readonly string[],
  b: readonly string[],
  compare: (a: string, b: string) => number,
): number {
  for (let index = 0; ; index++) {
    const left = a[index];
    const right = b[index];
    if (left === undefined || right === undefined) return a.length - b.length;
    const order = compare(left, right);
    if (order !== 0) return order;
  }
}

/** -1 at the end of a text, so that a shorter text comes first. */
function codePoint(text: string, index: number): number {
  return text.codePointAt(index) ?? -1;
}

function isDigit(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0x30 && code <= 0x39;
}

function skipZeros(text: string, start: number): number {
  let index = start;
  while (text.charCodeAt(index) === 0x30) index++;
  return index;
}

function lowered(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}
