/**
 * The words of a release, put into the full-text tables and taken out again. What is taken out is computed from what is
 * stored, so the two must stay one function of the same rows.
 *
 * Facets are words too, which no query of a user can spell: `x:` the whole title, `f:` codec, `l:` lossless, `y:` year,
 * `p:` publisher, and who may see it: `v:` visibility, `g:` group, `a:` account.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ReleaseTrack } from '../../torrents/release.ts';
import type { ReleaseAccess } from './contract.ts';
import { trackId } from './track-id.ts';
import { wordCounts } from './word-counts.ts';
import { exactWord, indexWords } from './words.ts';

export interface IndexedRelease {
  readonly access: ReleaseAccess;
  readonly album: string;
  readonly artist: string | undefined;
  readonly albumArtist: string | undefined;
  readonly year: number | undefined;
  readonly genre: string | undefined;
  readonly tracks: readonly Pick<ReleaseTrack, 'title' | 'artist' | 'codec' | 'lossless'>[];
}

/** Words of the vocabulary are for mending what was typed: shorter ones are neighbours of everything. */
const vocabularyWord = /^[\p{L}\p{M}\p{N}]{3,32}$/u;

export interface SearchIndex {
  put(releaseNumber: number, release: IndexedRelease): void;
  take(releaseNumber: number, release: IndexedRelease): void;
}

export function searchIndex(db: DatabaseSync): SearchIndex {
  const putTrack = db.prepare(
    'INSERT INTO track_words (rowid, title, artist, album, genre, facets) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const putRelease = db.prepare(
    'INSERT INTO release_words (rowid, title, artist, tracks, genre, facets) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const takeTrack = db.prepare('DELETE FROM track_words WHERE rowid = ?');
  const takeRelease = db.prepare('DELETE FROM release_words WHERE rowid = ?');
  const counts = wordCounts(db);
  // What a full-text table deletes leaves a number as "the last inserted" that Node refuses to tell, and with it every
  // later write of this connection. An ordinary insert puts an ordinary one there.
  db.exec('CREATE TEMP TABLE IF NOT EXISTS ordinary_insert (id INTEGER PRIMARY KEY)');
  const settle = db.prepare('INSERT OR REPLACE INTO ordinary_insert VALUES (1)');
  return {
    put(releaseNumber, release) {
      const { album, artist, albumArtist, genre, tracks } = release;
      const albumWords = indexWords(album).join(' ');
      const artistWords = indexWords([artist, albumArtist].filter(Boolean).join(' '));
      const genreWords = indexWords(genre).join(' ');
      const common = commonFacets(release);
      tracks.forEach((track, place) => {
        const artists = [...new Set([...indexWords(track.artist), ...artistWords])].join(' ');
        const facets = [`x:${exactWord(track.title)}`, ...formatFacets([track]), ...common].join(' ');
        const title = indexWords(track.title).join(' ');
        putTrack.run(trackId(releaseNumber, place), title, artists, albumWords, genreWords, facets);
      });
      const titles = [...new Set(tracks.flatMap(({ title }) => indexWords(title)))].join(' ');
      const artists = [
        ...new Set([...artistWords, ...tracks.flatMap((track) => indexWords(track.artist))]),
      ].join(' ');
      const facets = [`x:${exactWord(album)}`, ...formatFacets(tracks), ...common].join(' ');
      putRelease.run(releaseNumber, albumWords, artists, titles, genreWords, facets);
      counts.put(release.access, vocabularyOf(release));
    },
    take(releaseNumber, release) {
      for (const place of release.tracks.keys()) takeTrack.get(trackId(releaseNumber, place));
      takeRelease.get(releaseNumber);
      settle.run();
      counts.take(release.access, vocabularyOf(release));
    },
  };
}

function commonFacets({ access, year }: IndexedRelease): string[] {
  const { visibility, publisherId, groupId, peopleIds = [] } = access;
  return [
    `p:${publisherId}`,
    `v:${visibility}`,
    ...(year === undefined ? [] : [`y:${year}`]),
    ...(visibility === 'group' ? [`g:${groupId}`] : []),
    ...(visibility === 'people' ? peopleIds.map((id) => `a:${id}`) : []),
  ];
}

function formatFacets(tracks: readonly Pick<ReleaseTrack, 'codec' | 'lossless'>[]): string[] {
  const codecs = new Set(tracks.flatMap(({ codec }) => (codec === undefined ? [] : [`f:${codec}`])));
  const lossless = tracks.length > 0 && tracks.every((track) => track.lossless === true);
  return [...codecs, lossless ? 'l:1' : 'l:0'];
}

/** The words by which a release can be found although they were mistyped. */
export function vocabularyOf(release: Omit<IndexedRelease, 'access' | 'year'>): Set<string> {
  const { album, artist, albumArtist, genre, tracks } = release;
  const texts = [
    album,
    artist,
    albumArtist,
    genre,
    ...tracks.flatMap((track) => [track.title, track.artist]),
  ];
  return new Set(texts.flatMap(indexWords).filter((word) => vocabularyWord.test(word) && !isSpaceless(word)));
}

function isSpaceless(word: string): boolean {
  return /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}ー々]+$/u.test(word);
}
