/**
 * Decides which names Windows or macOS take for the same name. The key of a name has its case folded and its
 * accents decomposed: it is equal for `É` and `é`, composed or not. Used only to keep two files of one
 * torrent apart, never to name a file.
 *
 * Invariant: the same answer on every machine. The runtime's own tables (toLowerCase, normalize, Intl) change
 * with its Unicode version, and then two members of one swarm would rename different files. These tables are
 * frozen. Left to others: what to do about two equal keys (file-layout.ts).
 */
import { decompositions, folds, markRanks } from './name-folding-table.ts';

/** Equal keys mean that some file system takes the two names for one. */
export function foldName(name: string): string {
  // Fast path: most names are ASCII without capitals.
  if (/^[ -@[-~]*$/.test(name)) return name;
  const { partsOf, rankOf } = (tables ??= unpack());
  const codes: number[] = [];
  for (const char of name) {
    const code = char.codePointAt(0)!;
    if (code < 0x80) codes.push(code >= 0x41 && code <= 0x5a ? code + 0x20 : code);
    else if (!isIgnorable(code)) pushParts(codes, code, partsOf);
  }
  let key = '';
  for (const code of withSortedMarks(codes, rankOf)) key += String.fromCodePoint(code);
  return key;
}

/**
 * Code points that HFS+ ignores when it compares names (Apple's technical note 1150): joiners, direction
 * marks and the like.
 */
function isIgnorable(code: number): boolean {
  return (
    (code >= 0x200c && code <= 0x200f) ||
    (code >= 0x202a && code <= 0x202e) ||
    (code >= 0x206a && code <= 0x206f) ||
    code === 0xfeff
  );
}

function pushParts(codes: number[], code: number, partsOf: ReadonlyMap<number, readonly number[]>): void {
  // Hangul syllables decompose by arithmetic (Unicode, section 3.12): 588 to a leading jamo, 28 to a vowel.
  if (code >= 0xac00 && code <= 0xd7a3) {
    const index = code - 0xac00;
    codes.push(0x1100 + Math.floor(index / 588), 0x1161 + Math.floor((index % 588) / 28));
    if (index % 28 > 0) codes.push(0x11a7 + (index % 28));
    return;
  }
  const parts = partsOf.get(code);
  if (parts === undefined) codes.push(code);
  else for (const part of parts) codes.push(part);
}

/**
 * Combining marks on one letter may come in any order. Sorts them by combining class, and keeps the order of
 * equal classes.
 */
function withSortedMarks(codes: readonly number[], rankOf: ReadonlyMap<number, number>): number[] {
  const sorted: number[] = [];
  let marks: { readonly code: number; readonly rank: number }[] = [];
  const takeMarks = () => {
    for (const { code } of marks.sort((a, b) => a.rank - b.rank)) sorted.push(code);
    marks = [];
  };
  for (const code of codes) {
    const rank = rankOf.get(code);
    if (rank === undefined) {
      takeMarks();
      sorted.push(code);
    } else marks.push({ code, rank });
  }
  takeMarks();
  return sorted;
}

interface Tables {
  readonly partsOf: ReadonlyMap<number, readonly number[]>;
  readonly rankOf: ReadonlyMap<number, number>;
}

/** Unpacked on first use. It takes about 3 ms, which a program without accented names saves. */
let tables: Tables | undefined;

function unpack(): Tables {
  const foldOf = new Map(unpackEntries(folds));
  const partsOf = new Map(foldOf);
  for (const [code, parts] of unpackEntries(decompositions)) {
    const folded = parts.flatMap((part) =>
      part >= 0x41 && part <= 0x5a ? [part + 0x20] : (foldOf.get(part) ?? [part]),
    );
    partsOf.set(code, folded);
  }
  const rankOf = new Map<number, number>();
  for (const [first, [count = 0, rank = 0]] of unpackEntries(markRanks)) {
    for (let code = first; code < first + count; code++) rankOf.set(code, rank);
  }
  return { partsOf, rankOf };
}

function* unpackEntries(packed: string): Generator<[code: number, parts: number[]]> {
  let code = 0;
  for (const entry of packed.trim().split(/\s/)) {
    const [step, parts] = entry.split('=') as [string, string];
    code += Number.parseInt(step, 36);
    yield [code, parts.split(',').map((part) => Number.parseInt(part, 36))];
  }
}
