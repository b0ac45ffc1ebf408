import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { tolerateRowNumbers } from '../../../tracker/database/row-numbers.ts';

function open(): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.exec(`
    CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);
    CREATE VIRTUAL TABLE words USING fts5 (text, content = '', contentless_delete = 1);
    INSERT INTO notes VALUES (1, '');
    INSERT INTO words (rowid, text) VALUES (1, 'one'), (2, 'two'), (3, 'three')`);
  return db;
}

it('SQLite may leave a row number that node:sqlite refuses to read, which is why this file exists', () => {
  const remove = open().prepare('DELETE FROM words WHERE rowid = ?');
  remove.run(1);
  // The first delete found no block to write.
  expect(() => remove.run(2)).toThrow(/too large/);
});

it('deleting words fails neither there nor in later statements', () => {
  const db = open();
  tolerateRowNumbers(db);
  const remove = db.prepare('DELETE FROM words WHERE rowid = ?');
  expect([1, 2, 2].map((id) => remove.run(id).changes)).toEqual([1, 1, 0]);
  expect(db.prepare('UPDATE notes SET text = :text').run({ text: 'x' }).changes).toBe(1);
  expect(db.prepare('INSERT INTO notes (text) VALUES (?)').run('y').lastInsertRowid).toBe(2);
  expect(db.prepare('SELECT id, text FROM notes').all()).toMatchObject([
    { id: 1, text: 'x' },
    { id: 2, text: 'y' },
  ]);
});

it('a statement that fails still reads its rows', () => {
  const db = open();
  tolerateRowNumbers(db);
  const insert = db.prepare('INSERT INTO notes VALUES (?, ?) RETURNING id');
  expect(() => insert.run(1, 'twice')).toThrow(/UNIQUE/);
  expect(insert.get(7, 'new')).toMatchObject({ id: 7 });
});
