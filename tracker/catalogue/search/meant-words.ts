/** The words of the catalogue that may stand for a typed word. */
import type { Meant } from '../words/closeness.ts';
import type { FindLike, LikeWords } from '../words/vocabulary.ts';
import type { Query, QueryWord } from './search-query.ts';

/**
 * How many words that contain a typed part are used, over the whole query: each costs a scan of the index.
 */
const partWordsMax = 24;
/** At least this many for each word: a search for so few words is faster than one by letter marks. */
const partWordsMin = 8;

/** Words that may stand for the typed words; each is looked up when it is first needed. */
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
