/**
 * The words of a release, put into the full-text tables and taken out again. What is taken out is computed from what is
 * stored, so the two must stay one function of the same rows.
 *
 * Facets are words too, which no query of a user can spell: `x:` the whole title, `e:` a whole artist, `f:` codec, `l:`
 * lossless, `y:` year, `c:` licence, `p:` publisher, and who may see it: `v:` visibility, `g:` group, `a:` account. Names
 * have marks beside their words (name-words.ts), and the inside of their words a column (word-parts.ts).
 *
 * A release of many words is put in by slices, since the writer answers nobody while it puts words in. Until it is whole it
 * is found by less; what is found of it is right at every moment, since all of it is taken out at once.
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

/** Words of the vocabulary are for mending what was typed: shorter ones are neighbours of everything. */
const vocabularyWord = /^[\p{L}\p{M}\p{N}]{3,40}$/u;

export interface SearchIndex {
  /** At once when it is of ordinary size; else its beginning, and the rest by `putMore`. */
  put(releaseNumber: number, release: IndexedRelease): void;
  /** What is in the index of it, all or its beginning. */
  take(releaseNumber: number, release: IndexedRelease): void;
  /**
   * A slice of what `put` has left, and of what waits as a whole (index-rebuild-migration.ts). False: nothing is left.
   * `read`: the release as it is stored.
   */
  putMore(read: (releaseNumber: number) => IndexedRelease): boolean;
}

/**
 * Words that are put in at once: some 30 ms in which the writer answers nobody. An album is a hundred words, and 8,000 long
 * titles are 200,000.
 */
const sliceWordsMax = 2_000;
/** The mark of a part beside a word, which also goes into the lists of beginnings. */
const markWeight = 0.25;
/** Of all titles together, by which a release is found; each track is found by all of its own. */
const releaseWordsMax = 5_000;
/** Of a sampler; one of its artists is found by the words of all. */
const artistsCalledMax = 50;
/** Of a release, for mending what was typed: more than a thousand albums have words of their own. */
const vocabularyMax = 10_000;

/** How much of a release is in the index. */
interface Progress {
  readonly tracks: number;
  /** Of its vocabulary. */
  readonly words: number;
}

export function searchIndex(db: DatabaseSync): SearchIndex {
  const { putTrack, putRelease, takeTrack, takeRelease, settle } = wordTables(db);
  const progress = indexProgress(db);
  const counts = wordCounts(db);

  function putWhole(releaseNumber: number, release: IndexedRelease): void {
    putRelease.run(releaseNumber, ...releaseColumns(release).map((words) => words.join(' ')));
  }

  /** Tracks first, then its vocabulary; at most so many words, and one track at least → how many. */
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

  /** Of the last slice: reading 8,000 tracks takes as long as putting a slice of them in. */
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
  // What a full-text table deletes leaves a number as "the last inserted" that Node refuses to tell, and with it every
  // later write of this connection. An ordinary insert puts an ordinary one there.
  db.exec('CREATE TEMP TABLE IF NOT EXISTS ordinary_insert (id INTEGER PRIMARY KEY)');
  const settle = db.prepare('INSERT OR REPLACE INTO ordinary_insert VALUES (1)');
  return { putTrack, putRelease, takeTrack, takeRelease, settle };
}

/** The words of a release, by the columns of its table. */
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

/** The words of one of its tracks, by the columns of their table; `cost`: as how many words they count. */
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

/** A release without a row: all of it is in the index. One with all of its words but those above the limit keeps its row. */
function indexProgress(db: DatabaseSync) {
  const of = db.prepare('SELECT tracks, words FROM index_progress WHERE release_id = ?');
  const set = db.prepare('INSERT OR REPLACE INTO index_progress VALUES (?, ?, ?, ?)');
  const forget = db.prepare('DELETE FROM index_progress WHERE release_id = ?');
  // The one that has the least, of those the newest: many large ones come on together.
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

/** Each once, in their order, as far as there is room. */
function firstWords(texts: readonly (string | undefined)[], wordsMax: number): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    for (const word of nameWords(text)) words.add(word);
    if (words.size >= wordsMax) break;
  }
  return [...words].slice(0, wordsMax);
}

/** What is called exactly so; The Beatles are Beatles, too. */
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

/** The words by which a release can be found although they were mistyped. */
export function vocabularyOf(release: Omit<IndexedRelease, 'access' | 'year' | 'licence'>): Set<string> {
  return new Set(vocabularyFrom(release));
}

/** The first of them, in an order that is always the same. */
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
