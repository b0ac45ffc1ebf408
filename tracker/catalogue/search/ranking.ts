/**
 * The order of hits, and with it the position in the list at which a page ended. Pure.
 *
 * Hits are ordered by closeness of the title, closeness of the artist, seeds, completeness, and newer release
 * first; the tracks of one release in their order.
 */
import type { ReleaseFact } from '../publication/release-facts.ts';

export interface Rank {
  /** From closeness.ts. */
  readonly title: number;
  readonly artist: number;
  readonly seeds: number;
  readonly completeness: number;
  readonly release: number;
  readonly id: number;
}

export interface Hit {
  readonly id: number;
  readonly fact: ReleaseFact;
  readonly approximate: boolean;
  readonly rank: Rank;
}

export const rankNumbers = 6;

/** Negative: `a` comes first. */
export function compareRanks(a: Rank, b: Rank): number {
  return (
    a.title - b.title ||
    a.artist - b.artist ||
    b.seeds - a.seeds ||
    b.completeness - a.completeness ||
    b.release - a.release ||
    a.id - b.id
  );
}

export function rankFields({ title, artist, seeds, completeness, release, id }: Rank): number[] {
  return [title, artist, seeds, completeness, release, id];
}

export function readRank(fields: readonly number[]): Rank {
  const [title = 0, artist = 0, seeds = 0, completeness = 0, release = 0, id = 0] = fields;
  return { title, artist, seeds, completeness, release, id };
}
