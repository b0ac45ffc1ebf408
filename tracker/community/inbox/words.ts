/**
 * The words of a search for messages: words as in the catalogue, each the beginning of a word in the message.
 * Pure.
 */
import { pairsOf, wordsOf } from '../../catalogue/words/words.ts';

/** More than users type. Each word costs a lookup. */
const queryWordsMax = 16;

export function queryWords(query: string): string[] {
  const { plain, runs } = wordsOf(query);
  return [...new Set([...plain, ...runs.flatMap(pairsOf)])].slice(0, queryWordsMax);
}
