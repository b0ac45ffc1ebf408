/**
 * Statements whose `run` does not fail after the fact. It answers with the number of the last row that was inserted, and
 * throws when that is past 2^53, although the statement was carried out. FTS5 tables with `contentless_delete` leave
 * such a number behind with each deletion (that of a block of their own), for every statement of the connection that
 * comes after.
 */
import type { DatabaseSync, SQLInputValue, StatementResultingChanges } from 'node:sqlite';

type Run = (...values: SQLInputValue[]) => StatementResultingChanges;

export function tolerateRowNumbers(db: DatabaseSync): void {
  const prepare = db.prepare.bind(db);
  db.prepare = (...args) => {
    const statement = prepare(...args);
    const run = statement.run.bind(statement) as Run;
    statement.run = ((...values) => {
      statement.setReadBigInts(true);
      try {
        const { changes, lastInsertRowid } = run(...values);
        // A number of ours is small; of those that are not, nobody asks.
        return { changes: Number(changes), lastInsertRowid: Number(lastInsertRowid) };
      } finally {
        statement.setReadBigInts(false);
      }
    }) satisfies Run as typeof statement.run;
    return statement;
  };
}
