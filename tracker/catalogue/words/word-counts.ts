/**
 * The writer's side of the vocabulary: how many releases contain a word, by audience (audience.ts). Every row
 * has the number of its last change, by which a reader finds new rows.
 *
 * Invariant: the counts are a function of the stored releases, so that put and take must get the same access
 * and the same words. Rows with the count 0 are deleted only when the tracker starts, before any reader runs:
 * a reader finds changes by their rows and would miss a deleted one.
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
  // The change numbers are shared with `releases.change`; they only grow.
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

/** Throws if the row is missing. */
function numberIn(row: Record<string, unknown> | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value !== 'number') throw new RangeError(`no number: ${column}`);
  return value;
}
