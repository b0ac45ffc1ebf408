/** Finds the known word that was probably meant. */

/** A word with more wrong letters than this, or than a third of its length, is a different word. */
const distanceMax = 3;

/** Undefined when no word is near. Upper and lower case count as equal. */
export function nearestOf(word: string, words: readonly string[]): string | undefined {
  const most = Math.min(distanceMax, Math.floor(word.length / 3));
  let nearest: string | undefined;
  let least = most + 1;
  for (const other of words) {
    // The lengths are compared first, because a text from outside may have a million letters.
    if (Math.abs(other.length - word.length) > most) continue;
    const distance = distanceOf(word.toLowerCase(), other.toLowerCase());
    if (distance < least) [nearest, least] = [other, distance];
  }
  return nearest;
}

/** Letters to insert, delete, replace or swap with their neighbour (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isEqual = a[i - 1] === b[j - 1];
      let least = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (isEqual ? 0 : 1));
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    [before, above] = [above, row];
  }
  return above[b.length]!;
}
