/**
 * A page of hits. The tiers of search-expression.ts one after the other; within a tier the newest releases first, in
 * pools that are ranked by seeds and completeness. So the work for a page is bounded, however many hits there are, and
 * all of them can be paged to. Equally good hits beyond one pool are ranked by age before seeds.
 *
 * Invariant: a page holds nothing its viewer may not see, and how it is filled tells nothing of that.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SearchFilters, SearchInput } from './contract.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { ReleaseFact, ReleaseFacts } from './release-facts.ts';
import {
  approximateTier,
  facetExpression,
  parseQuery,
  type Query,
  tierCount,
  tierExpression,
} from './search-expression.ts';
import type { FindLike, Vocabulary } from './vocabulary.ts';

export const pageRowsMax = 50;
/** Whatever is asked for. */
export function pageLimit(limit: number = pageRowsMax): number {
  return Math.min(pageRowsMax, Math.max(1, Math.floor(limit) || 1));
}

export interface SearchLimits {
  /** Hits that are ranked together. */
  readonly poolMax: number;
  /**
   * Hits that may be seen and are looked at for one page, filters included; then the page is short and the search goes
   * on with the next one.
   */
  readonly lookedAtMax: number;
}

/** Forty full pages; some ten milliseconds. */
export const searchLimits: SearchLimits = { poolMax: 2_000, lookedAtMax: 20_000 };

/** What is searched: the table of words, and that of the filters that are compared hit by hit. */
export interface SearchScope {
  readonly words: 'track_words' | 'release_words';
  readonly rows: 'tracks' | 'releases';
  readonly releaseOf: (id: number) => number;
}

export interface Hit {
  readonly id: number;
  readonly fact: ReleaseFact;
  readonly approximate: boolean;
}

export interface HitPage {
  readonly hits: readonly Hit[];
  readonly next: string | undefined;
}

/** Where the next hit is looked for: in a tier, below an id, and in the pool that begins there behind a rank. */
interface Position {
  tier: number;
  below: number;
  seeds: number;
  completeness: number;
  id: number;
}

/** Of its cursor. */
export const positionNumbers = 5;

const highest = Number.MAX_SAFE_INTEGER;
const beginning = (tier: number, below = highest): Position => ({
  ...{ tier, below, seeds: highest, completeness: highest, id: highest },
});

export function searcher(
  db: DatabaseSync,
  scope: SearchScope,
  facts: ReleaseFacts,
  vocabulary: Vocabulary,
  { poolMax, lookedAtMax }: SearchLimits,
) {
  const { words, rows, releaseOf } = scope;
  // Node binds every number as a REAL, and a full-text table looks for a rowid by INTEGER only.
  const matching = db.prepare(
    `SELECT rowid FROM ${words} WHERE ${words} MATCH ? AND rowid < CAST(? AS INTEGER) ORDER BY rowid DESC LIMIT ?`,
  );
  const all = db.prepare(`SELECT id FROM ${rows} WHERE id < CAST(? AS INTEGER) ORDER BY id DESC LIMIT ?`);
  const rowFilter = db.prepare(
    `SELECT id FROM ${rows} WHERE id IN (SELECT value FROM json_each(?))
       AND coalesce(bit_rate, 0) >= ? AND coalesce(duration_ms, 0) BETWEEN ? AND ?`,
  );
  for (const statement of [matching, all, rowFilter]) statement.setReturnArrays(true);
  const ids = (statement: StatementSync, ...values: (string | number)[]) =>
    (statement.all(...values) as unknown as number[][]).map((row) => row[0]!);

  return (input: SearchInput): HitPage => {
    facts.refresh();
    vocabulary.refresh();
    const { viewer } = input;
    const limit = pageLimit(input.limit);
    const query = parseQuery(input.text);
    const facets = facetExpression(input, facts.seesMost(viewer) ? undefined : viewer);
    const expressionOf = tierExpressions(query, facets, vocabulary.seenBy(viewer));
    const position = input.after === undefined ? beginning(0) : positionOf(input.after);
    const hits: Hit[] = [];
    let lookedAt = 0;

    /**
     * The hits of one pool, unsorted, and below which id the next one begins: nothing is there when it is zero. It ends
     * at a hit, by what may be seen alone: were it to end where a look into the index ends, the order of hits and the
     * length of pages would tell how many hidden ones lie between.
     */
    function pool(expression: string | undefined, from: number): { found: Hit[]; below: number } {
      const found: Hit[] = [];
      let below = from;
      // Counted anew in each pool, so that the next page finds the same one.
      let seen = 0;
      while (below > 0) {
        const step =
          expression === undefined ? ids(all, below, poolMax) : ids(matching, expression, below, poolMax);
        below = step.length < poolMax ? 0 : step.at(-1)!;
        const visible = seenOf(step).slice(0, lookedAtMax - seen);
        const taken = fitting(visible).slice(0, poolMax - found.length);
        found.push(...taken);
        const isFull = found.length === poolMax;
        const last = isFull ? taken.at(-1)! : visible.at(-1);
        seen += isFull ? visible.indexOf(last!) + 1 : visible.length;
        if (isFull || seen === lookedAtMax) {
          below = last!.id;
          break;
        }
      }
      lookedAt += seen;
      return { found, below };
    }

    function seenOf(step: readonly number[]): Hit[] {
      const visible: Hit[] = [];
      for (const id of step) {
        const fact = facts.get(releaseOf(id));
        if (fact === undefined || !facts.sees(viewer, fact)) continue;
        visible.push({ id, fact, approximate: position.tier === approximateTier });
      }
      return visible;
    }

    /** Those that pass the filters of the question. */
    function fitting(hits: readonly Hit[]): readonly Hit[] {
      const candidates = hits.filter(({ fact }) => fits(fact, input));
      if (!hasRowFilter(input) || candidates.length === 0) return candidates;
      const { bitRateMin = 0, durationMinMs = 0, durationMaxMs = highest } = input;
      const list = JSON.stringify(candidates.map(({ id }) => id));
      const left = new Set(ids(rowFilter, list, bitRateMin, durationMinMs, durationMaxMs));
      return candidates.filter(({ id }) => left.has(id));
    }

    while (position.tier < tierCount) {
      const expression = expressionOf(position.tier);
      if (expression === nothing) {
        Object.assign(position, beginning(position.tier + 1));
        continue;
      }
      const { found, below } = pool(expression, position.below);
      found.sort((a, b) => rank(a.fact, a.id, b.fact, b.id));
      const { seeds, completeness, id } = position;
      const rest = found.filter((hit) => rank(hit.fact, hit.id, { seeds, completeness }, id) > 0);
      const taken = rest.slice(0, limit - hits.length);
      hits.push(...taken);
      if (taken.length < rest.length) {
        const { id, fact } = taken.at(-1) ?? { id: position.id, fact: position };
        Object.assign(position, { seeds: fact.seeds, completeness: fact.completeness, id });
        return { hits, next: cursorOf(position) };
      }
      Object.assign(position, below > 0 ? beginning(position.tier, below) : beginning(position.tier + 1));
      if (hits.length === limit || lookedAt >= lookedAtMax) break;
    }
    return { hits, next: position.tier < tierCount ? cursorOf(position) : undefined };
  };
}

const nothing = Symbol('a tier without hits');

/** Tier → its expression; undefined: everything. Without words there is one tier, of whatever passes the filters. */
function tierExpressions(query: Query, facets: string | undefined, findLike: FindLike) {
  return (tier: number): string | undefined | typeof nothing => {
    if (query.words.length === 0) {
      if (tier > 0) return nothing;
      // Signs alone may be a name (`!!!`); nothing at all is everything.
      if (query.exact !== '-')
        return facets === undefined ? `"x:${query.exact}"` : `"x:${query.exact}" AND ${facets}`;
      return facets;
    }
    const like = ({ word, isBeginning, isPair }: Query['words'][number]) =>
      isPair ? [] : findLike(word, isBeginning).map((other) => other.word);
    return tierExpression(query, tier, facets, like) ?? nothing;
  };
}

function fits(fact: ReleaseFact, { hasSeeds, yearFrom, yearTo }: SearchFilters): boolean {
  if (hasSeeds !== undefined && fact.seeds > 0 !== hasSeeds) return false;
  if (yearFrom === undefined && yearTo === undefined) return true;
  return fact.year !== 0 && fact.year >= (yearFrom ?? 0) && fact.year <= (yearTo ?? highest);
}

function hasRowFilter({ bitRateMin, durationMinMs, durationMaxMs }: SearchFilters): boolean {
  return bitRateMin !== undefined || durationMinMs !== undefined || durationMaxMs !== undefined;
}

/** Below zero: the first one comes first. */
function rank(a: Pick<ReleaseFact, 'seeds' | 'completeness'>, aId: number, b: typeof a, bId: number): number {
  return b.seeds - a.seeds || b.completeness - a.completeness || bId - aId;
}

function cursorOf({ tier, below, seeds, completeness, id }: Position): string {
  return writeCursor([tier, below, seeds, completeness, id]);
}

function positionOf(cursor: string): Position {
  const [tier, below, seeds, completeness, id] = readCursor(cursor, positionNumbers) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { tier, below, seeds, completeness, id };
}
