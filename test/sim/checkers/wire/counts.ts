/**
 * What was asked and has no answer yet, by its name and how often.
 */
export function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, 1 + (counts.get(key) ?? 0));
}

/** One less; false when there was none. */
export function settle<Key>(counts: Map<Key, number>, key: Key): boolean {
  const before = counts.get(key) ?? 0;
  if (before > 1) counts.set(key, before - 1);
  else counts.delete(key);
  return before > 0;
}
