/**
 * Puts the words of a release into the full-text tables and takes them out again. What is taken out is
 * computed from the stored rows, so that put and take must be the same function of the same rows.
 *
 * Facets are words that no user's query can contain: `x:` whole title, `e:` whole artist, `f:` codec, `l:`
 * lossless, `y:` year, `c:` licence, `p:` publisher, and the audience: `v:` visibility, `g:` group, `a:`
 * account. Names have marks beside their words (name-words.ts), and a column for the inside of their words
 * (word-parts.ts).
 *
 * A release of many words is indexed in slices, since the writer answers no other call while it indexes.
 * Until all slices are in, fewer queries find the release, but every hit is correct, since a release is
 * always removed as a whole.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ReleaseTrack } from '../../../torrents/release/release.ts';
import { licenceWords } from '../../../torrents/tags/texts/licences.ts';
import type { ReleaseAccess } from '../../access.ts';
import { trackId } from '../publication/track-id.ts';
import { calledAs, nameWords, soundMark, soundsAs } from '../words/name-words.ts';
import { wordCounts } from '../words/word-counts.ts';
import { insideMarks } from '../words/word-parts.ts';
import { accessWords } from './access-words.ts';

export interface IndexedRelease {
  readonly access: ReleaseAccess;
  readonly album: string;
  readonly artist: string | undefined;
  readonly albumArtist: string | undefined;
  readonly year: number | undefined;
  readonly genre: string | undefined;
  readonly licence: string | undefined;
  readonly tracks: readonly Pick<ReleaseTrack, 'title' | 'artist' | 'codec' | 'lossless'>[];
}

/** The vocabulary is for correcting typing errors. Shorter words are similar to almost every word. */
const vocabularyWord = /^[\p{L}\p{M}\p{N}]{3,40}$/u;

export interface SearchIndex {
  /**
   * Indexes a release of ordinary size at once; of a larger one the first slice, and the rest by `putMore`.
   */
  put(releaseNumber: number, release: IndexedRelease): void;
  /** Removes all that the index holds of the release. */
  take(releaseNumber: number, release: IndexedRelease): void;
  /**
   * Indexes one slice of what `put` has left and of releases not yet begun (index-rebuild-migration.ts).
   * False: nothing is left. `read`: returns the release as it is stored.
   */
  putMore(read: (releaseNumber: number) => IndexedRelease): boolean;
}

/**
 * Words per slice: about 30 ms in which the writer answers no other call. An album has about a hundred words;
 * 8,000 long titles have 200,000.
 */
const sliceWordsMax = 2_000;
/** The cost of an inside mark beside a word, which also goes into the prefix indexes. */
const markWeight = 0.25;
/** Title words by which a release is found; each track is found by all of its own words. */
const releaseWordsMax = 5_000;
/** Artists of a sampler that are found by their exact names; the others are found by their words. */
const artistsCalledMax = 50;
/** Vocabulary words of one release; more than a thousand albums have words of their own. */
const vocabularyMax = 10_000;

/** How much of a release is in the index. */
interface Progress {
  readonly tracks: number;
  /** Words of its vocabulary. */
  readonly words: number;
}

export function searchIndex(db: DatabaseSync): SearchIndex {
  const { putTrack, putRelease, takeTrack, takeRelease, settle } = wordTables(db);
  const progress = indexProgress(db);
  const counts = wordCounts(db);

  function putWhole(releaseNumber: number, release: IndexedRelease): void {
    putRelease.run(releaseNumber, ...releaseColumns(release).map((words) => words.join(' ')));
  }

  /**
   * Indexes tracks first, then the vocabulary: about `wordsMax` words, and at least one track. Returns the
   * number of words.
   */
  function putSlice(
    releaseNumber: number,
    release: IndexedRelease,
    from: Progress,
    wordsMax = sliceWordsMax,
  ): number {
    const { tracks } = release;
    const columnsOf = trackColumns(release);
    let place = from.tracks;
    let put = 0;
    for (const track of tracks.slice(place)) {
      if (put >= wordsMax) break;
      const { columns, cost } = columnsOf(track);
      putTrack.run(trackId(releaseNumber, place), ...columns.map((words) => words.join(' ')));
      put += cost;
      place += 1;
    }
    const left = Math.max(0, Math.ceil(wordsMax - put));
    if (place < tracks.length || left === 0) {
      progress.set(releaseNumber, { tracks: place, words: from.words }, false);
      return put;
    }
    const vocabulary = vocabularyFrom(release, vocabularyMax + 1);
    const words = Math.min(vocabulary.length, vocabularyMax, from.words + left);
    counts.put(release.access, vocabulary.slice(from.words, words));
    if (words === vocabulary.length) progress.forget(releaseNumber);
    else progress.set(releaseNumber, { tracks: place, words }, words === vocabularyMax);
    return put + words - from.words;
  }

  /** The release of the last slice: reading 8,000 tracks takes as long as indexing a slice of them. */
  let last: { readonly releaseNumber: number; readonly release: IndexedRelease } | undefined;

  return {
    put(releaseNumber, release) {
      last = undefined;
      putWhole(releaseNumber, release);
      putSlice(releaseNumber, release, { tracks: 0, words: 0 });
    },
    take(releaseNumber, release) {
      last = undefined;
      const { tracks = release.tracks.length, words } = progress.of(releaseNumber) ?? {};
      for (let place = 0; place < tracks; place++) takeTrack.get(trackId(releaseNumber, place));
      takeRelease.get(releaseNumber);
      settle.run();
      counts.take(release.access, vocabularyFrom(release, words));
      progress.forget(releaseNumber);
    },
    putMore(read) {
      for (let put = 0; put < sliceWordsMax; ) {
        const next = progress.next();
        if (next === undefined) return false;
        const { releaseNumber } = next;
        if (last?.releaseNumber !== releaseNumber) last = { releaseNumber, release: read(releaseNumber) };
        const { release } = last;
        if (next.tracks === 0 && next.words === 0) putWhole(releaseNumber, release);
        put += putSlice(releaseNumber, release, next, sliceWordsMax - put);
      }
      return progress.next() !== undefined;
    },
  };
}

function wordTables(db: DatabaseSync) {
  const putTrack = db.prepare(
    'INSERT INTO track_words (rowid, title, artist, album, genre, parts, facets) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const putRelease = db.prepare(
    'INSERT INTO release_words (rowid, title, artist, tracks, genre, parts, facets) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const takeTrack = db.prepare('DELETE FROM track_words WHERE rowid = ?');
  const takeRelease = db.prepare('DELETE FROM release_words WHERE rowid = ?');
  // After a DELETE from a full-text table SQLite's last_insert_rowid is a number that Node cannot return, so
  // that every later write of this connection would throw. An ordinary insert replaces it.
  db.exec('CREATE TEMP TABLE IF NOT EXISTS ordinary_insert (id INTEGER PRIMARY KEY)');
  const settle = db.prepare('INSERT OR REPLACE INTO ordinary_insert VALUES (1)');
  return { putTrack, putRelease, takeTrack, takeRelease, settle };
}

/** The words of a release, by column of release_words. */
function releaseColumns(release: IndexedRelease): (readonly string[])[] {
  const { album, artist, albumArtist, genre, tracks } = release;
  const titles = firstWords(
    tracks.map(({ title }) => title),
    releaseWordsMax,
  );
  const names = [artist, albumArtist, ...tracks.map((track) => track.artist)];
  const artists = firstWords(names, releaseWordsMax);
  const title = nameWords(album);
  const parts = insideMarks([...title, ...artists]);
  const called = [...calledFacets('x', [album]), ...calledFacets('e', names.slice(0, artistsCalledMax))];
  const facets = [...called, ...formatFacets(tracks), ...commonFacets(release)];
  return [title, artists, titles, nameWords(genre), parts, facets];
}

/** The words of one track, by column of track_words. `cost`: how many words they count as. */
function trackColumns(release: IndexedRelease) {
  const { album, artist, albumArtist, genre } = release;
  const albumWords = nameWords(album);
  const artistWords = [...nameWords(artist), ...nameWords(albumArtist)];
  const genreWords = nameWords(genre);
  const commonParts = insideMarks([...artistWords, ...albumWords]);
  const common = commonFacets(release);
  return (track: IndexedRelease['tracks'][number]) => {
    const title = nameWords(track.title);
    const artists = [...new Set([...nameWords(track.artist), ...artistWords])];
    const ownParts = insideMarks(track.artist === undefined ? title : [...title, ...artists]);
    const parts = [...new Set([...ownParts, ...commonParts])];
    const called = [
      ...calledFacets('x', [track.title]),
      ...calledFacets('e', [track.artist, artist, albumArtist]),
    ];
    const facets = [...called, ...formatFacets([track]), ...common];
    const columns = [title, artists, albumWords, genreWords, parts, facets];
    const cost = columns.reduce((sum, words) => sum + words.length, 0) - parts.length * (1 - markWeight);
    return { columns, cost };
  };
}

/**
 * A release without a row is completely indexed. One that is indexed up to the limit of the vocabulary keeps
 * its row.
 */
function indexProgress(db: DatabaseSync) {
  const of = db.prepare('SELECT tracks, words FROM index_progress WHERE release_id = ?');
  const set = db.prepare('INSERT OR REPLACE INTO index_progress VALUES (?, ?, ?, ?)');
  const forget = db.prepare('DELETE FROM index_progress WHERE release_id = ?');
  // The release that has the least indexed, the newest first among equals, so that many large releases
  // advance together.
  const next = db.prepare(
    `SELECT release_id AS releaseNumber, tracks, words FROM index_progress WHERE is_done = 0
     ORDER BY tracks, words, release_id DESC LIMIT 1`,
  );
  return {
    of: (releaseNumber: number) => of.get(releaseNumber) as Progress | undefined,
    set: (releaseNumber: number, { tracks, words }: Progress, isDone: boolean) =>
      void set.run(releaseNumber, tracks, words, Number(isDone)),
    forget: (releaseNumber: number) => void forget.run(releaseNumber),
    next: () => next.get() as (Progress & { readonly releaseNumber: number }) | undefined,
  };
}

/** The distinct words in order, up to the limit. */
function firstWords(texts: readonly (string | undefined)[], wordsMax: number): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    for (const word of nameWords(text)) words.add(word);
    if (words.size >= wordsMax) break;
  }
  return [...words].slice(0, wordsMax);
}

/** The facets for an exact match of the whole name; a leading "The" may be left out of an artist's name. */
function calledFacets(kind: 'x' | 'e', names: readonly (string | undefined)[]): string[] {
  const facets = new Set<string>();
  for (const name of new Set(names)) {
    if (name === undefined) continue;
    for (const form of calledAs(name)) facets.add(`${kind}:${form}`);
    if (kind === 'e' && /^the\s/i.test(name))
      for (const form of calledAs(name.slice(4))) facets.add(`e:${form}`);
    const sound = soundsAs(name);
    if (sound !== undefined) facets.add(`${kind}:${soundMark(sound)}`);
  }
  return [...facets];
}

function commonFacets({ access, year, licence }: IndexedRelease): string[] {
  return [
    ...accessWords(access),
    ...(year === undefined ? [] : [`y:${year}`]),
    ...licenceWords(licence).map((word) => `c:${word}`),
  ];
}

function formatFacets(tracks: readonly Pick<ReleaseTrack, 'codec' | 'lossless'>[]): string[] {
  const codecs = new Set(tracks.flatMap(({ codec }) => (codec === undefined ? [] : [`f:${codec}`])));
  const lossless = tracks.length > 0 && tracks.every((track) => track.lossless === true);
  return [...codecs, lossless ? 'l:1' : 'l:0'];
}

/** The words by which a release can be found in spite of typing errors. */
export function vocabularyOf(release: Omit<IndexedRelease, 'access' | 'year' | 'licence'>): Set<string> {
  return new Set(vocabularyFrom(release));
}

/** The first words, always in the same order. */
function vocabularyFrom(
  release: Omit<IndexedRelease, 'access' | 'year' | 'licence'>,
  wordsMax = Infinity,
): string[] {
  const { album, artist, albumArtist, genre, tracks } = release;
  const words = new Set<string>();
  const add = (text: string | undefined) => {
    for (const word of nameWords(text)) if (vocabularyWord.test(word) && !isSpaceless(word)) words.add(word);
  };
  for (const text of [album, artist, albumArtist, genre]) add(text);
  for (const { title, artist: by } of tracks) {
    if (words.size >= wordsMax) break;
    add(title);
    add(by);
  }
  return [...words].slice(0, wordsMax);
}

function isSpaceless(word: string): boolean {
  return /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々]+$/u.test(word);
}
