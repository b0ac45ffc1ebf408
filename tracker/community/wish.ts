/**
 * A wish is a saved search that is asked the other way round: here is a release, whose wish is it? Pure.
 *
 * All words of the wish must be in one track with its release around it, each as the beginning of a word; the filters
 * must hold for that same track. One word of the wish, its key word, stands in an index as it is: a publication looks up
 * the words it has and never walks over all wishes.
 */
import { indexWords } from '../catalogue/words.ts';
import { queryWords } from './words.ts';

export interface Wish {
  readonly query: string;
  /** `flac`, `mp3`: a track's codec, lower case. */
  readonly format?: string;
  readonly isLossless?: boolean;
  readonly bitRateMin?: number;
  readonly yearFrom?: number;
  readonly yearTo?: number;
  /** The client that reads the notice fetches it by itself. */
  readonly downloads?: boolean;
}

export interface WishedTrack {
  readonly title: string;
  readonly artist?: string;
  readonly codec?: string;
  readonly isLossless?: boolean;
  readonly bitRate?: number;
}

export interface WishedRelease {
  readonly title: string;
  readonly artist?: string;
  readonly album?: string;
  readonly genre?: string;
  readonly year?: number;
  readonly tracks: readonly WishedTrack[];
}

export const wishQueryCharactersMax = 200;

/** The word to look the wish up by: the longest is the rarest. Undefined when there is no word in it. */
export function keyWord({ query }: Wish): string | undefined {
  return queryWords(query).toSorted((a, b) => b.length - a.length)[0];
}

/** Whole words only: a key word is not the beginning of another. */
export function keyWordsOf(release: WishedRelease): ReadonlySet<string> {
  return new Set(tracksOf(release).flatMap((track) => [...wordsOf(release, track)]));
}

export function isWished(wish: Wish, release: WishedRelease): boolean {
  const { yearFrom = -Infinity, yearTo = Infinity } = wish;
  if ((wish.yearFrom ?? wish.yearTo) !== undefined) {
    if (release.year === undefined || release.year < yearFrom || release.year > yearTo) return false;
  }
  const words = queryWords(wish.query);
  return tracksOf(release).some((track) => {
    if (!fits(wish, track)) return false;
    const present = [...wordsOf(release, track)];
    return words.every((word) => present.some((other) => other.startsWith(word)));
  });
}

function fits(wish: Wish, track: WishedTrack): boolean {
  if (wish.format !== undefined && track.codec?.toLowerCase() !== wish.format.toLowerCase()) return false;
  if (wish.isLossless !== undefined && track.isLossless !== wish.isLossless) return false;
  return wish.bitRateMin === undefined || (track.bitRate ?? 0) >= wish.bitRateMin;
}

/** A release without tracks is one nameless track. */
function tracksOf({ tracks }: WishedRelease): readonly WishedTrack[] {
  return tracks.length > 0 ? tracks : [{ title: '' }];
}

function wordsOf(release: WishedRelease, track: WishedTrack): Set<string> {
  const texts = [release.title, release.artist, release.album, release.genre, track.title, track.artist];
  return new Set(texts.flatMap(indexWords));
}
