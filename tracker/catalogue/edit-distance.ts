/**
 * How many typing errors lie between two words: a letter too many, one missing, a wrong one, two swapped (the optimal
 * string alignment distance).
 */

/** Rows of the table; words are short (vocabulary) and the thread does one thing at a time. */
const charsMax = 64;
let beforeLast = new Uint8Array(charsMax + 1);
let last = new Uint8Array(charsMax + 1);
let row = new Uint8Array(charsMax + 1);

/**
 * At most `max`, or `max + 1` for anything above. `isBeginning`: `typed` is compared with the beginning of `word` that is
 * nearest to it.
 */
export function editDistance(typed: string, word: string, max: number, isBeginning = false): number {
  const width = Math.min(word.length, isBeginning ? typed.length + max : word.length);
  if (width > charsMax || typed.length > charsMax) return max + 1;
  for (let j = 0; j <= width; j++) last[j] = j;
  for (let i = 1; i <= typed.length; i++) {
    const letter = typed.charCodeAt(i - 1);
    row[0] = i;
    let least = i;
    for (let j = 1; j <= width; j++) {
      const other = word.charCodeAt(j - 1);
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (letter === other ? 0 : 1));
      const isSwap = i > 1 && j > 1 && letter === word.charCodeAt(j - 2) && typed.charCodeAt(i - 2) === other;
      if (isSwap) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row[j] = cost;
      if (cost < least) least = cost;
    }
    // A swap may still come from the row before, one cheaper than the least of this one.
    if (least > max + 1) return max + 1;
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  const distance = isBeginning ? Math.min(...last.subarray(0, width + 1)) : last[width]!;
  return Math.min(distance, max + 1);
}
