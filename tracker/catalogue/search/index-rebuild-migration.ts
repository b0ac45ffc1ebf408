/**
 * The migration to an index that knows the different spellings of names. All words of the old index are
 * deleted, and every release waits to be indexed again, the newest first. The tracker does this slice by
 * slice while it serves (search-index.ts). Until then a release cannot be found by a search, but works in
 * every other way.
 */
import type { DatabaseSync } from 'node:sqlite';

export function rebuildIndex(db: DatabaseSync): void {
  db.exec(`
    DROP TABLE track_words;
    DROP TABLE release_words;
    -- \`parts\`: marks of the inside of words, one character each, which the prefix indexes do not take up.
    CREATE VIRTUAL TABLE track_words USING fts5 (
      title, artist, album, genre, parts, facets,
      content = '', contentless_delete = 1, detail = column, prefix = '2 3 4 5 6',
      tokenize = "ascii tokenchars ':_-'"
    );
    CREATE VIRTUAL TABLE release_words USING fts5 (
      title, artist, tracks, genre, parts, facets,
      content = '', contentless_delete = 1, detail = column, prefix = '2 3 4 5 6',
      tokenize = "ascii tokenchars ':_-'"
    );
    DELETE FROM word_counts;
    DELETE FROM vocabulary;
    DELETE FROM audiences;

    DELETE FROM index_progress;
    DROP INDEX index_progress_undone;
    CREATE INDEX index_progress_undone ON index_progress (tracks, words, release_id DESC) WHERE is_done = 0;
    INSERT INTO index_progress SELECT id, 0, 0, 0 FROM releases WHERE taken_down_ms IS NULL;
  `);
}
