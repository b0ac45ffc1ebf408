/**
 * Generates torrents/paths/name-folding-table.ts from the Unicode data of the running Node. The project ships
 * the frozen table, so that two machines with different Node versions resolve colliding names alike. `node
 * test/torrents/paths/folding-source.ts > torrents/paths/name-folding-table.ts` writes the table, and the
 * tests compare both.
 */
import process from 'node:process';

/**
 * All code points except ASCII, Hangul (decomposed by arithmetic), surrogates, and planes without folding.
 */
const ranges = [
  [0x80, 0xabff],
  [0xd7a4, 0xd7ff],
  [0xe000, 0x1ffff],
  [0x2f800, 0x2fa1f],
] as const;
function* codePoints(): Generator<number> {
  for (const [first, last] of ranges) for (let code = first; code <= last; code++) yield code;
}
/**
 * GREEK YPOGEGRAMMENI folds to a letter, which would make the order of marks matter. No file system folds it.
 */
const isExempt = (code: number) => code === 0x345;
const codesOf = (text: string): number[] => Array.from(text, (char) => char.codePointAt(0)!);

/** Code point → its full canonical decomposition, if it has one. */
export function deriveDecompositions(): Map<number, number[]> {
  const result = new Map<number, number[]>();
  for (const code of codePoints()) {
    const text = String.fromCodePoint(code);
    const parts = text.normalize('NFD');
    if (parts !== text) result.set(code, codesOf(parts));
  }
  return result;
}

/**
 * Code point without a decomposition → its case fold, if it differs. Takes three steps because of the capital
 * ẞ.
 */
export function deriveFolds(): Map<number, number[]> {
  const result = new Map<number, number[]>();
  for (const code of codePoints()) {
    if (isExempt(code)) continue;
    const text = String.fromCodePoint(code);
    if (text.normalize('NFD') !== text) continue;
    const folded = text.toLowerCase().toUpperCase().toLowerCase().normalize('NFD').replaceAll('ς', 'σ');
    if (folded !== text) result.set(code, codesOf(folded));
  }
  return result;
}

/**
 * Combining mark → the rank of its combining class (1 is the lowest). Marks of different ranks may be
 * reordered.
 */
export function deriveMarkRanks(): Map<number, number> {
  const swaps = (a: string, b: string) => `A${a}${b}`.normalize('NFD') !== `A${a}${b}`;
  const marks: string[] = [];
  for (const code of codePoints()) {
    const text = String.fromCodePoint(code);
    if (!/\p{M}/u.test(text) || text.normalize('NFD') !== text) continue;
    // U+0334 has the lowest combining class and U+0345 the highest. Only marks are reordered with one of
    // them.
    if (swaps(text, '\u0334') || swaps('\u0345', text) || text === '\u0345') marks.push(text);
  }
  const compare = (a: string, b: string) => (swaps(a, b) ? 1 : swaps(b, a) ? -1 : 0);
  marks.sort(compare);
  const result = new Map<number, number>();
  let rank = 0;
  marks.forEach((mark, index) => {
    if (index === 0 || compare(marks[index - 1]!, mark) !== 0) rank++;
    result.set(mark.codePointAt(0)!, rank);
  });
  return result;
}

/**
 * Entries `step=part,part` in base 36, separated by spaces. `step` is the distance from the code point
 * before.
 */
function packEntries(entries: Map<number, number[]>): string {
  let before = 0;
  return [...entries]
    .map(([code, parts]) => {
      const step = code - before;
      before = code;
      return `${step.toString(36)}=${parts.map((part) => part.toString(36)).join()}`;
    })
    .join(' ');
}

/** Entries `step=count,rank`: consecutive code points of one rank are one entry. */
function packRanks(ranks: Map<number, number>): string {
  const runs: [code: number, count: number, rank: number][] = [];
  for (const [code, rank] of [...ranks].sort((a, b) => a[0] - b[0])) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === code && last[2] === rank) last[1]++;
    else runs.push([code, 1, rank]);
  }
  return packEntries(new Map(runs.map(([code, count, rank]) => [code, [count, rank]])));
}

function literal(name: string, comment: string, packed: string): string {
  const lines = packed.match(/\S.{0,105}(?= |$)/g) ?? [];
  return `/** ${comment} */\nexport const ${name} = \`\n${lines.join('\n')}\n\`;\n`;
}

if (process.argv[1] === import.meta.filename) {
  process.stdout.write(
    [
      `/**\n * Data of name-folding.ts, made by test/torrents/paths/folding-source.ts from Unicode ${process.versions.unicode}. Frozen: a change\n * would rename files of torrents that are already downloaded. Numbers are in base 36. \`step\` is the distance\n * from the entry before.\n */\n`,
      literal(
        'decompositions',
        '`step=part,part`: canonical decompositions.',
        packEntries(deriveDecompositions()),
      ),
      literal(
        'folds',
        '`step=part,part`: case folds of characters that do not decompose.',
        packEntries(deriveFolds()),
      ),
      literal('markRanks', '`step=count,rank`: ranks of combining classes.', packRanks(deriveMarkRanks())),
    ].join('\n'),
  );
}
