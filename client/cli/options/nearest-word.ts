/** Suggests the known word that was probably meant: `donwload` → `download`. */

/** The known word with the fewest edits, or undefined when none is near enough. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  // Up to a third of the letters may be wrong: more would be another word.
  let best: string | undefined;
  let bestEdits = Math.floor(word.length / 3) + 1;
  for (const candidate of known) {
    if (word.length >= 3 && candidate.startsWith(word)) return candidate;
    const edits = editDistance(word, candidate);
    if (edits < bestEdits || (edits === bestEdits && best === undefined)) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
      }
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
