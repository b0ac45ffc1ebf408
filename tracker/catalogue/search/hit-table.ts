/** The queries of a search: ids from the full-text index, filters that are checked per hit, and names. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ReleaseFact } from '../publication/release-facts.ts';

/** What is searched: the full-text table, and the table whose columns are checked per hit. */
export interface SearchScope {
  readonly words: 'track_words' | 'release_words';
  readonly rows: 'tracks' | 'releases';
  readonly releaseOf: (id: number) => number;
}

/** A hit that the viewer may see. */
export interface SeenHit {
  readonly id: number;
  readonly fact: ReleaseFact;
}

export interface HitTable {
  /** The highest ids below `below`. `expression` undefined: of all rows. */
  below(expression: string | undefined, below: number, limit: number): readonly number[];
  /** The ids of those hits whose bit rate and length are within the limits. */
  fitting(
    hits: readonly SeenHit[],
    bitRateMin: number,
    durationMinMs: number,
    durationMaxMs: number,
  ): ReadonlySet<number>;
  /** Title and own artist of each hit. */
  namesOf(hits: readonly SeenHit[]): ReadonlyMap<number, readonly [string, string | undefined]>;
}

export function hitTable(db: DatabaseSync, { words, rows }: SearchScope): HitTable {
  // Node binds every number as REAL, but a full-text table compares rowid with INTEGER only.
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
    (statement.all(...values) as unknown as [number][]).map((row) => row[0]);
  const listOf = (hits: readonly SeenHit[]) => JSON.stringify(hits.map(({ id }) => id));

  return {
    below: (expression, below, limit) =>
      expression === undefined ? ids(all, below, limit) : ids(matching, expression, below, limit),
    fitting: (hits, ...limits) => new Set(ids(rowFilter, listOf(hits), ...limits)),
    namesOf(hits) {
      if (rows === 'releases') return new Map(hits.map(({ id, fact }) => [id, [fact.album, undefined]]));
      const found = songs.all(listOf(hits)) as unknown as [number, string, string | null][];
      return new Map(found.map(([id, title, artist]) => [id, [title, artist ?? undefined]]));
    },
  };
}
