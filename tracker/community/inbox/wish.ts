/**
 * A wish is a saved search that is applied in reverse: which wishes match a given release? Pure.
 *
 * All words of the wish must be among those of one track and its release, each as the beginning of a word or
 * in another form that a search finds. The filters must hold for the same track. One word of each wish, its
 * key word, is indexed: a publication looks up its words and never iterates over all wishes.
 */
import { licenceWords } from '../../../torrents/tags/texts/licences.ts';
import { isNamedIn, parseQuery } from '../../catalogue/search/search-query.ts';
import { nameWords, soundMark } from '../../catalogue/words/name-words.ts';
import { soundsOf } from '../../catalogue/words/sound.ts';

export interface Wish {
  readonly query: string;
  /** `flac`, `mp3`: a track's codec, lower case. */
  readonly format?: string;
  readonly isLossless?: boolean;
  readonly bitRateMin?: number;
  readonly yearFrom?: number;
  readonly yearTo?: number;
  /** A word of licences.ts: `any`, `cc`, `cc-by-sa` … */
  readonly licence?: string;
  /** The client that reads the notice downloads the release automatically. */
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
  /** The licence's name in the tags: `CC BY 4.0`. */
  readonly licence?: string;
  readonly tracks: readonly WishedTrack[];
  /** These are further tracks of a release whose followers were notified with the first tracks. */
  readonly isRest?: boolean;
}

export const wishQueryCharactersMax = 200;

/**
 * The word that the wish is indexed by: the longest, probably the rarest. Where it has a sound, that is used,
 * so that Cyrillic and its romanisations match. Undefined: the wish has no word.
 */
export function keyWord({ query }: Wish): string | undefined {
  const { words } = parseQuery(query, () => true);
  const longest = words.map(({ word }) => word).toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : keyOf(longest);
}

function keyOf(word: string): string {
  const [sound] = soundsOf(word);
  return sound === undefined ? word : soundMark(sound);
}

/** A release, analysed once for any number of wishes. */
export interface Wishable {
  /** Whole words only: a key word must match completely. */
  readonly keyWords: ReadonlySet<string>;
  isWished(wish: Wish): boolean;
}

export function wishable(release: WishedRelease): Wishable {
  const ofAll = wordsOf(release.title, release.artist, release.album, release.genre);
  const licences = licenceWords(release.licence);
  // A release without tracks counts as one track without a title.
  const tracks = (release.tracks.length > 0 ? release.tracks : [{ title: '' }]).map((track) => ({
    track,
    words: new Set([...ofAll, ...wordsOf(track.title, track.artist)]),
  }));
  return {
    keyWords: new Set(
      tracks.flatMap(({ words }) => [...words].flatMap((word) => [word, ...soundsOf(word).map(soundMark)])),
    ),
    isWished(wish) {
      if (!isOfYear(wish, release.year) || !isUnder(wish, licences)) return false;
      const wanted = parseQuery(wish.query, () => true);
      return tracks.some(({ track, words }) => fits(wish, track) && isNamedIn(wanted, words));
    },
  };
}

function isOfYear({ yearFrom, yearTo }: Wish, year: number | undefined): boolean {
  if (yearFrom === undefined && yearTo === undefined) return true;
  return year !== undefined && year >= (yearFrom ?? -Infinity) && year <= (yearTo ?? Infinity);
}

function isUnder({ licence }: Wish, licences: readonly string[]): boolean {
  return licence === undefined || licences.includes(licence);
}

function fits(wish: Wish, track: WishedTrack): boolean {
  if (wish.format !== undefined && track.codec?.toLowerCase() !== wish.format.toLowerCase()) return false;
  if (wish.isLossless !== undefined && track.isLossless !== wish.isLossless) return false;
  return wish.bitRateMin === undefined || (track.bitRate ?? 0) >= wish.bitRateMin;
}

function wordsOf(...texts: readonly (string | undefined)[]): string[] {
  return texts.flatMap(nameWords);
}
