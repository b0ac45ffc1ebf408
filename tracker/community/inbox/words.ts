/**
 * What a search for messages asks for, and what a wish is made of: the words of the catalogue, each the beginning of one
 * that must be there. Pure.
 */
import { pairsOf, wordsOf } from '../../catalogue/words/words.ts';

/** Nobody types more; each costs a look-up. */
const queryWordsMax = 16;

export function queryWords(query: string): string[] {
  const { plain, runs } = wordsOf(query);
  return [...new Set([...plain, ...runs.flatMap(pairsOf)])].slice(0, queryWordsMax);
}
