/**
 * The number of typing errors between two words: a letter added, missing, wrong, or two letters swapped
 * (optimal string alignment distance).
 */

/**
 * The rows of the table are shared: words are short (vocabulary.ts), and each thread computes one distance at
 * a time.
 */
const charsMax = 64;
let beforeLast = new Uint8Array(charsMax + 1);
let last = new Uint8Array(charsMax + 1);
let row = new Uint8Array(charsMax + 1);

/**
 * Returns at most `max + 1`, which stands for any greater distance. `isBeginning`: compares `typed` with the
 * nearest prefix of `word`.
 */
export function editDistance(typed: string, word: string, max: number, isBeginning = false): number {
  const width = Math.min(word.length, isBeginning ? typed.length + max : word.length);
  if (width > charsMax || typed.length > charsMax) return max + 1;
  if (width < typed.length - max || (!isBeginning && width > typed.length + max)) return max + 1;
  // Only cells within `max` of the diagonal can have so few errors; cells outside count as `tooMuch`.
  const tooMuch = max + 1;
  let leastBefore = 0;
  for (let j = 0; j <= width; j++) last[j] = j;
  for (let i = 1; i <= typed.length; i++) {
    const letter = typed.charCodeAt(i - 1);
    const from = Math.max(1, i - max);
    const to = Math.min(width, i + max);
    row[from - 1] = from === 1 ? i : tooMuch;
    let least = row[from - 1]!;
    for (let j = from; j <= to; j++) {
      const other = word.charCodeAt(j - 1);
      let cost = last[j - 1]!;
      if (letter !== other) {
        const skipped = Math.min(last[j]!, row[j - 1]!);
        cost = 1 + Math.min(cost, skipped);
        const isSwap =
          i > 1 && j > 1 && letter === word.charCodeAt(j - 2) && typed.charCodeAt(i - 2) === other;
        if (isSwap) cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row[j] = cost;
      if (cost < least) least = cost;
    }
    if (to < width) row[to + 1] = tooMuch;
    // The next row derives from this row, or by a swap (one error) from the row before it.
    if (least > max && leastBefore >= max) return tooMuch;
    leastBefore = least;
    [beforeLast, last, row] = [last, row, beforeLast];
  }
  if (!isBeginning) return Math.min(last[width]!, tooMuch);
  let least = tooMuch;
  for (let j = Math.max(0, typed.length - max); j <= width; j++) if (last[j]! < least) least = last[j]!;
  return least;
}
