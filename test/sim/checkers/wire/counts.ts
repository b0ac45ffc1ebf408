/** Counts of unanswered requests, by key. */
export function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, 1 + (counts.get(key) ?? 0));
}

/** Subtracts one. False if the count was 0. */
export function settle<Key>(counts: Map<Key, number>, key: Key): boolean {
  const before = counts.get(key) ?? 0;
  if (before > 1) counts.set(key, before - 1);
  else counts.delete(key);
  return before > 0;
}

/**
 * The request that was taken back is answered first, if there is one; true when it is the other. Where both wait it is
 * unclear from now on which of them still does: a host remembers only so many that it has taken back.
 */
export function settleOlder<Key>(
  takenBack: Map<Key, number>,
  asked: Map<Key, number>,
  unclear: Set<Key>,
  key: Key,
): boolean {
  if (takenBack.has(key) && asked.has(key)) unclear.add(key);
  else unclear.delete(key);
  return !settle(takenBack, key) && settle(asked, key);
}
