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
 * A late answer belongs to a cancelled request, if there is one. Returns true when it answers an open one. Where
 * both wait it is unclear afterwards which of them still does: a host remembers a limited number of cancels.
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
