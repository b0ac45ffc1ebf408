/**
 * Migrates to words in one form (catalogue/words/words.ts: Chinese characters, hiragana). Messages are
 * indexed again, and each wish gets its new key word.
 */
import type { DatabaseSync } from 'node:sqlite';
import { indexWords } from '../../../catalogue/words/words.ts';
import { keyWord, type Wish } from '../../inbox/wish.ts';

export function indexInOneForm(db: DatabaseSync): void {
  const forget = db.prepare('DELETE FROM message_words WHERE rowid = ?');
  const index = db.prepare('INSERT INTO message_words (rowid, words) VALUES (?, ?)');
  // Texts in pure ASCII keep the same words.
  const messages = db.prepare(
    'SELECT id, text FROM messages WHERE release_id IS NULL AND deleted_ms IS NULL AND length(text) < octet_length(text)',
  );
  for (const { id, text } of messages.all() as { id: number; text: string }[]) {
    // Not run(): after a change of a full-text table the last inserted row number can be too large for Node.
    forget.get(id);
    index.get(id, indexWords(text).join(' '));
  }
  const change = db.prepare('UPDATE wishes SET key_word = ? WHERE id = ?');
  for (const { id, wish } of db.prepare('SELECT id, wish FROM wishes').all() as {
    id: string;
    wish: string;
  }[]) {
    const word = keyWord(JSON.parse(wish) as Wish);
    if (word !== undefined) change.run(word, id);
  }
}
