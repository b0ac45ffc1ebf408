/**
 * The inside of words, to find `pperla` in Pepperland: every three adjacent letters have a mark, and a word
 * with all marks of a part may contain the part. Pure.
 *
 * A mark is a single character that no text contains. So the prefix indexes do not take it up, and the index
 * needs a third of the space that letters would need.
 */

/** Parts are searched from three letters on: two letters are in almost every word. */
export const partCharsMin = 3;
/** Planes 4 to 16, which Unicode assigns to no script. */
const firstMark = 0x40000;
const markCount = 0x110000 - firstMark;
/** A shorter word has no inside. */
const wordCharsMin = partCharsMin + 1;

/** The distinct marks of all words. */
export function insideMarks(words: Iterable<string>): string[] {
  const marks = new Set<string>();
  // A word with a colon is already a mark.
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
