/**
 * The order in which people list tracks: 2 before 10, `CD 2` after `CD 1`. In a torrent of v1 this order decides the
 * info-hash, so it is made of nothing that changes: code points and digits, no Intl, no locale, no Unicode tables.
 *
 * Invariant: a total order; only equal names compare as 0.
 */

/** Two paths, folder by folder. A folder's name counts like a file's. */
export function comparePaths(a: readonly string[], b: readonly string[]): number {
  return compareLists(a, b, compareNames);
}

/** Two names: runs of digits by their value, letters of ASCII without regard to case; then, to break ties, exactly. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (isDigit(a, i) && isDigit(b, j)) {
      // Without leading zeros the longer number is the greater one, and of two as long ones the first digit decides.
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

/** Two paths in the order of BEP 52's file tree: by the raw bytes of UTF-8, which is by code points. */
export function compareTreePaths(a: readonly string[], b: readonly string[]): number {
  return compareLists(a, b, compareCodePoints);
}

/** By code points, which is by the bytes of UTF-8 too: UTF-16 units would put U+1F600 before U+FF01. */
export function compareCodePoints(a: string, b: string): number {
  let index = 0;
  while (index < a.length && index < b.length && a.charCodeAt(index) === b.charCodeAt(index)) index++;
  return codePoint(a, index) - codePoint(b, index);
}

/** The first names that differ decide; a path is before those inside it. */
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

/** The end of a text is before everything. */
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
