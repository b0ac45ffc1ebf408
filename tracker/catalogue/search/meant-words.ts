/** Which words of the catalogue may stand for those that were typed. */
import type { Meant } from '../words/closeness.ts';
import type { FindLike, LikeWords } from '../words/vocabulary.ts';
import type { Query, QueryWord } from './search-query.ts';

/** Words that hold a part, of all that was typed together: each costs a walk through the index. */
const partWordsMax = 24;
/** Of one word at least: fewer are quicker looked for than the marks of its letters. */
const partWordsMin = 8;

/** Words that may stand for those that were typed, looked for when the first of them is asked for. */
export function meantWords(query: Query, findLike: FindLike) {
  const plain = query.words.filter(({ isPair }) => !isPair);
  const partsMax = Math.max(partWordsMin, Math.floor(partWordsMax / Math.max(1, plain.length)));
  const known = new Map<string, LikeWords>();
  const of = ({ word, isBeginning, isPair }: QueryWord): LikeWords => {
    if (isPair) return { like: [], parts: [], hasMoreParts: false };
    let found = known.get(word);
    if (found === undefined) known.set(word, (found = findLike(word, isBeginning, partsMax)));
    return found;
  };
  return {
    of,
    costs: (): Meant =>
      new Map(
        query.words.map((word) => [
          word.word,
          new Map(of(word).like.map((other) => [other.word, other.distance])),
        ]),
      ),
    isByLetters: () => query.words.some((word) => of(word).hasMoreParts),
  };
}

export type MeantWords = ReturnType<typeof meantWords>;
