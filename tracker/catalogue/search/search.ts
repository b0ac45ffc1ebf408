/**
 * Computes one page of hits. The tiers of search-expression.ts follow each other; within a tier the newest
 * releases come first, in pools whose hits are ranked together (ranking.ts). This limits the work for a page
 * however many hits exist, and all of them can be reached by paging. Between pools, age comes before rank.
 *
 * Invariant: a page holds nothing that its viewer may not see, and neither its length nor its order reveals
 * hidden hits.
 */

import type { DatabaseSync } from 'node:sqlite';
import { maySee } from '../../access.ts';
import type { SearchFilters, SearchInput } from '../contract.ts';
import type { ReleaseFact, ReleaseFacts } from '../publication/release-facts.ts';
import { type Closeness, closenessTo, type Meant } from '../words/closeness.ts';
import type { LikeWords, Vocabulary } from '../words/vocabulary.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { type HitTable, hitTable, type SearchScope, type SeenHit } from './hit-table.ts';
import { type MeantWords, meantWords } from './meant-words.ts';
import { compareRanks, type Hit, type Rank, rankFields, rankNumbers, readRank } from './ranking.ts';
import { approximateTier, facetExpression, tierCount, tierExpression } from './search-expression.ts';
import { parseQuery, type Query, type QueryWord } from './search-query.ts';

export const pageRowsMax = 50;
/** Limits the page size to 1 to pageRowsMax. */
export function pageLimit(limit: number = pageRowsMax): number {
  return Math.min(pageRowsMax, Math.max(1, Math.floor(limit) || 1));
}

export interface SearchLimits {
  /** Hits that are ranked together. */
  readonly poolMax: number;
  /**
   * Visible hits that are checked for one page, filters included. At this limit the page ends early, and the
   * next page continues the search.
   */
  readonly lookedAtMax: number;
}

/** Ten full pages in a pool: the text of each hit is read and compared. */
export const searchLimits: SearchLimits = { poolMax: 500, lookedAtMax: 20_000 };

export interface HitPage {
  readonly hits: readonly Hit[];
  readonly next: string | undefined;
}

/**
 * Where the next hit is searched: the tier, the id below which the pool begins, and the rank of the last hit
 * taken from that pool.
 */
interface Position {
  tier: number;
  below: number;
  /** Undefined: at the beginning of the pool. */
  rank: Rank | undefined;
}

/** How many numbers a cursor holds. */
export const positionNumbers = 3 + rankNumbers;

const highest = Number.MAX_SAFE_INTEGER;
const beginning = (tier: number, below = highest): Position => ({ tier, below, rank: undefined });

export interface SearchSources {
  readonly db: DatabaseSync;
  readonly facts: ReleaseFacts;
  readonly vocabulary: Vocabulary;
  readonly limits: SearchLimits;
}

export function searcher(
  { db, facts, vocabulary, limits }: SearchSources,
  scope: SearchScope,
): (input: SearchInput) => HitPage {
  const table = hitTable(db, scope);
  return (input) => {
    facts.refresh();
    vocabulary.refresh();
    return new PageSearch({ table, scope, facts, vocabulary, limits }, input).page();
  };
}

interface Searched extends Omit<SearchSources, 'db'> {
  readonly table: HitTable;
  readonly scope: SearchScope;
}

/** One query for one page. */
class PageSearch {
  readonly #searched: Searched;
  readonly #input: SearchInput;
  readonly #limit: number;
  readonly #query: Query;
  readonly #meant: MeantWords;
  readonly #expressionOf: ReturnType<typeof tierExpressions>;
  readonly #position: Position;
  #lookedAt = 0;

  constructor(searched: Searched, input: SearchInput) {
    const { facts, vocabulary } = searched;
    const { viewer } = input;
    this.#searched = searched;
    this.#input = input;
    this.#limit = pageLimit(input.limit);
    this.#query = parseQuery(input.text, (word) => vocabulary.has(word));
    const facets = facetExpression(input, facts.seesMost(viewer) ? undefined : viewer);
    this.#meant = meantWords(this.#query, vocabulary.seenBy(viewer));
    this.#expressionOf = tierExpressions(this.#query, facets, this.#meant.of);
    this.#position = input.after === undefined ? beginning(0) : positionOf(input.after);
  }

  page(): HitPage {
    const position = this.#position;
    const limit = this.#limit;
    const hits: Hit[] = [];
    while (position.tier < tierCount) {
      const expression = this.#expressionOf(position.tier);
      if (expression === nothing) {
        Object.assign(position, beginning(position.tier + 1));
        continue;
      }
      const { found, below } = this.#pool(expression, position.below);
      found.sort((a, b) => compareRanks(a.rank, b.rank));
      const { rank } = position;
      const rest = rank === undefined ? found : found.filter((hit) => compareRanks(hit.rank, rank) > 0);
      const taken = rest.slice(0, limit - hits.length);
      hits.push(...taken);
      if (taken.length < rest.length) {
        position.rank = taken.at(-1)?.rank ?? rank;
        return { hits, next: cursorOf(position) };
      }
      Object.assign(position, below > 0 ? beginning(position.tier, below) : beginning(position.tier + 1));
      const isEnough = hits.length === limit || this.#lookedAt >= this.#searched.limits.lookedAtMax;
      if (position.tier < tierCount && isEnough) return { hits, next: cursorOf(position) };
    }
    return { hits, next: undefined };
  }

  /**
   * The unsorted hits of one pool, and the id below which the next pool begins; 0: there is none. A pool ends
   * at a visible hit. If it ended where a read of the index ends, the order of hits and the length of pages
   * would reveal how many hidden hits lie between.
   */
  #pool(expression: string | undefined, from: number): { found: Hit[]; below: number } {
    const { table, limits } = this.#searched;
    const { poolMax, lookedAtMax } = limits;
    const found: Hit[] = [];
    let below = from;
    // Counted for each pool, so that the next page finds the same pool.
    let seen = 0;
    while (below > 0) {
      const step = table.below(expression, below, poolMax);
      below = step.length < poolMax ? 0 : (step.at(-1) ?? 0);
      const visible = this.#seenOf(step).slice(0, lookedAtMax - seen);
      const taken = this.#ranked(this.#fitting(visible)).slice(0, poolMax - found.length);
      found.push(...taken);
      const isFull = found.length === poolMax;
      const last = isFull ? taken.at(-1) : visible.at(-1);
      seen += isFull ? visible.findIndex(({ id }) => id === last?.id) + 1 : visible.length;
      if (last !== undefined && (isFull || seen === lookedAtMax)) {
        below = (isFull ? this.#wholeReleases(found) : undefined) ?? last.id;
        break;
      }
    }
    this.#lookedAt += seen;
    return { found, below };
  }

  #seenOf(step: readonly number[]): SeenHit[] {
    const { facts, scope } = this.#searched;
    const visible: SeenHit[] = [];
    for (const id of step) {
      const fact = facts.get(scope.releaseOf(id));
      if (fact !== undefined && maySee(this.#input.viewer, fact)) visible.push({ id, fact });
    }
    return visible;
  }

  /** The hits that pass the filters of the query. */
  #fitting(hits: readonly SeenHit[]): readonly SeenHit[] {
    const candidates = hits.filter(({ fact }) => fits(fact, this.#input));
    if (!hasRowFilter(this.#input) || candidates.length === 0) return candidates;
    const { bitRateMin = 0, durationMinMs = 0, durationMaxMs = highest } = this.#input;
    const left = this.#searched.table.fitting(candidates, bitRateMin, durationMinMs, durationMaxMs);
    return candidates.filter(({ id }) => left.has(id));
  }

  /** Keeps the order. Drops hits that contain the letter marks of a part but not the part itself. */
  #ranked(hits: readonly SeenHit[]): Hit[] {
    const { table, scope } = this.#searched;
    const query = this.#query;
    const meant = this.#meant;
    const isNamed = query.words.length > 0 || query.signs !== undefined;
    const approximate = this.#position.tier >= approximateTier;
    const closeness = isNamed ? closenessTo(query, approximate ? meant.costs() : noMeant) : undefined;
    const names = closeness && table.namesOf(hits);
    return hits.flatMap(({ id, fact }) => {
      const [title, artist] = names?.get(id) ?? [''];
      const { album, genre, seeds, completeness } = fact;
      const artists = [artist, fact.artist, fact.albumArtist];
      const close = closeness?.({ title, artists, others: [album, genre] }) ?? noCloseness;
      if (close.missing > 0 && approximate && meant.isByLetters() && scope.rows === 'tracks') return [];
      const release = scope.releaseOf(id);
      const rank = { title: close.title, artist: close.artist, seeds, completeness, release, id };
      return [{ id, fact, approximate, rank }];
    });
  }

  /**
   * Leaves the last release to the next pool, where more of its tracks may follow, so that its tracks stay
   * together.
   */
  #wholeReleases(found: Hit[]): number | undefined {
    const release = found.at(-1)?.rank.release;
    const end = found.findIndex(({ rank }) => rank.release === release);
    if (this.#searched.scope.rows === 'releases' || end <= 0) return undefined;
    found.length = end;
    return found.at(-1)?.id;
  }
}

const nothing = Symbol('a tier without hits');
const noMeant: Meant = new Map();
const noCloseness: Closeness = { title: 0, artist: 0, missing: 0 };

/**
 * Tier → its expression; undefined: all rows. A query without a name has one tier, with all hits that pass
 * the filters.
 */
function tierExpressions(query: Query, facets: string | undefined, like: (word: QueryWord) => LikeWords) {
  return (tier: number): string | undefined | typeof nothing => {
    if (query.words.length === 0 && query.signs === undefined) return tier > 0 ? nothing : facets;
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

/** A pool that is not begun is written with a rank of zeros and the flag 0. */
function cursorOf({ tier, below, rank }: Position): string {
  const fields = rank === undefined ? Array<number>(rankNumbers).fill(0) : rankFields(rank);
  return writeCursor([tier, below, Number(rank !== undefined), ...fields]);
}

function positionOf(cursor: string): Position {
  const [tier = 0, below = highest, isBegun, ...rank] = readCursor(cursor, positionNumbers);
  return { tier, below, rank: isBegun === 1 ? readRank(rank) : undefined };
}
