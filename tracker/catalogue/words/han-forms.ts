/**
 * One form for Chinese characters that are written in several: traditional and simplified ones, and those of Japan, all
 * become the simplified one. For searching only: 後 and 后 become one, which no text that is shown may do.
 *
 * The tables are OpenCC's, character by character; its phrases would need to know where a word begins.
 */
import japanese from 'opencc-js/dict/JPShinjitaiCharacters';
import traditional from 'opencc-js/dict/TSCharacters';

/** Made when the first such character comes: 4,000 pairs. */
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
  // 沢 is 澤, and that is 泽. Where a table knows a character, the other one does not change it: 学 is both forms.
  const japaneseForms = pairsOf(japanese).map(([from, to]) => [from, simple(to)] as const);
  for (const [from, to] of japaneseForms) if (from !== to && !known.has(from)) known.set(from, to);
  // Some lead to one that leads on.
  return new Map([...known].map(([from, to]) => [from, simple(simple(to))]));
}

function pairsOf(table: string): (readonly [string, string])[] {
  return table.split('|').map((pair) => {
    const [from = '', to = ''] = pair.split(' ');
    return [from, to] as const;
  });
}
