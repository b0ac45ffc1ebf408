/**
 * A page of hits. The tiers of search-expression.ts one after the other; within a tier the newest releases first, in
 * pools that are ranked together (ranking.ts). So the work for a page is bounded, however many hits there are, and all of
 * them can be paged to. Hits beyond one pool are ranked by age before everything else.
 *
 * Invariant: a page holds nothing its viewer may not see, and how it is filled tells nothing of that.
 */

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { maySee } from '../../access.ts';
import type { SearchFilters, SearchInput } from '../contract.ts';
import type { ReleaseFact, ReleaseFacts } from '../publication/release-facts.ts';
import { type Closeness, closenessTo, type Meant } from '../words/closeness.ts';
import type { FindLike, LikeWords, Vocabulary } from '../words/vocabulary.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { compareRanks, type Hit, type Rank, rankFields, rankNumbers, readRank } from './ranking.ts';
import { approximateTier, facetExpression, tierCount, tierExpression } from './search-expression.ts';
import { parseQuery, type Query, type QueryWord } from './search-query.ts';

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

/** Ten full pages: the text of each hit is read and compared. */
export const searchLimits: SearchLimits = { poolMax: 500, lookedAtMax: 20_000 };

/** What is searched: the table of words, and that of the filters that are compared hit by hit. */
export interface SearchScope {
  readonly words: 'track_words' | 'release_words';
  readonly rows: 'tracks' | 'releases';
  readonly releaseOf: (id: number) => number;
}

export interface HitPage {
  readonly hits: readonly Hit[];
  readonly next: string | undefined;
}

/** Where the next hit is looked for: in a tier, below an id, and in the pool that begins there behind a rank. */
interface Position {
  tier: number;
  below: number;
  /** Undefined: at its beginning. */
  rank: Rank | undefined;
}

/** Of its cursor. */
export const positionNumbers = 3 + rankNumbers;

const highest = Number.MAX_SAFE_INTEGER;
const beginning = (tier: number, below = highest): Position => ({ tier, below, rank: undefined });

/** Words that hold a part, of all that was typed together: each costs a walk through the index. */
const partWordsMax = 24;
/** Of one word at least: fewer are quicker looked for than the marks of its letters. */
const partWordsMin = 8;

type Seen = { readonly id: number; readonly fact: ReleaseFact };

export function searcher(
  db: DatabaseSync,
  { words, rows, releaseOf }: SearchScope,
  facts: ReleaseFacts,
  vocabulary: Vocabulary,
  { poolMax, lookedAtMax }: SearchLimits,
) {
  // Node binds every number as a REAL, and a full-text table looks for a rowid by INTEGER only.
  const matching = db.prepare(
    `SELECT rowid FROM ${words} WHERE ${words} MATCH ? AND rowid < CAST(? AS INTEGER) ORDER BY rowid DESC LIMIT ?`,
  );
  const all = db.prepare(`SELECT id FROM ${rows} WHERE id < CAST(? AS INTEGER) ORDER BY id DESC LIMIT ?`);
  const rowFilter = db.prepare(
    `SELECT id FROM ${rows} WHERE id IN (SELECT value FROM json_each(?))
       AND coalesce(bit_rate, 0) >= ? AND coalesce(duration_ms, 0) BETWEEN ? AND ?`,
  );
  const songs = db.prepare(
    'SELECT id, title, artist FROM tracks WHERE id IN (SELECT value FROM json_each(?))',
  );
  for (const statement of [matching, all, rowFilter, songs]) statement.setReturnArrays(true);
  const ids = (statement: StatementSync, ...values: (string | number)[]) =>
    (statement.all(...values) as unknown as number[][]).map((row) => row[0]!);

  /** Title and own artist of each hit. */
  function namesOf(hits: readonly Seen[]): ReadonlyMap<number, readonly [string, string | undefined]> {
    if (rows === 'releases') return new Map(hits.map(({ id, fact }) => [id, [fact.album, undefined]]));
    const found = songs.all(JSON.stringify(hits.map(({ id }) => id))) as unknown as [
      number,
      string,
      string | null,
    ][];
    return new Map(found.map(([id, title, artist]) => [id, [title, artist ?? undefined]]));
  }

  return (input: SearchInput): HitPage => {
    facts.refresh();
    vocabulary.refresh();
    const { viewer } = input;
    const limit = pageLimit(input.limit);
    const query = parseQuery(input.text, (word) => vocabulary.has(word));
    const facets = facetExpression(input, facts.seesMost(viewer) ? undefined : viewer);
    const meant = meantWords(query, vocabulary.seenBy(viewer));
    const expressionOf = tierExpressions(query, facets, meant.of);
    const isNamed = query.words.length > 0 || query.signs !== undefined;
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
        const taken = ranked(fitting(visible)).slice(0, poolMax - found.length);
        found.push(...taken);
        const isFull = found.length === poolMax;
        const last = isFull ? taken.at(-1)! : visible.at(-1);
        seen += isFull ? visible.findIndex(({ id }) => id === last!.id) + 1 : visible.length;
        if (isFull || seen === lookedAtMax) {
          below = last!.id;
          if (isFull) below = wholeReleases(found) ?? below;
          break;
        }
      }
      lookedAt += seen;
      return { found, below };
    }

    function seenOf(step: readonly number[]): Seen[] {
      const visible: Seen[] = [];
      for (const id of step) {
        const fact = facts.get(releaseOf(id));
        if (fact !== undefined && maySee(viewer, fact)) visible.push({ id, fact });
      }
      return visible;
    }

    /** Those that pass the filters of the question. */
    function fitting(hits: readonly Seen[]): readonly Seen[] {
      const candidates = hits.filter(({ fact }) => fits(fact, input));
      if (!hasRowFilter(input) || candidates.length === 0) return candidates;
      const { bitRateMin = 0, durationMinMs = 0, durationMaxMs = highest } = input;
      const list = JSON.stringify(candidates.map(({ id }) => id));
      const left = new Set(ids(rowFilter, list, bitRateMin, durationMinMs, durationMaxMs));
      return candidates.filter(({ id }) => left.has(id));
    }

    /** In the same order, without those that hold the letters of a part and not the part. */
    function ranked(hits: readonly Seen[]): Hit[] {
      const approximate = position.tier >= approximateTier;
      const closeness = isNamed ? closenessTo(query, approximate ? meant.costs() : noMeant) : undefined;
      const names = closeness && namesOf(hits);
      return hits.flatMap(({ id, fact }) => {
        const [title, artist] = names?.get(id) ?? [''];
        const { album, genre, seeds, completeness } = fact;
        const artists = [artist, fact.artist, fact.albumArtist];
        const close = closeness?.({ title, artists, others: [album, genre] }) ?? noCloseness;
        if (close.missing > 0 && approximate && meant.isByLetters() && rows === 'tracks') return [];
        const rank = {
          title: close.title,
          artist: close.artist,
          seeds,
          completeness,
          release: releaseOf(id),
          id,
        };
        return [{ id, fact, approximate, rank }];
      });
    }

    /** Leaves the last release to the next pool, of which more tracks may come: its tracks stay together. */
    function wholeReleases(found: Hit[]): number | undefined {
      const { release } = found.at(-1)!.rank;
      const end = found.findIndex(({ rank }) => rank.release === release);
      if (rows === 'releases' || end === 0) return undefined;
      found.length = end;
      return found.at(-1)!.id;
    }

    while (position.tier < tierCount) {
      const expression = expressionOf(position.tier);
      if (expression === nothing) {
        Object.assign(position, beginning(position.tier + 1));
        continue;
      }
      const { found, below } = pool(expression, position.below);
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
      if (position.tier < tierCount && (hits.length === limit || lookedAt >= lookedAtMax)) {
        return { hits, next: cursorOf(position) };
      }
    }
    return { hits, next: undefined };
  };
}

const nothing = Symbol('a tier without hits');
const noMeant: Meant = new Map();
const noCloseness: Closeness = { title: 0, artist: 0, missing: 0 };

/** Words that may stand for those that were typed, looked for when the first of them is asked for. */
function meantWords(query: Query, findLike: FindLike) {
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

/** Tier → its expression; undefined: everything. Without a name there is one tier, of whatever passes the filters. */
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

/** A pool that was not begun is written as behind the rank of nothing. */
function cursorOf({ tier, below, rank }: Position): string {
  const fields = rank === undefined ? Array<number>(rankNumbers).fill(0) : rankFields(rank);
  return writeCursor([tier, below, Number(rank !== undefined), ...fields]);
}

function positionOf(cursor: string): Position {
  const [tier, below, isBegun, ...rank] = readCursor(cursor, positionNumbers);
  return { tier: tier!, below: below!, rank: isBegun === 1 ? readRank(rank) : undefined };
}
