/**
 * The order in which people list tracks: 2 before 10, `CD 2` after `CD 1`. In a torrent of v1 this order decides the
 * info-hash, so it is made of nothing that changes: code points and digits, no Intl, no locale, no Unicode tables.
 *
 * Invariant: a total order; only equal names compare as 0.
 */

/** Two paths, folder by folder. A folder's name counts like a file's. */
export function comparePaths(a: readonly string[], b: readonly string[]): number {
  const depth = Math.min(a.length, b.length);
  for (let index = 0; index < depth; index++) {
    const order = compareNames(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
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
      const left = a.codePointAt(i)!;
      const right = b.codePointAt(j)!;
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
  const depth = Math.min(a.length, b.length);
  for (let index = 0; index < depth; index++) {
    const order = compareCodePoints(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** By code points, which is by the bytes of UTF-8 too: UTF-16 units would put U+1F600 before U+FF01. */
export function compareCodePoints(a: string, b: string): number {
  let index = 0;
  while (index < a.length && index < b.length && a.charCodeAt(index) === b.charCodeAt(index)) index++;
  return (a.codePointAt(index) ?? -1) - (b.codePointAt(index) ?? -1);
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
