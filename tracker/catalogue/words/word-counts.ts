/**
 * How many releases contain a word, by who sees them (audience.ts): what the writer keeps for the vocabulary. Every row
 * has the number of its last change, by which the reader finds what is new.
 *
 * Invariant: the counts are one function of the releases that are stored, so putting and taking must be told the same
 * access and the same words. Rows that count nothing go when the tracker starts, before anybody reads: a reader finds
 * changes by their rows, and would miss one that is gone.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { ReleaseAccess } from '../../access.ts';
import { audienceTexts } from '../audience.ts';

export interface WordCounts {
  put(access: ReleaseAccess, words: Iterable<string>): void;
  take(access: ReleaseAccess, words: Iterable<string>): void;
}

export function wordCounts(db: DatabaseSync): WordCounts {
  forgetUnused(db);
  // The numbers that releases have too (`releases.change`): they only grow.
  const nextChange = db.prepare('UPDATE changes SET last = last + 1 RETURNING last');
  const addAudience = db.prepare('INSERT INTO audiences (text) VALUES (?) ON CONFLICT DO NOTHING');
  const audience = db.prepare('SELECT id FROM audiences WHERE text = ?');
  const addWord = db.prepare('INSERT INTO vocabulary (word) VALUES (?) ON CONFLICT DO NOTHING');
  const add = db.prepare(`
    INSERT INTO word_counts SELECT id, :audience, 1, :change FROM vocabulary WHERE word = :word
    ON CONFLICT DO UPDATE SET releases = releases + 1, change = excluded.change`);
  const subtract = db.prepare(`
    UPDATE word_counts SET releases = releases - 1, change = :change
    WHERE word_id = (SELECT id FROM vocabulary WHERE word = :word) AND audience_id = :audience`);

  function audienceIds(access: ReleaseAccess): number[] {
    return audienceTexts(access).map((text) => {
      addAudience.run(text);
      return numberIn(audience.get(text), 'id');
    });
  }

  return {
    put(access, words) {
      const change = numberIn(nextChange.get(), 'last');
      const audiences = audienceIds(access);
      for (const word of words) {
        addWord.run(word);
        for (const audience of audiences) add.run({ audience, change, word });
      }
    },
    take(access, words) {
      const change = numberIn(nextChange.get(), 'last');
      const audiences = audienceIds(access);
      for (const word of words) for (const audience of audiences) subtract.run({ audience, change, word });
    },
  };
}

function forgetUnused(db: DatabaseSync): void {
  const unused = db.prepare('SELECT DISTINCT word_id FROM word_counts WHERE releases = 0').all();
  const dropCounts = db.prepare('DELETE FROM word_counts WHERE word_id = ? AND releases = 0');
  const dropWord = db.prepare(
    'DELETE FROM vocabulary WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM word_counts WHERE word_id = ?1)',
  );
  if (unused.length === 0) return;
  db.exec('BEGIN IMMEDIATE');
  for (const { word_id: id } of unused) {
    dropCounts.run(id as number);
    dropWord.run(id as number);
  }
  db.exec('DELETE FROM audiences WHERE id NOT IN (SELECT audience_id FROM word_counts)');
  db.exec('COMMIT');
}

/** Of a row that is there. */
function numberIn(row: Record<string, unknown> | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new RangeError(`no number: ${column}`);
  return value;
}
