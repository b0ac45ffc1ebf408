/**
 * Maps traditional, simplified and Japanese forms of a Chinese character to the simplified form. For
 * searching only: it merges 後 and 后, which displayed text must not do.
 *
 * The tables are OpenCC's single characters; its phrases would need word boundaries.
 */
import japanese from 'opencc-js/dict/JPShinjitaiCharacters';
import traditional from 'opencc-js/dict/TSCharacters';

/** 4,000 pairs, built when the first such character occurs. */
let forms: ReadonlyMap<string, string> | undefined;

const hanPattern = /\p{Script=Han}/gu;

export function oneHanForm(text: string): string {
  return text.replace(hanPattern, (character) => {
    forms ??= readForms();
    return forms.get(character) ?? character;
  });
}

function readForms(): ReadonlyMap<string, string> {
  const known = new Map(pairsOf(traditional));
  const simple = (character: string) => known.get(character) ?? character;
  // 沢 → 澤 → 泽. A character of the first table is not changed by the second: 学 is both forms.
  const japaneseForms = pairsOf(japanese).map(([from, to]) => [from, simple(to)] as const);
  for (const [from, to] of japaneseForms) if (from !== to && !known.has(from)) known.set(from, to);
  // Some characters map to one that maps further.
  return new Map([...known].map(([from, to]) => [from, simple(simple(to))]));
}

function pairsOf(table: string): (readonly [string, string])[] {
  return table.split('|').map((pair) => {
    const [from = '', to = ''] = pair.split(' ');
    return [from, to] as const;
  });
}
