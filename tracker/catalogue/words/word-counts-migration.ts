/**
 * The migration from one vocabulary for all viewers to words that are counted by audience. It reads every
 * release once: about ten seconds for a million tracks.
 *
 * It reads the tables as they are at this step, not as later steps leave them, so that it uses none of their
 * stores.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ReleaseAccess } from '../../access.ts';
import { trackRange } from '../publication/track-id.ts';
import { number, type Row, text, visibilityOf } from '../rows.ts';
import { vocabularyOf } from '../search/search-index.ts';
import { wordCounts } from './word-counts.ts';

export function countWords(db: DatabaseSync): void {
  db.exec(`
    DROP TABLE vocabulary;
    CREATE TABLE vocabulary (
      id    INTEGER PRIMARY KEY,
      word  TEXT NOT NULL UNIQUE
    ) STRICT;
    -- Who sees a release, as a text (audience.ts).
    CREATE TABLE audiences (
      id    INTEGER PRIMARY KEY,
      text  TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE word_counts (
      word_id      INTEGER NOT NULL,
      audience_id  INTEGER NOT NULL,
      releases     INTEGER NOT NULL,
      change       INTEGER NOT NULL,
      PRIMARY KEY (word_id, audience_id)
    ) STRICT, WITHOUT ROWID;
  `);
  const counts = wordCounts(db);
  const tracks = db.prepare('SELECT title, artist FROM tracks WHERE id >= ? AND id < ?');
  const people = db.prepare('SELECT account_id FROM release_people WHERE release_id = ?');
  const releases = db.prepare(
    `SELECT id, publisher_id, visibility, group_id, album, artist, album_artist, genre
     FROM releases WHERE taken_down_ms IS NULL ORDER BY id`,
  );
  for (const row of releases.iterate()) {
    const id = row.id as number;
    const named = () => people.all(id).map((person) => person.account_id as number);
    const songs = tracks.all(...trackRange(id)) as { title: string; artist: string | null }[];
    const words = vocabularyOf({
      album: row.album as string,
      artist: text(row.artist),
      albumArtist: text(row.album_artist),
      genre: text(row.genre),
      tracks: songs.map(({ title, artist }) => ({
        title,
        artist: artist ?? undefined,
        codec: undefined,
        lossless: undefined,
      })),
    });
    counts.put(accessOf(row, named), words);
  }
  // After the rows: building an index at once is faster.
  db.exec(`
    CREATE INDEX word_counts_by_change ON word_counts (change);
    CREATE INDEX word_counts_unused ON word_counts (word_id) WHERE releases = 0;
  `);
}

function accessOf(row: Row, people: () => number[]): ReleaseAccess {
  const visibility = visibilityOf(row.visibility);
  const publisherId = row.publisher_id as number;
  const groupId = number(row.group_id);
  return {
    ...{ visibility, publisherId },
    ...(groupId !== undefined && { groupId }),
    ...(visibility === 'people' && { peopleIds: people() }),
  };
}
