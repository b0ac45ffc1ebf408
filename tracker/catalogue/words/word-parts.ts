/**
 * The inside of words, to find `pperla` in Pepperland: each three letters in a row have a mark, and what holds all marks
 * of a part may hold the part. Pure.
 *
 * A mark is one character that no text has: so it is in no list of beginnings, and a third of the index as letters would
 * be.
 */

/** A part is looked for from here on: two letters are in everything. */
export const partCharsMin = 3;
/** Beyond all that Unicode gives to a script: planes 4 to 16. */
const firstMark = 0x40000;
const markCount = 0x110000 - firstMark;
/** A shorter word has no inside. */
const wordCharsMin = partCharsMin + 1;

/** Of all words, each once. */
export function insideMarks(words: Iterable<string>): string[] {
  const marks = new Set<string>();
  // A colon: a mark already.
  for (const word of words) {
    if (word.length >= wordCharsMin && !word.includes(':'))
      for (const mark of partMarks(word)) marks.add(mark);
  }
  return [...marks];
}

export function partMarks(part: string): string[] {
  const marks: string[] = [];
  for (let at = 0; at + partCharsMin <= part.length; at++) {
    const [a, b, c] = [part.charCodeAt(at), part.charCodeAt(at + 1), part.charCodeAt(at + 2)];
    const hash = Math.imul(Math.imul(Math.imul(a, 31) + b, 1_031) + c, 0x9e3779b1) >>> 8;
    marks.push(String.fromCodePoint(firstMark + (hash % markCount)));
  }
  return marks;
}
